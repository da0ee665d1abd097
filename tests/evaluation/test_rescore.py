"""``evaluate_experiment``: what it returns is what this call made, as Opik's; what is stored is everything."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from opik_resume import EvaluationResult, ScoreResult, evaluate, evaluate_experiment, evaluate_resume
from opik_resume.exceptions import EvaluationInterrupted
from opik_resume.experiment.results.test_results import TestResult
from opik_resume.metrics import BaseMetric, Equals
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers
from tests.experiments import result_of

FIRST, SECOND = Equals(name="first"), Equals(name="second")


class Picky(BaseMetric):
    """Raises for the items in ``broken``."""

    def __init__(self, *broken: int) -> None:
        super().__init__("picky")
        self.broken = set(broken)

    def score(self, output: str, **ignored: Any) -> ScoreResult:
        if int(output) in self.broken:
            raise ValueError(output)
        return ScoreResult(self.name, 1.0)


def evaluated(store: Store, count: int = 3, **options: Any) -> EvaluationResult:
    return evaluate(numbers(store, count), CountingTask(), [FIRST], experiment_name="e", verbose=0, **options)


def names(result: EvaluationResult) -> list[list[str]]:
    return [[score.name for score in each.score_results] for each in result.test_results]


def again(*metrics: Any, **options: Any) -> EvaluationResult:
    return evaluate_experiment("e", list(metrics), verbose=0, **options)


def test_it_returns_every_complete_run_with_the_scores_of_this_call(store: Store) -> None:
    evaluated(store, trial_count=2)
    result = again(SECOND)
    assert names(result) == [["second"]] * 6
    assert set(result.aggregate_evaluation_scores().aggregated_scores) == {"second"}
    assert names(result_of(result.experiment_id, store)) == [["first", "second"]] * 6


def test_the_kept_ones_beside_them_when_asked_for(store: Store) -> None:
    evaluated(store)
    assert names(again(SECOND, include_kept=True)) == [["first", "second"]] * 3


def test_a_score_that_comes_out_the_same_is_of_this_call(store: Store) -> None:
    evaluated(store)
    again(SECOND)
    assert names(again(FIRST)) == [["first"]] * 3


def test_only_what_is_missing_is_scored_and_every_run_is_returned(store: Store) -> None:
    evaluated(store)
    picky = Picky(1)
    first = again(picky)
    assert [[score.scoring_failed for score in each.score_results] for each in first.test_results] == [
        [False],
        [True],
        [False],
    ]
    picky.broken = set()
    result = again(picky, missing_only=True)
    assert names(result) == [[], ["picky"], []]
    assert names(again(picky, missing_only=True)) == [[], [], []]
    kept = again(picky, missing_only=True, include_kept=True)
    assert names(kept) == [["first", "picky"]] * 3
    assert kept.failures.empty


def test_complete_expected_and_failures_are_those_of_the_experiment(store: Store) -> None:
    task = CountingTask(fail=lambda item, call: item["n"] == 1)
    evaluate(numbers(store, 3), task, [FIRST, Picky(0)], experiment_name="e", verbose=0)
    result = again(SECOND)
    assert names(result) == [["second"]] * 2
    assert (result.complete, result.expected) == (False, 3)
    assert list(result.failures.state) == ["task_failed", "scores_missing"]


def test_experiment_functions_see_what_opiks_see(store: Store) -> None:
    seen: list[list[list[str]]] = []

    def mean(results: list[TestResult]) -> ScoreResult:
        seen.append([[score.name for score in each.score_results] for each in results])
        values = [score.value for each in results for score in each.score_results]
        return ScoreResult("mean", sum(values) / len(values))

    evaluated(store)
    result = again(SECOND, experiment_scoring_functions=[mean])
    assert seen.pop() == [["second"]] * 3
    assert [(s.name, s.value) for s in result.experiment_scores] == [("mean", 1.0)]
    again(SECOND, experiment_scoring_functions=[mean], include_kept=True)
    assert seen.pop() == [["first", "second"]] * 3


def test_with_missing_only_they_see_all_scores_since_theirs_are_stored(store: Store) -> None:
    """A mean over the few runs that were scored now must not be stored as the experiment's."""
    counts: list[int] = []

    def count(results: list[TestResult]) -> ScoreResult:
        counts.append(sum(len(each.score_results) for each in results))
        return ScoreResult("count", counts[-1])

    evaluated(store)
    again(SECOND)
    again(SECOND, missing_only=True, experiment_scoring_functions=[count])
    assert counts == [6]


def test_of_a_partial_experiment_too(store: Store) -> None:
    def only(results: list[TestResult]) -> ScoreResult:
        return ScoreResult("only", len({s.name for each in results for s in each.score_results}))

    evaluate(
        numbers(store, 3), CountingTask(lambda item, call: item["n"] == 1), [FIRST], experiment_name="e", verbose=0
    )
    result = again(SECOND, experiment_scoring_functions=[only])
    assert result.experiment_scores_partial
    assert [(s.name, s.value) for s in result.experiment_scores] == [("only", 1)]


def test_an_interrupted_call_has_what_it_made(store: Store) -> None:
    class Leaving(BaseMetric):
        calls = 0

        def score(self, output: str, **ignored: Any) -> ScoreResult:
            self.calls += 1
            if self.calls == 2:
                raise KeyboardInterrupt
            return ScoreResult(self.name, 1.0)

    evaluated(store)
    with pytest.raises(EvaluationInterrupted) as raised:
        again(Leaving("leaving"), scoring_threads=1)
    scores = names(raised.value.result)  # type: ignore[arg-type]
    assert scores[0] == ["leaving"]
    assert "first" not in {name for each in scores for name in each}


def test_a_resume_returns_all_as_before(store: Store) -> None:
    evaluated(store)
    again(SECOND)
    assert names(evaluate_resume("e", CountingTask(), [FIRST], verbose=0)) == [["first", "second"]] * 3


def test_many_at_a_time(store: Store) -> None:
    evaluated(store, 40)
    barrier = threading.Barrier(4)

    class Slow(BaseMetric):
        def score(self, output: str, **ignored: Any) -> list[ScoreResult]:
            barrier.wait(10)
            return [ScoreResult("a", float(output)), ScoreResult("b", 1.0)]

    result = again(Slow("slow"), scoring_threads=4)
    values = [(each.test_case.task_output["output"], each.score_results[0].value) for each in result.test_results]
    assert len(values) == 40
    assert all(float(output) == value for output, value in values)
    assert names(result) == [["a", "b"]] * 40
