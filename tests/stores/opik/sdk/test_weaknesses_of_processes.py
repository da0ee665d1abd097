"""The SDK's weaknesses that show in whole processes, each with its number in the list: here they are none.

What Ctrl-C, SIGKILL, a second process and a look at the output show. The others are in ``test_weaknesses.py``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from opik_resume import evaluate_resume, plan_resume
from opik_resume.base.settings import opik_settings
from opik_resume.exceptions import ExperimentBusy
from opik_resume.metrics import Equals
from opik_resume.stores.opik import OpikStore
from tests.builders import CountingTask, numbers
from tests.opik_server import OpikServer
from tests.waiting import until

OPEN = 1_000_000
PATIENCE = 60.0


class World:
    """A server with a dataset, a store that shares its file with the children, and what these have called."""

    def __init__(self, server: OpikServer, store: OpikStore, folder: Path) -> None:
        self.server = server
        self.store = store
        self.calls = folder / "calls.txt"
        self.gate = folder / "gate.txt"
        self.let_through(OPEN)
        self._children: list[subprocess.Popen[str]] = []

    def start(self, door: str, argument: int = 1) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.stores.opik.child", door, self.server.url]
        child = subprocess.Popen(
            [*command, str(self.calls), str(self.gate), str(argument)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._children.append(child)
        return child

    def let_through(self, calls: int) -> None:
        """How many calls of a child's task may answer."""
        beside = self.gate.with_suffix(".new")
        beside.write_text(str(calls))
        beside.replace(self.gate)

    def called(self) -> Counter[int]:
        return Counter(int(line) for line in self.calls.read_text().split()) if self.calls.exists() else Counter()

    def wait_for_calls(self, count: int, child: subprocess.Popen[str]) -> None:
        def there() -> bool:
            assert child.poll() is None, child.communicate()
            return self.called().total() >= count

        until(there, seconds=PATIENCE)

    def finish(self) -> Counter[int]:
        """Resume in this process: the calls that it took."""
        task = CountingTask()
        assert evaluate_resume("e", task, [Equals()], store=self.store, verbose=0).complete
        return task.calls

    def close(self) -> None:
        for child in self._children:
            child.kill()
            child.communicate()


def ended(child: subprocess.Popen[str], code: int = 0) -> tuple[str, str]:
    out, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == code, (out, err)
    return out, err


@pytest.fixture
def store(server: OpikServer) -> Iterator[OpikStore]:
    """On the file that the children use, too."""
    opened = OpikStore(opik_settings(server.url), Path(os.environ["OPIK_RESUME_DB"]))
    yield opened
    opened.close()


@pytest.fixture
def world(server: OpikServer, store: OpikStore, tmp_path: Path) -> Iterator[World]:
    made = World(server, store, tmp_path)
    yield made
    made.close()


def test_b5_one_ctrl_c_starts_no_further_task_and_loses_none_that_was_running(world: World) -> None:
    """Where the SDK runs 40 of 40, 16 having been called."""
    numbers(world.store, 40)
    world.let_through(0)
    child = world.start("interrupted", 16)
    world.wait_for_calls(16, child)
    child.send_signal(signal.SIGINT)
    assert child.stdout is not None
    assert child.stdout.readline() == "back\n", "while all sixteen are still running"
    world.let_through(OPEN)
    ended(child)
    assert world.called().total() == 16
    assert plan_resume("e", store=world.store).kept == 16
    assert (world.finish() + world.called()) == Counter(range(40)), "each once"


def test_b6_after_two_ctrl_c_nothing_runs_on_behind_the_resume_that_follows_at_once(world: World) -> None:
    """Where the SDK calls 200 times for 100 items."""
    numbers(world.store, 100)
    world.let_through(0)
    child = world.start("again_at_once", 16)
    world.wait_for_calls(16, child)
    child.send_signal(signal.SIGINT)
    child.send_signal(signal.SIGINT)
    assert child.stdout is not None
    assert child.stdout.readline() == "back\n"
    world.let_through(OPEN)
    out, _ = ended(child)
    assert out == "e: 100 of 100 runs complete\n"
    assert world.called() == Counter(range(100)), "each once"


def test_b7_ctrl_c_with_one_thread_stops_and_costs_no_run_but_the_one_it_hits(world: World) -> None:
    """Where the SDK goes on: three Ctrl-C, 40 calls, 37 complete. The task runs in the thread that is interrupted."""
    numbers(world.store, 40)
    for calls in (3, 6, 9):
        world.let_through(2)
        child = world.start("interrupted" if calls == 3 else "resume", 1)
        world.wait_for_calls(calls, child)
        child.send_signal(signal.SIGINT)
        until(partial(is_stopping, world, child), seconds=PATIENCE)
        world.let_through(OPEN)
        child.communicate(timeout=PATIENCE)
        assert world.called().total() == calls, "no task starts after it"
    assert plan_resume("e", store=world.store).kept == 6
    called = world.finish() + world.called()
    assert called.keys() == set(range(40))
    assert Counter(called.values()) == {1: 37, 2: 3}, "only what was interrupted is run again"


def is_stopping(world: World, child: subprocess.Popen[str]) -> bool:
    holder = world.store.leases.holder(world.store.named("e")[0].id)
    return child.poll() is not None or (holder is not None and holder.stopping)


def test_b11_of_two_processes_that_resume_one_is_refused(world: World) -> None:
    """Where the SDK runs 20 missing runs in both, and both report 40 results."""
    from opik_resume import evaluate

    dataset = numbers(world.store, 40)
    broken = CountingTask(fail=lambda item, call: item["n"] >= 20)
    evaluate(dataset, broken, [Equals()], experiment_name="e", verbose=0, breaker=None)
    world.let_through(0)
    child = world.start("resume", 4)
    world.wait_for_calls(4, child)
    task = CountingTask()
    with pytest.raises(ExperimentBusy, match=f"by process {child.pid}"):
        evaluate_resume("e", task, [Equals()], store=world.store, verbose=0)
    world.let_through(OPEN)
    assert ended(child)[0] == "e: 40 of 40 runs complete\n"
    assert (world.called(), task.total) == (Counter(range(20, 40)), 0)
    experiment_id = world.store.named("e")[0].id
    assert len(world.server.state.items_of_experiment[experiment_id]) == 60, "20 of them failed ones"


@pytest.mark.parametrize("calls", [1, 2, 40])
def test_b12_a_killed_process_has_lost_nothing_that_was_reported_finished(calls: int, world: World) -> None:
    """Where the SDK keeps 0 of 40, 0 of 97, 115 of 173 and 224 of 236."""
    numbers(world.store, 40)
    ended(world.start("killed", calls), -signal.SIGKILL)
    assert world.called().total() == calls
    assert plan_resume("e", store=world.store).kept == calls - 1, "all but the one that it died in"
    assert world.finish() == Counter(range(40 - calls + 1))
    assert world.store.flush(10)
    traces = list(world.server.state.traces.values())
    assert Counter("output" in trace for trace in traces)[True] == 40, "each once on the server"


def test_b16_the_first_failure_imports_no_library_to_look_at_it(world: World) -> None:
    """Where the SDK imports litellm and openai, 2.7 s of that run, and fetches a list of prices."""
    numbers(world.store, 3)
    out, _ = ended(world.start("fails"))
    told = json.loads(out)
    assert told["failures"] == 3, "a task and two metrics"
    assert not {"litellm", "openai", "opik", "pandas"} & set(told["imported"])
    assert {"httpx", "opik_resume"} <= set(told["imported"])


def test_b22_verbose_0_prints_nothing_at_all(world: World) -> None:
    """Where the SDK prints the line with the dashboard's address."""
    numbers(world.store, 3)
    assert ended(world.start("quiet")) == ("", "")
    assert world.called() == Counter(range(3))
