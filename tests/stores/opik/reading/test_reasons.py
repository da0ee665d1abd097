"""Why a run of another program is not complete: each way in which one ends, as the SDK leaves it on a server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_resume, plan_resume
from opik_resume.base.records import Attempt, CellState, ErrorInfo, ScoreResult
from opik_resume.experiment.grid import state_of
from opik_resume.experiment.reading import read_experiment
from opik_resume.experiment.results.evaluation_result import build_result
from opik_resume.metrics import BaseMetric
from opik_resume.stores.opik import OpikStore
from tests.builders import CountingTask, numbers
from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.opik_server.faulty import faults
from tests.selections import SELECTIONS, lacking
from tests.stores.opik.makers import error, span, theirs

MISSING = error("ScoreMethodMissingArguments", "judge needs context")
SCORING = "metrics_calculation"
Way = Callable[[Api, str, str], str]


def ok(api: Api, experiment_id: str, item_id: str) -> str:
    run = api.run(experiment_id, item_id)
    scored(api, run)
    api.score(run, 0.5, "good")
    return run


def scored(api: Api, run: str) -> str:
    """The spans of a task and of a scoring in which one metric gave its score; the scoring's id."""
    span(api, run, "my_task", output={"output": "x"})
    scoring = span(api, run, SCORING)
    span(api, run, "good_arg_validation", parent_span_id=scoring, output={"output": None})
    span(api, run, "good", parent_span_id=scoring, output={"output": {"value": 0.5}})
    return scoring


def metric_raised(api: Api, experiment_id: str, item_id: str) -> str:
    run = api.run(experiment_id, item_id)
    span(api, run, "judge", parent_span_id=scored(api, run), error_info=error())
    api.score(run, 0.5, "good")
    return run


def argument_missing(api: Api, experiment_id: str, item_id: str) -> str:
    run = api.run(experiment_id, item_id, output=None, error_info=MISSING)
    span(api, run, "judge_arg_validation", parent_span_id=scored(api, run), error_info=MISSING)
    return run


def argument_missing_and_tolerated(api: Api, experiment_id: str, item_id: str) -> str:
    run = api.run(experiment_id, item_id)
    span(api, run, "judge_arg_validation", parent_span_id=scored(api, run), error_info=MISSING)
    api.score(run, 0.5, "good")
    return run


def mapping_raised(api: Api, experiment_id: str, item_id: str) -> str:
    run = api.run(experiment_id, item_id, output=None, error_info=error())
    span(api, run, "my_task", output={"output": "x"})
    span(api, run, SCORING, error_info=error())
    return run


def task_raised(api: Api, experiment_id: str, item_id: str) -> str:
    run = api.run(experiment_id, item_id, output=None, error_info=error("RuntimeError", "model 500"))
    span(api, run, "my_task", error_info=error("RuntimeError", "model 500"))
    return run


def interrupted(api: Api, experiment_id: str, item_id: str) -> str:
    run = api.run(experiment_id, item_id, output=None)
    span(api, run, "my_task")
    return run


def returned_nothing_in_it(api: Api, experiment_id: str, item_id: str) -> str:
    """``{}``, which is an output as any other: the server keeps it, and the SDK does not run it again."""
    run = api.run(experiment_id, item_id, output={})
    span(api, run, "my_task", output={})
    api.score(run, 0.5, "good")
    return run


def returned_none(api: Api, experiment_id: str, item_id: str) -> str:
    run = api.run(experiment_id, item_id, output=None, error_info=error("TypeError", "not a mapping"))
    span(api, run, "my_task")
    span(api, run, SCORING, error_info=error("TypeError", "not a mapping"))
    return run


def returned_text(api: Api, experiment_id: str, item_id: str) -> str:
    """It raises after the task's span and before the scoring's."""
    run = api.run(experiment_id, item_id, output=None, error_info=error("AttributeError", "no attribute 'items'"))
    span(api, run, "my_task", output={"output": "text"})
    return run


def killed_before_the_link(api: Api, experiment_id: str, item_id: str) -> str:
    return api.trace()


def killed_before_the_trace(api: Api, experiment_id: str, item_id: str) -> str:
    run = "019b0000-0000-7000-8000-000000000000"
    api.link(experiment_id, item_id, run)
    return run


def killed_after_a_score(api: Api, experiment_id: str, item_id: str) -> str:
    run = "019b0000-0000-7000-8000-000000000000"
    api.score(run, 0.5, "good")
    return run


@dataclass(frozen=True)
class End:
    state: str
    reason: str  # the plan's, for a cell that would be run or scored
    output: dict[str, Any] | None = None  # what is kept of it
    failed: tuple[str, ...] = ()  # the metrics whose scores are missing


KEPT = {"output": "x"}
ENDS: dict[Way, End] = {
    ok: End("completed", "", KEPT),
    metric_raised: End("scores_missing", "judge raised", KEPT, ("judge",)),
    argument_missing: End("scoring_failed", "ScoreMethodMissingArguments: judge needs context", KEPT),
    argument_missing_and_tolerated: End("scores_missing", "judge raised", KEPT, ("judge",)),
    mapping_raised: End("scoring_failed", "ValueError: boom", KEPT),
    task_raised: End("task_failed", "RuntimeError: model 500"),
    interrupted: End("interrupted", "stopped while running"),
    returned_nothing_in_it: End("completed", "", {}),
    returned_none: End("scoring_failed", "TypeError: not a mapping"),
    returned_text: End("task_failed", "AttributeError: no attribute 'items'"),
    killed_before_the_link: End("never_run", "never started"),
    killed_before_the_trace: End("never_run", "never started"),
    killed_after_a_score: End("never_run", "never started"),
}
each_way = pytest.mark.parametrize("way", ENDS, ids=lambda way: way.__name__)


@each_way
@pytest.mark.parametrize("heavy", [False, True], ids=["light", "heavy"])
def test_each_end_has_its_honest_state_and_reason(way: Way, heavy: bool, store: OpikStore, api: Api) -> None:
    experiment_id, item_ids = theirs(api, 2)
    way(api, experiment_id, item_ids[0])
    reading = read_experiment(store.get(experiment_id), store, heavy=heavy)
    assert [CellState(state).name for state in reading.grid.states.tolist()] == [ENDS[way].state, "never_run"]
    reasons = {cell.key.item_id: cell.reason for cell in plan_resume(experiment_id, store=store).cells}
    assert reasons.get(item_ids[0], "") == ENDS[way].reason
    (cell, _) = reading.grid.attempts
    assert (cell.failed_metrics if cell else ()) == ENDS[way].failed
    if heavy:
        assert (cell.task_output if cell else None) == ENDS[way].output
        assert failures(build_result(reading)) == expected_failures(ENDS[way])


NO_FILTERS = faults.to("GET", "/spans")  # how many match is asked first


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_server_that_cannot_be_asked_which_spans_failed_is_said(
    status: int, store: OpikStore, api: Api, server: OpikServer
) -> None:
    experiment_id, item_ids = theirs(api, 1)
    metric_raised(api, experiment_id, item_ids[0])
    fault = server.faults.add(faults.Status(status), NO_FILTERS, times=10)
    reading = read_experiment(store.get(experiment_id), store)
    assert [CellState(state).name for state in reading.grid.states.tolist()] == ["completed"], "nobody can tell"
    assert reading.note is not None
    assert "which scores failed" in reading.note
    server.faults.remove(fault)
    reading = read_experiment(store.get(experiment_id), store)
    assert ([CellState(state).name for state in reading.grid.states.tolist()], reading.note) == (
        ["scores_missing"],
        None,
    )


def test_of_runs_of_ours_nothing_has_to_be_asked(store: OpikStore, api: Api, server: OpikServer) -> None:
    server.faults.add(faults.Status(400), NO_FILTERS, times=10)
    result = evaluate(numbers(store, 1), CountingTask(), verbose=0, store=store)
    assert read_experiment(store.get(result.experiment_id), store).note is None


@each_way
def test_a_plan_and_a_result_say_the_same_failure_group(way: Way, store: OpikStore, api: Api) -> None:
    """A plan is made of a light reading, a result of a heavy one."""
    experiment_id, item_ids = theirs(api, 2)
    way(api, experiment_id, item_ids[0])
    planned = plan_resume(experiment_id, store=store).to_pandas().failure_group
    failed = build_result(read_experiment(store.get(experiment_id), store, heavy=True)).failures.failure_group
    assert planned.tolist() == failed.tolist()
    assert all(planned)


def test_selections_mean_on_a_server_what_they_mean_elsewhere(store: OpikStore) -> None:
    ids = lacking(store)
    number = {item_id: n for n, item_id in ids.items()}
    for said, selection in SELECTIONS.items():
        plan = plan_resume("e", only=selection.said(ids), store=store)
        assert {(number[cell.key.item_id], cell.key.trial) for cell in plan} == selection.meant, said


def failures(result: Any) -> list[tuple[str, str]]:
    return [
        (failure.state.name, failure.message) for failure in result.failed_runs if failure.state.name != "never_run"
    ]


def expected_failures(end: End) -> list[tuple[str, str]]:
    if end.state in ("completed", "never_run"):
        return []
    if end.state == "scores_missing":
        return (
            [(end.state, "judge: boom")] if end is ENDS[metric_raised] else [(end.state, "judge: judge needs context")]
        )
    return [(end.state, end.reason.partition(": ")[2] or end.reason)]


@each_way
def test_one_run_by_itself_tells_what_the_grid_says_of_it(way: Way, store: OpikStore, api: Api) -> None:
    experiment_id, item_ids = theirs(api, 1)
    run = way(api, experiment_id, item_ids[0])
    (cell,) = read_experiment(store.get(experiment_id), store, heavy=True).grid.attempts
    if cell is None:
        return
    whole = store.attempt(run)
    if way is returned_text:  # only its own spans tell that the task came back, and they cost a request a run
        assert (state_of(whole).name, whole.task_output) == ("scoring_failed", {"output": "text"})
    else:
        assert whole == cell


def test_a_metric_that_raised_is_told_with_its_error(store: OpikStore, api: Api) -> None:
    experiment_id, item_ids = theirs(api, 1)
    metric_raised(api, experiment_id, item_ids[0])
    (light,), (heavy,) = (store.attempts(experiment_id, heavy=heavy) for heavy in (False, True))
    why = {"error_info": {"exception_type": "ValueError", "message": "boom"}}
    assert light.scores == (ScoreResult("good", 0.5), ScoreResult("judge", 0.0, metadata=why, scoring_failed=True))
    info = {"exception_type": "ValueError", "message": "boom", "traceback": error()["traceback"]}
    failed = ScoreResult("judge", 0.0, "boom", metadata={"error_info": info}, scoring_failed=True)
    assert heavy.scores == (ScoreResult("good", 0.5), failed)


def test_a_failed_task_is_told_with_its_traceback(store: OpikStore, api: Api) -> None:
    experiment_id, item_ids = theirs(api, 1)
    task_raised(api, experiment_id, item_ids[0])
    (light,), (heavy,) = (store.attempts(experiment_id, heavy=heavy) for heavy in (False, True))
    assert light.error == ErrorInfo("RuntimeError", "model 500", "")
    assert heavy.error == ErrorInfo("RuntimeError", "model 500", error("RuntimeError", "model 500")["traceback"])


def test_spans_of_other_runs_under_an_interrupted_trace_are_not_its_reasons(store: OpikStore, api: Api) -> None:
    """After an interrupt the SDK hangs the spans of later runs under that run (B8)."""
    experiment_id, item_ids = theirs(api, 1)
    run = api.run(experiment_id, item_ids[0], output=None)
    task = span(api, run, "my_task")
    span(api, run, "my_task", parent_span_id=task, output={"output": "of another"})
    span(api, run, SCORING, parent_span_id=task, error_info=error())
    for heavy in (False, True):
        (attempt,) = store.attempts(experiment_id, heavy=heavy)
        assert (state_of(attempt).name, attempt.task_output) == ("interrupted", None)
    assert state_of(store.attempt(run)).name == "interrupted"


def test_spans_of_runs_of_other_experiments_are_not_its_reasons(store: OpikStore, api: Api) -> None:
    experiment_id, item_ids = theirs(api, 1)
    other = api.experiment(name="other")
    metric_raised(api, other, item_ids[0])
    ok(api, experiment_id, item_ids[0])
    mapping_raised(api, other, item_ids[0])
    assert [state_of(attempt).name for attempt in store.attempts(experiment_id)] == ["completed"]


class Judge(BaseMetric):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.outputs: list[Any] = []

    def score(self, **given: Any) -> ScoreResult:
        self.outputs.append(given.get("output"))
        return ScoreResult(self.name, 1.0)


def test_kept_outputs_are_scored_and_of_what_was_not_kept_nothing_is_made_up(store: OpikStore, api: Api) -> None:
    experiment_id, item_ids = theirs(api, 4)
    for way, item_id in zip((argument_missing, mapping_raised, returned_none, metric_raised), item_ids, strict=True):
        way(api, experiment_id, item_id)
    task, judge = CountingTask(), Judge("judge")
    result = evaluate_resume(experiment_id, task, [judge], store=store, verbose=0, reuse_outputs=True, task_threads=1)
    assert (task.total, judge.outputs) == (0, ["x", "x", "x"])
    (failure,) = result.failed_runs
    assert (failure.item_id, failure.state, failure.error_type) == (item_ids[2], CellState.scoring_failed, "TypeError")
    repaired = evaluate_resume(experiment_id, task, [judge], store=store, verbose=0)
    assert (repaired.complete, task.total) == (True, 1), "the task has to be run again, and is when that is asked for"


# What it costs


def mixed(api: Api, count: int) -> str:
    """An experiment of that many runs of every way that leaves one."""
    ways = [ok, metric_raised, argument_missing, mapping_raised, task_raised, interrupted]
    experiment_id, item_ids = theirs(api, count)
    for n, item_id in enumerate(item_ids):
        ways[n % len(ways)](api, experiment_id, item_id)
    return experiment_id


def test_reading_lightly_costs_as_many_requests_for_many_runs_as_for_few(
    server: OpikServer, store: OpikStore, api: Api
) -> None:
    asked = []
    for count in (6, 60):
        experiment_id = mixed(api, count)
        server.forget_requests()
        store.attempts(experiment_id)
        asked.append(sorted((request.method, request.route) for request in server.requests))
        server.state.datasets.clear()
    assert asked[0] == asked[1]
    assert len(asked[0]) <= 8
    assert all("{" not in route.removeprefix("/v1/private/experiments/{id}") for _, route in asked[0]), (
        "none of one run"
    )


def test_reading_heavily_costs_a_request_more_for_each_run_whose_scoring_failed(
    server: OpikServer, store: OpikStore, api: Api
) -> None:
    experiment_id = mixed(api, 60)
    store.get(experiment_id)
    server.forget_requests()
    store.attempts(experiment_id)
    light = len(server.requests)
    store.get(experiment_id)
    server.forget_requests()
    attempts = store.attempts(experiment_id, heavy=True)
    assert len(server.requests) == light + sum(is_scoring_failed(attempt) for attempt in attempts) == light + 20


def is_scoring_failed(attempt: Attempt) -> bool:
    return state_of(attempt) is CellState.scoring_failed
