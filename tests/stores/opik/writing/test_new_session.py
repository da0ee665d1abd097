"""However a session ends, the next one delivers what it left, and calls nothing that had returned."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from opik_resume import evaluate_resume, get_or_create_dataset, plan_resume
from opik_resume.base.settings import opik_settings
from opik_resume.exceptions import ServerError
from opik_resume.metrics import Equals
from opik_resume.stores.opik import OpikStore
from tests.builders import CountingTask, numbers
from tests.opik_server import OpikServer
from tests.opik_server.faulty import proxy
from tests.opik_server.faulty.proxy import Proxy, Strike, after, answered, at
from tests.stores.opik.story import ITEMS, TRIALS, Morning
from tests.stores.opik.world import World, faultless, kept, world
from tests.waiting import until

BATCHES = ["experiments/items", "traces/feedback-scores", "spans/batch", "traces/batch"]
KILLED = """
import sys
from opik_resume import connect, evaluate, get_dataset
from opik_resume.metrics import Equals
connect(sys.argv[1])
task = lambda item: {"output": str(item["n"])}
evaluate(get_dataset("numbers"), task, [Equals()], experiment_name="killed", verbose=0)
"""


@pytest.mark.parametrize("strike", [proxy.silent, after(proxy.silent)], ids=["before", "after"])
@pytest.mark.parametrize("path", BATCHES)
def test_killed_while_it_delivers(path: str, strike: Strike, server: OpikServer, tmp_path: Path) -> None:
    with Proxy(server.url) as between:
        database = tmp_path / "experiments.sqlite3"  # where the child's default store is
        with closing(OpikStore(opik_settings(between.url), database)) as store:
            numbers(store, 5)
        between.strike(strike, lambda _, request: request.endswith(path))
        child = subprocess.Popen([sys.executable, "-c", KILLED, between.url])
        until(lambda: kept(database) == 5 and any(r.endswith(path) for r in between.requests), seconds=30)
        child.kill()
        child.wait()
        between.stop_striking()
        with closing(OpikStore(opik_settings(between.url), database)) as store:
            assert store.flush(10), "by the start alone"
            assert len(server.state.traces) == len(server.state.experiment_items) == 5
            task = CountingTask()
            assert evaluate_resume("killed", task, [Equals()], store=store, verbose=0).complete
        assert task.total == 0
        assert all("output" in trace for trace in server.state.traces.values())
        assert (len(server.state.traces), len(server.state.experiment_items), len(server.state.spans)) == (5, 5, 15)
        until(lambda: not kept(database))


@pytest.mark.usefixtures("quicker", "impatient")
def test_the_server_goes_away_for_the_session_and_then_takes_no_runs(tmp_path: Path) -> None:
    """From each request of an evaluation on: the session after it reads, but cannot write; the last one can do both."""
    struck = 1
    while gone_from(struck, tmp_path / f"{struck}.sqlite3"):
        struck += 1
    assert struck > 13


def gone_from(position: int, path: Path) -> bool:
    """Whether the evaluation made that many requests."""
    with world(Morning, path) as w:
        with closing(w.story.connect()) as store:
            dataset = w.story.prepare(store)
            before = len(w.between.requests)
            w.between.strike(proxy.gone, at(before + position))
            try:
                result = w.story.evaluate(dataset)
                assert (len(result.test_results), result.undelivered) == (5, len(store.pending()))
            except ServerError:
                assert w.story.returned in {0, 5}
        struck = len(w.between.requests) - before >= position
        w.between.go_up()
        w.between.strike(answered(503), lambda _, request: request.endswith(tuple(BATCHES)))
        resume_without_writing(w)
        w.between.stop_striking()
        with closing(w.story.connect()) as store:
            w.story.begin_or_resume(get_or_create_dataset("numbers", store=store))
            w.story.resume(store)
            assert store.flush(10)
        w.assert_well(faultless(Morning)[0])
        return struck


def resume_without_writing(w: World[Morning]) -> None:
    with closing(w.story.connect()) as store:
        if not store.named("story"):
            return
        missing = ITEMS * TRIALS - w.story.returned
        assert sum(cell.action == "run" for cell in plan_resume("story", store=store).cells) == missing
        called = w.story.task.total
        result = w.story.resume(store)
        assert w.story.task.total == called + missing
        assert result.undelivered >= missing
