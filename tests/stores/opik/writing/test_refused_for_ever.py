"""What a real server never takes: it is sent in a form that it takes or, where there is none, it is said what to do."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_resume
from opik_resume.base.records import Json, ScoreResult
from opik_resume.evaluation.pushing import push
from opik_resume.experiment.results.evaluation_result import EvaluationResult, NotTaken
from opik_resume.lifecycle.wait import warn_about
from opik_resume.metrics import Equals
from opik_resume.stores.file import rows
from opik_resume.stores.local import LocalStore
from opik_resume.stores.opik import OpikStore
from opik_resume.stores.opik.writing import dispatch
from tests.builders import CountingTask, complete, numbers
from tests.opik_server import OpikServer
from tests.opik_server.faulty import faults
from tests.stores.opik.makers import ours
from tests.stores.opik.writing.test_scores import of_run, warnings

DIGITS, KEY = 10**1500, "k" * 60_000
OUTPUTS: dict[str, tuple[Callable[[], Any], Any]] = {
    "a long number": (lambda: {"n": DIGITS, "output": "1"}, {"n": f"<int {DIGITS}>", "output": "1"}),
    "a long number deep in it": (lambda: {"a": [{"b": (1, -DIGITS)}]}, {"a": [{"b": [1, f"<int {-DIGITS}>"]}]}),
    "a long key": (lambda: {KEY: 1, "output": "1"}, {"output": "1", "<long keys>": [[KEY, 1]]}),
}


class Answers(CountingTask):
    def __init__(self, output: Callable[[], Json]) -> None:
        super().__init__()
        self._output = output

    def __call__(self, item: Json) -> Json:
        return {**super().__call__(item), **(self._output() if item["n"] == 1 else {})}


def unreadable(value: Any) -> bool:
    """What Jackson's limits stop, in the real server: numbers of over 1,000 digits, keys of over 50,000 characters."""
    if isinstance(value, dict):
        return any(len(key) > 50_000 for key in value) or any(map(unreadable, value.values()))
    if isinstance(value, list):
        return any(map(unreadable, value))
    return isinstance(value, int) and len(str(abs(value))) > 1000


def reads_as_the_real_one(server: OpikServer) -> faults.Fault:
    words = "Unable to process JSON. Number value length (1501) exceeds the maximum allowed (1000)"
    return server.faults.add(
        faults.Status(400, body={"code": 400, "message": words}),
        lambda request: request.method in ("POST", "PUT", "PATCH") and unreadable(request.body),
        times=None,
    )


@pytest.mark.parametrize("kind", OUTPUTS)
def test_what_it_does_not_read_is_sent_marked(
    kind: str, server: OpikServer, store: OpikStore, caplog: pytest.LogCaptureFixture
) -> None:
    output, kept = OUTPUTS[kind]
    refusing = reads_as_the_real_one(server)
    task = Answers(output)
    result = evaluate(numbers(store, 3), task, [], verbose=0)
    assert (result.complete, result.undelivered, refusing.hits, warnings(caplog)) == (True, 0, 0, [])
    run = of_run(result, 1)
    trace = server.state.traces[run.test_case.trace_id]
    assert trace["output"].items() >= kept.items()
    ((note),) = trace["metadata"]["opik_resume"]["notes"]
    assert "kept as" in note
    again = evaluate_resume(result.experiment_id, task, [], verbose=0, store=store)
    assert of_run(again, 1).test_case.task_output == run.test_case.task_output == trace["output"]
    assert task.total == 3


@pytest.mark.parametrize("kind", OUTPUTS)
def test_so_is_what_an_older_version_has_recorded(
    kind: str, server: OpikServer, store: OpikStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the journal, in an embedded store, in the metadata of a score: as JSON has it."""
    output, kept = OUTPUTS[kind]
    experiment = ours(store, 1)
    refusing = reads_as_the_real_one(server)
    (item,) = store.items(experiment.dataset_id, experiment.version_name)
    score = ScoreResult("s", 1.0, metadata={"seen": output()})
    old = complete(item.id, 0, experiment_id=experiment.id, task_output=output(), scores=(score,))
    store.record([old])
    assert store.flush(10)
    assert (store.pending().refused, refusing.hits) == ({}, 0)
    assert server.state.traces[old.id]["output"] == kept
    (fact,) = server.state.traces[old.id]["metadata"]["opik_resume"]["scores"]
    assert fact["metadata"] == {"seen": kept}


def test_and_what_is_pushed(server: OpikServer, store: OpikStore, tmp_path: Path) -> None:
    local = LocalStore(tmp_path / "embedded.sqlite3")
    result = evaluate(numbers(local, 1), CountingTask(), [], verbose=0)
    (run,) = local.attempts(result.experiment_id, heavy=True)
    old = rows.of_attempt(run)
    text = json.dumps({"output": DIGITS})
    local._database.write(lambda db: db.execute("UPDATE attempts SET task_output = ? WHERE id = ?", (text, old[0])))
    refusing = reads_as_the_real_one(server)
    push(result.experiment_id, store, store=local)
    assert server.state.traces[run.id]["output"] == {"output": f"<int {DIGITS}>"}
    assert (len(store.pending()), refusing.hits) == (0, 0)
    local.close()


def test_a_run_that_stays_refused_says_which_and_why_and_how_to_export_it(
    server: OpikServer,
    store: OpikStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(dispatch, "RESTART_SECONDS", 0.0)
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.WARNING, "opik_resume")
    server.faults.poison(
        lambda row: isinstance(row.get("output"), dict) and row["output"].get("output") == "1",
        faults.to("POST", "/traces/batch"),
    )
    task = CountingTask()
    result = evaluate(numbers(store, 4), task, [Equals()], verbose=0, experiment_name="e")
    assert (result.complete, result.undelivered) == (True, 1)
    run = of_run(result, 1)
    ((refused),) = result.not_taken
    assert (refused.item_id, refused.trial, refused.score) == (run.test_case.dataset_item_id, 0, None)
    assert "injected poison row" in refused.why
    told = warnings(caplog)
    assert not [line for line in told if "sent again" in line or "next start" in line], "it would not help"
    for line in (told[-1], next(line for line in told if "will not be taken" in line)):
        assert run.test_case.dataset_item_id in line, "which"
        assert "injected poison row" in line, "why"
        assert ".to_pandas().to_csv('runs.csv')" in line, "what to do"
    assert result.experiment_id in told[0], "of what experiment, for one that runs in the background"
    export = "result.to_pandas().to_csv('runs.csv')"
    assert export in told[-1]
    eval(export, {"result": result})  # the line, as it can be typed
    assert len((tmp_path / "runs.csv").read_text().splitlines()) == 5
    again = evaluate_resume("e", task, [Equals()], verbose=0, store=store)
    assert (again.complete, task.total, len(again.not_taken)) == (True, 4, 1), "and nothing is paid for twice"


def test_runs_that_still_wait_are_told_beside_those_that_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    refused = [NotTaken("item", 2, None, "too large.")]
    warn_about(EvaluationResult("id", "d", "e", [], None, 1, undelivered=3, not_taken=refused))
    waiting, told = warnings(caplog)
    assert waiting.startswith("2 finished runs of 'e' have not reached the server yet")
    assert told.startswith("1 finished run of 'e' was refused by the server")
    assert "item item, trial 2 (too large)" in told
