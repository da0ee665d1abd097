"""The arguments of Opik's doors beyond the plain ones, and the doors that only score."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from opik_resume import (
    ErrorTolerance,
    ScoreResult,
    close_experiment,
    delete_experiment,
    evaluate,
    evaluate_experiment,
    evaluate_resume,
    exceptions,
    experiments,
    plan_resume,
    reopen_experiment,
)
from opik_resume.base.text.encoding import DEEPEST
from opik_resume.base.text.jsontext import to_json
from opik_resume.experiment.results.test_results import TestResult
from opik_resume.metrics import BaseMetric, Equals
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers
from tests.evaluation.test_evaluation import Flaky

QUIET: dict[str, Any] = {"verbose": 0, "task_threads": 2}


class Length(BaseMetric):
    """The length of the output, times a factor that a test may change; counts its calls."""

    def __init__(self, factor: float = 1.0, name: str = "length") -> None:
        super().__init__(name)
        self.factor = factor
        self.calls = 0

    def score(self, output: str, **ignored: Any) -> ScoreResult:
        self.calls += 1
        if self.factor == 0:
            raise ValueError("no factor")
        return ScoreResult(self.name, len(output) * self.factor)


def mean_equals(results: list[TestResult]) -> ScoreResult:
    values = [s.value for r in results for s in r.score_results if s.name == "equals_metric"]
    return ScoreResult("mean_equals", sum(values) / len(values), reason=f"{len(values)} results")


def values(result: Any, name: str) -> list[float]:
    return [s.value for r in result.test_results for s in r.score_results if s.name == name and not s.scoring_failed]


def test_scoring_functions_get_item_and_output(store: Store) -> None:
    def right(dataset_item: dict[str, Any], task_outputs: dict[str, Any]) -> list[ScoreResult]:
        return [ScoreResult("right", float(dataset_item["reference"] == task_outputs["output"]))]

    result = evaluate(numbers(store, 3), CountingTask(), [Equals()], scoring_functions=[right], **QUIET)
    assert values(result, "right") == values(result, "equals_metric") == [1.0] * 3


def test_a_raising_scoring_function_is_repaired_like_a_metric(store: Store) -> None:
    broken = [True]

    def judge(dataset_item: dict[str, Any], task_outputs: dict[str, Any]) -> ScoreResult:
        if broken[0]:
            raise ValueError("down")
        return ScoreResult("verdict", 1.0)

    task = CountingTask()
    evaluate(numbers(store, 2), task, scoring_functions=[judge], experiment_name="e", **QUIET)
    broken[0] = False
    result = evaluate_resume("e", task, scoring_functions=[judge], **QUIET)
    assert (task.total, values(result, "verdict"), len(result.failures)) == (2, [1.0, 1.0], 0)


def test_a_missing_argument_fails_its_metric_only_when_all_scoring_errors_are_tolerated(store: Store) -> None:
    task, tolerance = (lambda item: {"answer": "x"}), ErrorTolerance.ALL_SCORING_ERRORS
    name = ScoreResult("fine", 1.0)

    class Fine(BaseMetric):
        def score(self, answer: str, **ignored: Any) -> ScoreResult:
            return name

    result = evaluate(
        numbers(store, 1), task, [Equals(), Fine()], experiment_name="e", error_tolerance=tolerance, **QUIET
    )
    assert result.complete
    assert values(result, "fine") == [1.0]
    (failure,) = result.failures.to_dict("records")
    assert (failure["state"], failure["error_type"]) == ("scores_missing", "ScoreMethodMissingArguments")
    assert '"error_tolerance": 20' in store.get(result.experiment_id).metadata["_opik_resume"]
    again = evaluate_resume("e", task, [Equals(), Fine()], **QUIET)
    assert again.complete, "a resume keeps the tolerance of the original"


def test_raise_on_failure_raises_the_first_exception_in_order_with_the_result(store: Store) -> None:
    class Odd(Exception):
        result: Any = None

    def task(item: dict[str, Any]) -> dict[str, Any]:
        if item["n"] % 2:
            raise Odd(item["n"])
        return {"output": str(item["n"])}

    with pytest.raises(Odd) as caught:
        evaluate(numbers(store, 8), task, raise_on_failure=True, experiment_name="e", **QUIET)
    assert caught.value.args == (7,), "the newest item comes first"
    assert len(caught.value.result.test_results) == 4
    with pytest.raises(Odd):
        evaluate_resume("e", task, raise_on_failure=True, **QUIET)


def test_tags_project_and_config_are_kept(store: Store) -> None:
    result = evaluate(
        numbers(store, 1),
        CountingTask(),
        experiment_tags=["nightly", "gpt"],
        project_name="p",
        experiment_config={"model": "m"},
        **QUIET,
    )
    experiment = store.get(result.experiment_id)
    assert (experiment.tags, experiment.project_name) == (("nightly", "gpt"), "p")
    assert experiment.metadata["model"] == "m"


def test_experiment_scores_are_computed_over_the_union_and_stored_when_complete(store: Store) -> None:
    task = CountingTask(fail=lambda item, call: item["n"] < 2 and call == 1)
    options: dict[str, Any] = {"experiment_scoring_functions": [mean_equals], **QUIET}
    first = evaluate(numbers(store, 4), task, [Equals()], experiment_name="e", **options)
    assert [s.reason for s in first.experiment_scores] == ["2 results"]
    assert first.experiment_scores_partial
    assert "mean_equals (partial)" in repr(first)
    assert store.get(first.experiment_id).scores == (), "half a score is not stored"
    whole = evaluate_resume("e", task, [Equals()], **options)
    assert [s.reason for s in whole.experiment_scores] == ["4 results"]
    assert not whole.experiment_scores_partial
    assert [s.reason for s in store.get(first.experiment_id).scores] == ["4 results"]


def test_a_raising_experiment_score_is_warned_about_and_the_others_stay(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(results: list[TestResult]) -> ScoreResult:
        raise ZeroDivisionError("no results")

    with caplog.at_level(logging.WARNING, "opik_resume"):
        result = evaluate(
            numbers(store, 1), CountingTask(), [Equals()],
            experiment_scoring_functions=[broken, mean_equals], **QUIET,
        )  # fmt: skip
    assert [s.name for s in result.experiment_scores] == ["mean_equals"]
    assert "broken is missing: ZeroDivisionError" in caplog.text


def test_reuse_outputs_scores_a_kept_output_without_calling_the_task(store: Store) -> None:
    task = CountingTask()

    class Needy(BaseMetric):
        def score(self, context: str, **ignored: Any) -> ScoreResult:
            return ScoreResult("needy", 1.0)

    evaluate(numbers(store, 3), task, [Needy(), Equals()], experiment_name="e", **QUIET)
    assert {c.action for c in plan_resume("e").cells} == {"run"}
    assert {c.action for c in plan_resume("e", reuse_outputs=True).cells} == {"score"}
    mapping = {"context": "n"}
    result = evaluate_resume("e", task, [Needy(), Equals()], scoring_key_mapping=mapping, reuse_outputs=True, **QUIET)
    assert (task.total, result.complete) == (3, True)
    assert values(result, "needy") == values(result, "equals_metric") == [1.0] * 3
    assert result.failures.empty


def test_evaluate_experiment_scores_every_run_without_the_task(store: Store) -> None:
    task = CountingTask()
    evaluate(numbers(store, 12), task, [Equals()], experiment_name="e", **QUIET)
    length = Length()
    result = evaluate_experiment("e", [length], verbose=0, include_kept=True)
    assert task.total == 12
    assert sorted(values(result, "length")) == [1.0] * 10 + [2.0] * 2
    assert values(result, "equals_metric") == [1.0] * 12, "other scores stay"
    assert max(values(evaluate_experiment("e", [Length(10)], verbose=0), "length")) == 20.0


def test_evaluate_experiment_can_leave_scored_runs_alone(store: Store) -> None:
    evaluate(numbers(store, 3), CountingTask(), [Length()], experiment_name="e", **QUIET)
    again, new = Length(), Length(name="new")
    result = evaluate_experiment("e", [again, new], missing_only=True, verbose=0)
    assert (again.calls, new.calls) == (0, 3)
    assert values(result, "new") == [1.0] * 3


def test_a_metric_that_fails_on_rescoring_leaves_the_old_score_beside_its_failure(store: Store) -> None:
    evaluate(numbers(store, 1), CountingTask(), [Length()], experiment_name="e", **QUIET)
    result = evaluate_experiment("e", [Length(factor=0)], verbose=0, include_kept=True)
    assert values(result, "length") == [1.0]
    assert list(result.failures.state) == ["scores_missing"]
    repaired = evaluate_resume("e", CountingTask(), [Length(factor=3)], **QUIET)
    assert values(repaired, "length") == [3.0]
    assert repaired.failures.empty


def test_evaluate_experiment_needs_runs_and_metrics(store: Store) -> None:
    dataset = numbers(store, 1)
    evaluate(dataset, CountingTask(fail=lambda item, call: True), experiment_name="nothing done", **QUIET)
    with pytest.raises(exceptions.EmptyExperiment, match="no complete run"):
        evaluate_experiment("nothing done", [Equals()], verbose=0)
    with pytest.raises(exceptions.ArgumentError, match="scoring_metrics is empty"):
        evaluate_experiment("nothing done", [])


def test_an_experiment_is_closed_reopened_and_deleted(store: Store) -> None:
    task = CountingTask(fail=lambda item, call: item["n"] == 0)
    result = evaluate(numbers(store, 2), task, experiment_name="e", **QUIET)
    close_experiment("e")
    close_experiment(result.experiment_id)
    assert list(experiments().state) == ["closed"]
    with pytest.raises(exceptions.ExperimentNotResumable, match="was closed: reopen_experiment"):
        evaluate_resume("e", task, **QUIET)
    reopen_experiment("e")
    assert len(plan_resume("e")) == 1
    delete_experiment(result.experiment_id)
    delete_experiment(result.experiment_id)
    assert experiments().empty
    assert store.attempts(result.experiment_id) == []
    with pytest.raises(exceptions.ExperimentNotFound):
        delete_experiment("e")


def test_an_experiment_that_runs_is_neither_closed_nor_deleted(store: Store) -> None:
    from opik_resume.base.ids import new_id

    result = evaluate(numbers(store, 1), CountingTask(), experiment_name="e", **QUIET)
    lease = store.leases.acquire(result.experiment_id, new_id())
    for change in (close_experiment, reopen_experiment, delete_experiment):
        with pytest.raises(exceptions.ExperimentBusy):
            change("e")
    lease.release()


def test_async_metrics_are_awaited(store: Store) -> None:
    class Later(BaseMetric):
        async def score(self, output: str, **ignored: Any) -> ScoreResult:  # type: ignore[override]
            return ScoreResult("later", float(output))

    assert values(evaluate(numbers(store, 2), CountingTask(), [Later()], **QUIET), "later") == [1.0, 0.0]


def test_statistics_and_views_are_opiks(store: Store) -> None:
    judge = Flaky()
    task = CountingTask()
    result = evaluate(numbers(store, 3), task, [Length(), judge], trial_count=2, experiment_name="e", **QUIET)
    scores = result.aggregate_evaluation_scores().aggregated_scores
    assert set(scores) == {"length"}, "a score that always failed has nothing to average"
    assert (scores["length"].mean, scores["length"].std, len(scores["length"].values)) == (1.0, 0.0, 6)
    judge.broken = False
    result = evaluate_resume("e", task, [judge], **QUIET)
    view = result.group_by_dataset_item_view()
    assert [[r.trial_id for r in item.test_results] for item in view.dataset_items.values()] == [[0, 1]] * 3
    assert all(item.scores["flaky"].values == [1.0, 1.0] for item in view.dataset_items.values())


def test_verbose_two_prints_statistics(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate(numbers(store, 3), CountingTask(), [Equals()], experiment_name="e", verbose=2)
    assert "equals_metric: mean 1, 1 to 1" in capsys.readouterr().out


def test_a_result_shows_itself(store: Store) -> None:
    task = CountingTask(fail=lambda item, call: item["n"] == 0)
    result = evaluate(numbers(store, 2), task, [Equals()], experiment_name="<b>", **QUIET)
    assert "1 of 2 runs complete (1 task_failed)" in repr(result)
    assert "&lt;b&gt;" in result._repr_html_()
    frame = result.to_pandas()
    assert frame["score.equals_metric"].tolist() == [1.0]
    assert {"item_id", "trial", "item.n", "output.output"} <= set(frame.columns)


# The first is 50 MB of text as UTF-8.
@pytest.mark.parametrize("output", [{"text": "é" * 25_000_000}, {"deep": {"er": [{"and": [1, [2, [3]]]}]}}])
def test_large_and_nested_outputs_are_kept(store: Store, output: dict[str, Any]) -> None:
    result = evaluate(numbers(store, 1), lambda item: output, **QUIET)
    assert result.test_results[0].test_case.task_output == output


def test_endless_nesting_is_cut_where_any_program_can_still_read_it(store: Store) -> None:
    def task(item: dict[str, Any]) -> dict[str, Any]:
        output: dict[str, Any] = {"n": item["n"]}
        if item["n"] == 0:
            output["self"] = output
        if item["n"] == 1:
            deep: list[Any] = []
            for _ in range(100_000):
                deep = [deep]
            output["deep"] = deep
        return output

    result = evaluate(numbers(store, 3), task, **QUIET)
    assert result.complete
    outputs = {r.test_case.task_output["n"]: r.test_case.task_output for r in result.test_results}
    assert outputs[0]["self"].startswith("<Cyclic reference to dict id=")
    assert to_json(outputs[1]).count("[") == DEEPEST - 1
    assert outputs[2] == {"n": 2}


def test_infinite_recursion_in_a_task_is_a_failure_like_any_other(store: Store) -> None:
    def task(item: dict[str, Any]) -> dict[str, Any]:
        return task(item)

    result = evaluate(numbers(store, 1), task, **QUIET)
    assert list(result.failures.error_type) == ["RecursionError"]
