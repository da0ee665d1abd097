"""Aggregates of scores, and what is left out of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opik_resume import evaluate, evaluate_resume
from opik_resume.base.records import Json, ScoreResult
from opik_resume.experiment.results.statistics import aggregate, never_finite
from opik_resume.experiment.results.test_results import TestCase, TestResult
from opik_resume.metrics import BaseMetric
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, failed_score, numbers

NAN, INF = math.nan, math.inf


def results(*scores: ScoreResult) -> list[TestResult]:
    return [TestResult(TestCase("t", "i", {}, {}), [score], 0) for score in scores]


def test_what_is_no_finite_number_is_left_out_and_counted() -> None:
    scores = [ScoreResult("judge", value) for value in (1.0, NAN, 0.0, INF, -INF)]
    found = aggregate(results(*scores, failed_score("judge"), ScoreResult("odd", NAN), failed_score("odd")))
    judge = found["judge"]
    assert (judge.mean, judge.min, judge.max, judge.values) == (0.5, 0.0, 1.0, [1.0, 0.0])
    assert (judge.failed_count, judge.not_finite_count) == (1, 3)
    assert list(found) == ["judge"]
    assert never_finite(results(ScoreResult("odd", NAN))) == {"odd": 1}


@given(st.lists(st.floats()))
@example([1.7e308, -1.7e308])
def test_every_aggregate_is_finite(values: list[float]) -> None:
    for found in aggregate(results(*[ScoreResult("s", value) for value in values])).values():
        assert all(map(math.isfinite, (found.mean, found.min, found.max, found.std or 0.0, *found.values)))


class Judge(BaseMetric):
    """Returns several scores, one of which is no finite number."""

    def __init__(self) -> None:
        super().__init__("judge")
        self.calls = 0

    def score(self, output: str, **ignored: object) -> list[ScoreResult]:
        self.calls += 1
        return [ScoreResult("good", 0.5), ScoreResult("unsure", NAN if output == "0" else INF)]


def test_a_resume_does_not_pay_again_for_nan(store: Store) -> None:
    judge = Judge()
    result = evaluate(numbers(store, 3), CountingTask(), [judge], experiment_name="e", verbose=0, task_threads=1)
    assert (result.complete, len(result.failures), judge.calls) == (True, 0, 3)
    again = evaluate_resume(result.experiment_id, CountingTask(), [judge], verbose=0)
    assert judge.calls == 3
    values = sorted(score.value for r in again.test_results for score in r.score_results if score.name == "unsure")
    assert str(values).count("inf") == 2
    assert str(values).count("nan") == 1
    assert list(again.aggregate_evaluation_scores().aggregated_scores) == ["good"]
    assert "unsure: no finite value in 3" in again.statistics()
    assert again.to_pandas()["score.unsure"].isna().sum() == 1


class HalfBroken(BaseMetric):
    def score(self, output: str, **ignored: object) -> list[ScoreResult]:
        bad: Json = {}
        return [ScoreResult(self.name, 0.5), bad, ScoreResult("b", 1.0)]  # type: ignore[list-item]


def test_a_failure_hides_no_good_score_of_its_name(store: Store) -> None:
    result = evaluate(numbers(store, 1), CountingTask(), [HalfBroken("h")], experiment_name="e", verbose=0)
    (row,) = result.to_pandas().to_dict("records")
    assert (row["score.h"], row["score.b"]) == (0.5, 1.0)
    (failure,) = result.failures.to_dict("records")
    assert failure["state"] == "scores_missing"
    assert failure["message"].startswith("h: score 2 of 3: {} is no score")


def test_experiment_scores_that_are_none_do_not_take_the_others_with_them(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    def three(test_results: list[TestResult]) -> list[object]:
        return [ScoreResult("count", len(test_results)), "nothing", ScoreResult("odd", INF)]

    result = evaluate(
        numbers(store, 2), CountingTask(), experiment_scoring_functions=[three], experiment_name="e", verbose=0
    )
    assert result.experiment_scores == [ScoreResult("count", 2.0), ScoreResult("odd", INF)]
    assert "three is missing: TypeError: score 2 of 3: 'nothing' is no score" in caplog.text
