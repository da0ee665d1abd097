"""Metrics of the real ``opik`` package, handed to our doors unchanged."""

from __future__ import annotations

from typing import Any

from opik_resume import evaluate, evaluate_resume
from opik_resume.stores.protocol import Store
from tests import opik_peer
from tests.builders import CountingTask, numbers

QUIET: dict[str, Any] = {"verbose": 0, "task_threads": 2}


def test_heuristics_of_the_package_score_as_they_are(store: Store) -> None:
    theirs = opik_peer.metrics
    metrics = [theirs.Equals(track=False), theirs.Contains(track=False), theirs.IsJson(track=False)]
    result = evaluate(numbers(store, 3), CountingTask(), metrics, **QUIET)
    values = [{score.name: score.value for score in test.score_results} for test in result.test_results]
    assert values == [{"equals_metric": 1.0, "contains_metric": 1.0, "is_json_metric": 1.0}] * 3
    assert result.failures.empty


def test_a_metric_derived_from_theirs_that_raises_is_repaired(store: Store) -> None:
    broken = [True]

    class Judge(opik_peer.metrics.BaseMetric):
        def score(self, output: str, **ignored: Any) -> Any:
            if broken[0]:
                raise ValueError("down")
            return opik_peer.metrics.score_result.ScoreResult(name=self.name, value=1.0, reason="fine")

    task, judge = CountingTask(), Judge(name="judge", track=False)
    first = evaluate(numbers(store, 2), task, [judge], experiment_name="e", **QUIET)
    assert set(first.failures.state) == {"scores_missing"}
    broken[0] = False
    result = evaluate_resume("e", task, [judge], **QUIET)
    assert task.total == 2
    assert {(s.value, s.reason) for r in result.test_results for s in r.score_results} == {(1.0, "fine")}


def test_opiks_own_score_objects_are_taken_from_functions(store: Store) -> None:
    def judge(dataset_item: dict[str, Any], task_outputs: dict[str, Any]) -> Any:
        return opik_peer.metrics.score_result.ScoreResult(name="verdict", value=float(task_outputs["output"]))

    result = evaluate(numbers(store, 2), CountingTask(), scoring_functions=[judge], **QUIET)
    assert [s.value for r in result.test_results for s in r.score_results] == [1.0, 0.0]
