"""What the real ``opik`` package started we read and resume; what we started it finishes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from opik_resume import evaluate, evaluate_experiment, evaluate_resume, plan_resume
from opik_resume.base.records import CellState, Experiment, Json, ScoreResult
from opik_resume.base.settings import opik_settings
from opik_resume.engine.cells.cell import Task
from opik_resume.experiment.reading import read_experiment
from opik_resume.lifecycle import settling
from opik_resume.metrics import BaseMetric
from opik_resume.stores.opik import OpikStore
from tests.builders import CountingTask
from tests.opik_server import OpikServer, sdk
from tests.waiting import until

SCRIPT = str(Path(__file__).with_name("theirs.py"))


class Equal(BaseMetric):
    def __init__(self, name: str = "equal") -> None:
        super().__init__(name)

    def score(self, output: str, n: int, **_: object) -> ScoreResult:
        return ScoreResult(self.name, float(output == str(n)))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[OpikServer]:
    """One server with all the ways in which the SDK's evaluations end: it is slow to start."""
    with OpikServer() as running:
        sdk.run(running.url, home, SCRIPT, "all")
        killed = sdk.start(running.url, home, SCRIPT, "killed")
        assert killed.wait(60) == -9
        killed.communicate()
        yield running
    assert running.problems == []


@pytest.fixture
def theirs(server: OpikServer, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpikStore]:
    """Our store, in the home of the SDK's process: on the same machine."""
    monkeypatch.setenv("HOME", str(home))
    store = OpikStore(opik_settings(server.url, project="demo"), tmp_path / "local.sqlite3")
    yield store
    store.close()


def named(store: OpikStore, name: str) -> Experiment:
    (found,) = store.named(name)
    return found


STATES = {
    "whole": ["completed"] * 10,
    "task failed": ["completed", "completed", "task_failed", "task_failed", *["completed"] * 6],
    "interrupted": ["completed", "interrupted", "completed", "completed", "completed"],
    "metric raised": ["scores_missing"] * 5,
    "argument missing": ["scoring_failed"] * 5,
    "argument missing, tolerated": ["scores_missing"] * 5,
    "mapping raised": ["scoring_failed"] * 5,
    "sampled": ["completed"] * 3,
    "filtered": ["completed"],
    "sampled by number": ["completed"] * 2,
}


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("heavy", [False, True])
def test_every_run_has_its_honest_state(name: str, heavy: bool, theirs: OpikStore) -> None:
    reading = read_experiment(named(theirs, name), theirs, heavy=heavy)
    assert [CellState(state).name for state in reading.grid.states.tolist()] == STATES[name]


def test_what_was_kept_and_why_it_failed(theirs: OpikStore) -> None:
    experiment = named(theirs, "argument missing")
    (first, *_) = theirs.attempts(experiment.id)
    whole = theirs.attempt(first.id)
    assert (whole.returned, whole.complete, whole.task_output) == (True, False, {"output": "4"})
    assert whole.error is not None
    assert whole.error.exception_type == "ScoreMethodMissingArguments"
    assert "Traceback" in whole.error.traceback
    (first, *_) = theirs.attempts(named(theirs, "metric raised").id, heavy=True)
    assert first == theirs.attempt(first.id)
    good, failed = first.scores
    assert (good.name, good.value, good.reason) == ("equal", 1.0, "compared")
    assert (failed.name, failed.reason) == ("boom", "metric exploded")


RESUMED = {
    "whole": [],
    "task failed": [3, 3],
    "interrupted": [3],
    "argument missing": [0, 1, 2, 3, 4],
    "mapping raised": [0, 1, 2, 3, 4],
    "sampled": [],
    "filtered": [],
    "sampled by number": [],
}


@pytest.mark.parametrize("name", RESUMED)
def test_only_what_is_missing_is_run(name: str, server: OpikServer, theirs: OpikStore) -> None:
    experiment = named(theirs, name)
    before = {a.id for a in theirs.attempts(experiment.id) if a.complete}
    task = CountingTask()
    result = evaluate_resume(experiment.id, task, [Equal()], store=theirs, verbose=0)
    assert sorted(task.calls.elements()) == RESUMED[name]
    assert (result.complete, result.undelivered) == (True, 0)
    assert before <= {r.test_case.trace_id for r in result.test_results}, "every complete run is kept"
    assert len(plan_resume(experiment.id, [Equal()], store=theirs)) == 0
    asked = [request.body for request in server.asked("PATCH", experiment.id)]
    assert not any(body.get("status") for body in asked), "an experiment of the SDK is completed from birth"


def test_after_a_kill_nothing_that_arrived_is_run_again(theirs: OpikStore) -> None:
    experiment = named(theirs, "killed")
    arrived = [a for a in theirs.attempts(experiment.id) if a.complete]
    task = CountingTask()
    assert evaluate_resume(experiment.id, task, [Equal()], store=theirs, verbose=0).complete
    assert task.total == 5 - len(arrived)
    assert len(arrived) == 3, "4, 3 and 2 had finished and were flushed"


def test_a_metric_that_raised_is_scored_again_without_the_task(server: OpikServer, theirs: OpikStore) -> None:
    experiment = named(theirs, "metric raised")
    task = CountingTask()
    result = evaluate_resume(experiment.id, task, [Equal(), Equal("boom")], store=theirs, verbose=0)
    assert (task.total, result.complete, result.failed_runs) == (0, True, [])
    trace_id = result.test_results[0].test_case.trace_id
    assert server.state.scores[trace_id].keys() == {"equal", "boom"}
    assert server.state.traces[trace_id]["name"] == "evaluation_task", "their trace is left as it is"
    assert len(plan_resume(experiment.id, store=theirs)) == 0


def test_a_kept_output_is_scored_instead_of_run_again(server: OpikServer, home: Path, theirs: OpikStore) -> None:
    sdk.run(server.url, home, "-c", ONE_MORE)
    experiment = named(theirs, "kept")
    task = CountingTask()
    result = evaluate_resume(experiment.id, task, [Equal()], store=theirs, verbose=0, reuse_outputs=True)
    assert (task.total, result.complete) == (0, True)
    trace = server.state.traces[result.test_results[0].test_case.trace_id]
    assert (trace["output"], "error_info" in trace, trace["input"]["n"]) == ({"output": "4"}, False, 4)
    assert finish(server, home, experiment.id) == {"calls": [], "results": 5}


ONE_MORE = """
from tests.stores.opik.sdk.theirs import run, task, Needs
run("kept", task, Needs("needs", track=False))
"""


def test_new_scores_for_kept_runs(server: OpikServer, theirs: OpikStore) -> None:
    experiment = named(theirs, "whole")
    evaluate_experiment(experiment.id, [Equal("again")], store=theirs, verbose=0)
    scored = [set(server.state.scores[attempt.id]) for attempt in theirs.attempts(experiment.id)]
    assert scored == [{"equal", "again"}] * 10


# Ours, finished by the SDK


def finish(server: OpikServer, home: Path, experiment_id: str) -> Json:
    told: Json = json.loads(sdk.run(server.url, home, SCRIPT, "resume", experiment_id).splitlines()[-1])
    return told


WAYS: dict[str, Json] = {
    "trials": {"trial_count": 2},
    "filter": {"dataset_filter_string": 'data.reference != "4"'},
    "samples": {"nb_samples": 4},
    "ids": {},
    "empty output": {},
}


@pytest.mark.parametrize("way", WAYS)
def test_the_sdk_finishes_what_we_started(way: str, server: OpikServer, home: Path, theirs: OpikStore) -> None:
    from tests.builders import numbers

    dataset = numbers(theirs, 5, f"ours, {way}")
    arguments = WAYS[way]
    if way == "ids":
        arguments = {"dataset_item_ids": [item["id"] for item in dataset.get_items()[:3]]}
    task = CountingTask(fail=lambda item, call: item["n"] == 3)
    chosen: Task = (lambda _: {}) if way == "empty output" else task
    metrics = [] if way == "empty output" else [Equal()]
    ours = evaluate(dataset, chosen, metrics, verbose=0, experiment_name=f"ours, {way}", **arguments)
    missing = ours.expected - len(ours.test_results)
    told = finish(server, home, ours.experiment_id)
    assert told == {"calls": [3] * missing, "results": ours.expected}
    reading = read_experiment(theirs.get(ours.experiment_id), theirs)
    assert (reading.state, reading.grid.surplus) == ("complete", [])


# What the SDK believes within a minute of our finish


@pytest.mark.parametrize("settle", [False, True])
def test_the_sdk_pays_again_for_what_it_is_not_shown_and_for_nothing_that_was_waited_for(
    settle: bool, server: OpikServer, home: Path, theirs: OpikStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "LOOK", 0.02)
    name = f"settle={settle}"
    sdk.run(server.url, home, "-c", ONE_MORE.replace("kept", name))
    experiment = named(theirs, name)
    server.aggregates.build(experiment.id)  # a minute has passed since
    task = CountingTask()

    def ours() -> None:
        evaluate_resume(experiment.id, task, [Equal()], store=theirs, verbose=0, settle=settle)

    resuming = threading.Thread(target=ours, daemon=True)
    server.forget_requests()
    resuming.start()
    if settle:
        until(lambda: sum("experiment_ids" in r.query for r in server.asked("GET", "/experiments")) > 2)
        assert resuming.is_alive()
        server.aggregates.advance(61)
    resuming.join(60)
    assert task.total == 5
    again = finish(server, home, experiment.id)["calls"]
    assert sorted(again) == ([] if settle else [0, 1, 2, 3, 4])
