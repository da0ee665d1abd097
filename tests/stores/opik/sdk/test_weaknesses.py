"""The weaknesses of the SDK's evaluate and resume, each with its number in the list: here they are none.

Those that show in whole processes (B5, B6, B7, B11, B12, B16, B22) are in ``test_weaknesses_of_processes.py``.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opik_resume import delete_experiment, evaluate, evaluate_resume, plan_resume
from opik_resume.base.metadata import checkpoints
from opik_resume.base.metadata.resume_state import ResumeState
from opik_resume.base.records import ScoreResult
from opik_resume.base.settings import opik_settings
from opik_resume.datasets import Dataset
from opik_resume.exceptions import ArgumentError, FilterError
from opik_resume.experiment.reading import read_experiment
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.experiment.results.test_results import TestResult
from opik_resume.metrics import Equals
from opik_resume.stores.opik import OpikStore
from opik_resume.stores.opik.rest import paging
from tests.builders import CountingTask, numbers
from tests.experiments import result_of
from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.opik_server.faulty import faults
from tests.stores.opik.makers import many_items, many_runs, resumable, theirs

QUIET: dict[str, Any] = {"verbose": 0, "task_threads": 4}
METRICS = [Equals(name="equals")]
BATCHES = ["/experiments/items", "/traces/feedback-scores", "/spans/batch", "/traces/batch"]


def resumed(
    experiment: str, store: OpikStore, task: CountingTask | None = None
) -> tuple[EvaluationResult, Counter[int]]:
    """The result of a resume, and what it called."""
    task = task or CountingTask()
    before = Counter(task.calls)
    return evaluate_resume(experiment, task, METRICS, store=store, **QUIET), task.calls - before


def ids_of(dataset: Dataset, *chosen: int) -> list[str]:
    return [str(item["id"]) for item in dataset.get_items() if item["n"] in chosen]


def links(server: OpikServer, experiment_id: str) -> list[dict[str, Any]]:
    return [server.state.experiment_items[link] for link in server.state.items_of_experiment[experiment_id]]


def test_b1_a_finished_experiment_of_10_500_runs_is_not_run_again(tmp_path: Path) -> None:
    """Where each resume by the SDK runs 500 of them again."""
    with OpikServer(check=False) as server, Api(server.url) as api:
        item_ids = many_items(api, 10_500)
        experiment_id = resumable(api)
        many_runs(api, experiment_id, item_ids)
        store = OpikStore(opik_settings(server.url), tmp_path / "x.sqlite3")
        result, calls = resumed(experiment_id, store)
        assert (calls.total(), len(result.test_results), result.complete) == (0, 10_500, True)
        store.close()


# Which items: B2, B3, B4


def test_b2_ids_with_samples_are_resumed_on_the_samples(store: OpikStore) -> None:
    """Where the SDK runs 3 of 6, and all 6 on resume."""
    dataset = numbers(store, 6)
    task = CountingTask(fail=lambda item, call: item["n"] == 4 and call == 1)
    ids = ids_of(dataset, *range(6))
    first = evaluate(dataset, task, METRICS, dataset_item_ids=ids, nb_samples=3, **QUIET)
    result, calls = resumed(first.experiment_id, store, task)
    assert (calls, result.expected, task.calls) == (Counter([4]), 3, Counter([5, 4, 4, 3]))


def test_b3_ids_with_a_filter_are_resumed_with_the_filter(store: OpikStore) -> None:
    """Where the SDK runs 3 of 6, and all 6 on resume."""
    dataset = numbers(store, 6)
    task = CountingTask(fail=lambda item, call: item["n"] == 1 and call == 1)
    ids, wanted = ids_of(dataset, *range(6)), 'data.n != "0" AND data.n != "2" AND data.n != "4"'
    first = evaluate(dataset, task, METRICS, dataset_item_ids=ids, dataset_filter_string=wanted, **QUIET)
    result, calls = resumed(first.experiment_id, store, task)
    assert (calls, result.expected, task.calls) == (Counter([1]), 3, Counter([5, 3, 1, 1]))


@pytest.mark.parametrize(
    ("state", "ids", "expected"),
    [
        (ResumeState("v1", nb_samples=3), range(6), [5, 4, 3]),
        (ResumeState("v1", dataset_filter_string='data.n != "4"'), (5, 4, 3), [5, 3]),
        (ResumeState("v1", nb_samples=2), (), [5, 4]),
    ],
    ids=["b2", "b3", "b4"],
)
def test_b2_b3_b4_even_an_experiment_that_the_sdk_made_is_resumed_on_the_items_it_was_run_on(
    state: ResumeState, ids: Any, expected: list[int], store: OpikStore, api: Api
) -> None:
    """Its checkpoint holds the ids as they were given: before filter and samples, and an empty list for every item."""
    item_ids = dict(zip(reversed(range(6)), api.item_ids(api.dataset(count=6)), strict=True))
    experiment_id = resumable(api, state=replace(state, requires_local_checkpoint=True))
    checkpoints.write(experiment_id, [item_ids[n] for n in ids])
    plan = plan_resume(experiment_id, store=store)
    assert {cell.key.item_id for cell in plan.cells} == {item_ids[n] for n in expected}


def test_b4_an_empty_list_of_ids_is_refused_and_nothing_is_created(server: OpikServer, store: OpikStore) -> None:
    """Where the SDK evaluates everything: 10 runs."""
    dataset, task = numbers(store, 10), CountingTask()
    with pytest.raises(ArgumentError, match="dataset_item_ids is empty"):
        evaluate(dataset, task, dataset_item_ids=[], **QUIET)
    assert (task.total, server.state.experiments, server.state.traces) == (0, {}, {})


# Failures: B8, B9, B10


def test_b8_an_interrupt_in_a_task_leaves_no_other_runs_spans_under_its_trace(
    server: OpikServer, store: OpikStore
) -> None:
    """Where the SDK hangs 145 spans on one trace, and 36 traces have none."""

    def task(item: dict[str, Any]) -> dict[str, Any]:
        if item["n"] == 30:
            raise KeyboardInterrupt
        return {"output": str(item["n"])}

    dataset = numbers(store, 40)
    for _ in range(2):
        evaluate(dataset, task, METRICS, verbose=0, task_threads=2)  # with one it is its caller that is interrupted
    of_run: dict[int, Counter[str]] = {n: Counter() for n in range(40)}
    for span in server.state.spans.values():
        of_run[server.state.traces[span["trace_id"]]["input"]["n"]][span["name"]] += 1
    assert of_run.pop(30) == Counter(task=2)
    assert all(names == Counter(task=2, metrics_calculation=2, equals=2) for names in of_run.values())


def test_b9_failed_attempts_are_history_that_makes_neither_plan_nor_result_grow(
    server: OpikServer, store: OpikStore
) -> None:
    """Where the SDK has 10 experiment items after five failing rounds of two.

    Here the server has them, too: an attempt is never deleted. But they are no results, fill no cell twice, and the
    grid knows them as history.
    """
    task = CountingTask(fail=lambda item, call: call <= 5)
    first = evaluate(numbers(store, 2), task, METRICS, **QUIET)
    for _ in range(4):
        result, calls = resumed(first.experiment_id, store, task)
        assert (calls.total(), result.expected, len(result.failed_runs), result.test_results) == (2, 2, 2, [])
        assert len(plan_resume(first.experiment_id, store=store)) == 2
    result, _ = resumed(first.experiment_id, store, task)
    grid = read_experiment(store.get(first.experiment_id), store).grid
    assert (len(result.test_results), len(result.failed_runs), len(grid), len(grid.history)) == (2, 0, 2, 10)
    assert len(links(server, first.experiment_id)) == 12


def test_b10_a_task_that_returns_an_empty_dict_completes(store: OpikStore) -> None:
    """Where the SDK runs it again on every resume."""
    first = evaluate(numbers(store, 3), lambda item: {}, **QUIET)
    result, calls = resumed(first.experiment_id, store)
    assert (first.complete, result.complete, calls.total()) == (True, True, 0)
    assert [test.test_case.task_output for test in result.test_results] == [{}, {}, {}]


# Delivery: B13, B14


@pytest.mark.parametrize("path", BATCHES)
@pytest.mark.parametrize(
    "limit", [faults.rate_limited(), faults.rate_limited(retry_after=0)], ids=["bare", "retry-after"]
)
def test_b13_what_a_request_limit_turned_away_arrives_later(
    limit: faults.Status, path: str, server: OpikServer, store: OpikStore
) -> None:
    """Where the SDK loses 5 of 5, without an error, and evaluate returns."""
    fault = server.faults.add(limit, writes_to(path), times=3)
    result = evaluate(numbers(store, 5), CountingTask(), METRICS, **QUIET)
    assert (result.complete, result.undelivered, fault.hits) == (True, 0, 3)
    assert_whole_on(server, result.experiment_id, 5)


@pytest.mark.parametrize("path", BATCHES)
def test_b14_one_401_holds_up_nothing_of_this_evaluation_or_the_next(
    path: str, server: OpikServer, store: OpikStore
) -> None:
    """Where the SDK blocks that kind of message for the process: the next evaluations lose items, too."""
    fault = server.faults.add(faults.Status(401), writes_to(path), times=1)
    dataset = numbers(store, 5)
    for _ in range(2):
        result = evaluate(dataset, CountingTask(), METRICS, **QUIET)
        assert (result.complete, result.undelivered) == (True, 0)
        assert_whole_on(server, result.experiment_id, 5)
    assert fault.hits == 1


def writes_to(path: str) -> faults.Match:
    return lambda request: request.path.endswith(path) and faults.is_write(request)


def assert_whole_on(server: OpikServer, experiment_id: str, count: int) -> None:
    state = server.state
    runs = [link["trace_id"] for link in links(server, experiment_id)]
    assert len(runs) == len(set(runs)) == count
    assert all("output" in state.traces[run] for run in runs)
    assert all(state.scores[run].keys() == {"equals"} and len(state.spans_of_trace[run]) == 3 for run in runs)


# Planning: B15, B17


@pytest.mark.parametrize("text", ["data.n = ", 'data.n = "1" OR data.n = "2"', 'data.a.b = "1"', 'nothing = "1"'])
def test_b15_a_filter_that_cannot_be_read_leaves_no_experiment_behind(
    text: str, server: OpikServer, store: OpikStore
) -> None:
    """Where the SDK creates the experiment first: an empty orphan."""
    dataset, task = numbers(store, 3), CountingTask()
    with pytest.raises(FilterError):
        evaluate(dataset, task, dataset_filter_string=text, **QUIET)
    assert (task.total, server.state.experiments) == (0, {})


@pytest.mark.parametrize("count", [1, 99, 100, 101, 450])
def test_b17_a_plan_asks_for_each_page_once_and_for_little_besides(
    count: int, server: OpikServer, store: OpikStore, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the SDK downloads all outputs and all items twice, in pages of 200 rows one after the other.

    Besides the pages of the items and of the runs, a plan asks for: the experiment, its version, and how many runs it
    has in all; how many traces and how many failing spans there are, which is what a cut stream is known by; the failing
    spans. A stream whose last page is full, or that has more than one, is asked once more for what comes after it.
    """
    size = 100
    monkeypatch.setattr(paging, "PAGE", size)
    monkeypatch.setattr(paging, "SIDE_BY_SIDE", size)
    experiment_id, item_ids = theirs(api, count)
    many_runs(api, experiment_id, item_ids)
    server.forget_requests()
    assert plan_resume(experiment_id, store=store).kept == count
    pages = -(-count // size)
    assert len(server.requests) <= 6 + 2 * pages + 1
    large = [r for r in server.requests if r.path.endswith(("/items", "/search"))]
    assert len({(r.path, json.dumps(r.query), json.dumps(r.body)) for r in large}) == len(large), "none twice"
    searches = [r.body for r in large if r.path.endswith("/search")]
    assert all(body["truncate"] and "input" in body["exclude"] for body in searches), "and no payload"


# Results and what is left behind: B18 to B21


def test_b18_every_result_has_its_true_trial(store: OpikStore) -> None:
    """Where the SDK numbers all rebuilt results 0, and the new ones from 0 again."""
    task = CountingTask(fail=lambda item, call: call == 2)
    first = evaluate(numbers(store, 2), task, METRICS, trial_count=3, **QUIET)
    assert not first.complete
    result, calls = resumed(first.experiment_id, store, task)
    assert calls.total() == 2
    assert trials(result) == [(1, 0), (1, 1), (1, 2), (0, 0), (0, 1), (0, 2)]
    assert trials(result_of(first.experiment_id, store)) == trials(result), "also when all of them are rebuilt"
    views = result.group_by_dataset_item_view().dataset_items.values()
    assert [[test.trial_id for test in view.test_results] for view in views] == [[0, 1, 2], [0, 1, 2]]


def test_b18_runs_of_the_sdk_get_trials_of_their_own(store: OpikStore, api: Api) -> None:
    item_ids = api.item_ids(api.dataset(count=2))
    experiment_id = resumable(api, state=ResumeState("v1", default_runs_per_item=3))
    for item_id in (*item_ids, *item_ids):
        api.run(experiment_id, item_id)
    task = CountingTask()
    result = evaluate_resume(experiment_id, task, store=store, **QUIET)
    assert (task.calls, trials(result)) == (Counter([0, 1]), [(1, 0), (1, 1), (1, 2), (0, 0), (0, 1), (0, 2)])


def trials(result: EvaluationResult) -> list[tuple[int, int]]:
    return [(test.test_case.dataset_item_content["n"], test.trial_id) for test in result.test_results]


def test_b19_a_checkpoint_goes_with_its_experiment(store: OpikStore) -> None:
    """Where the SDK never removes one.

    It stays as long as the experiment: it says which cells that has, be they complete. Until then it does no harm.
    """
    dataset = numbers(store, 4)
    first = evaluate(dataset, CountingTask(), METRICS, dataset_item_ids=ids_of(dataset, 1, 2), **QUIET)
    assert checkpoints.path_of(first.experiment_id).exists()
    result, calls = resumed(first.experiment_id, store)
    assert (calls.total(), result.expected) == (0, 2)
    delete_experiment(first.experiment_id, store=store)
    assert not checkpoints.path_of(first.experiment_id).exists()


def test_b20_the_policy_of_every_run_states_all_runs_of_its_item(server: OpikServer, store: OpikStore) -> None:
    """Where the SDK writes how many were left when the resume began."""
    task = CountingTask(fail=lambda item, call: call == 2)
    dataset = numbers(store, 2)
    dataset.insert([{"n": 2, "reference": "2"}])
    first = evaluate(dataset, task, METRICS, trial_count=3, **QUIET)
    resumed(first.experiment_id, store, task)
    policies = [link["execution_policy"] for link in links(server, first.experiment_id)]
    assert policies == [{"runs_per_item": 3, "pass_threshold": 3}] * 12


def test_b21_the_scores_of_an_experiment_are_written_once_over_all_its_runs(
    server: OpikServer, store: OpikStore
) -> None:
    """Where the SDK writes them over the runs of the resume first, and a reader in between sees wrong numbers."""

    def counted(results: list[TestResult]) -> ScoreResult:
        return ScoreResult("runs", float(len(results)))

    task = CountingTask(fail=lambda item, call: item["n"] == 3 and call == 1)
    more = {"experiment_scoring_functions": [counted], **QUIET}
    first = evaluate(numbers(store, 10), task, METRICS, **more)
    assert (first.experiment_scores_partial, scores_written(server)) == (True, [])
    result = evaluate_resume(first.experiment_id, task, METRICS, store=store, **more)
    assert scores_written(server) == [[{"name": "runs", "value": 10.0}]]
    assert [(score.name, score.value) for score in result.experiment_scores] == [("runs", 10.0)]


def scores_written(server: OpikServer) -> list[list[dict[str, Any]]]:
    return [r.body["experiment_scores"] for r in server.asked("PATCH") if "experiment_scores" in r.body]
