"""The results of a large experiment are made when they are looked at, and are as good as a list."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_resume
from opik_resume.experiment.results import result_list
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.experiment.results.result_list import TestResults
from opik_resume.metrics import BaseMetric, ScoreResult
from opik_resume.stores import default_store
from tests.builders import CountingTask, numbers
from tests.experiments import result_of


class Judge(BaseMetric):
    """Fails on one item."""

    def score(self, output: str, **_: Any) -> ScoreResult:
        if output == "2":
            raise RuntimeError("no verdict")
        return ScoreResult(self.name, float(output), reason="so so")


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> tuple[EvaluationResult, EvaluationResult]:
    """The same result, with its runs in a list and as they are of a large experiment."""
    dataset = numbers(default_store(), 6)
    task = CountingTask(fail=lambda item, _: item["n"] == 4)
    plain = evaluate(dataset, task, [Judge("judge")], trial_count=2, verbose=0)
    monkeypatch.setattr(result_list, "KEPT", 3)
    monkeypatch.setattr(result_list, "_AT_ONCE", 4)
    return plain, result_of(plain.experiment_id, default_store())


def test_it_is_the_same_result(both: tuple[EvaluationResult, EvaluationResult]) -> None:
    plain, lazy = both
    assert isinstance(plain.test_results, list)
    assert isinstance(lazy.test_results, TestResults)
    assert lazy == plain
    assert repr(lazy) == repr(plain)
    assert lazy.statistics() == plain.statistics()
    assert lazy.to_pandas().equals(plain.to_pandas())
    assert lazy.failures.equals(plain.failures)
    assert lazy.aggregate_evaluation_scores().aggregated_scores == plain.aggregate_evaluation_scores().aggregated_scores
    assert lazy.group_by_dataset_item_view() == plain.group_by_dataset_item_view()


def test_it_has_the_ways_of_a_list(both: tuple[EvaluationResult, EvaluationResult]) -> None:
    plain, lazy = both[0].test_results, both[1].test_results
    assert len(lazy) == len(plain) == 10
    assert [lazy[n] for n in range(-10, 10)] == [plain[n] for n in range(-10, 10)]
    assert lazy[2:9:3] == plain[2:9:3]
    assert plain == lazy
    assert lazy + plain == plain + lazy == plain * 2
    assert list(reversed(lazy)) == list(reversed(plain))
    assert repr(lazy) == repr(plain)
    assert pickle.loads(pickle.dumps(lazy)) == copy.deepcopy(lazy) == plain
    for at in (10, -11):
        with pytest.raises(IndexError):
            lazy[at]


def test_who_changes_it_has_a_list(both: tuple[EvaluationResult, EvaluationResult]) -> None:
    plain, lazy = both[0].test_results, both[1].test_results
    last = replace(plain[0], trial_id=7)
    for results in (plain, lazy):
        results.append(last)
        results[1] = last
        del results[0]
    assert lazy == plain
    assert [result.trial_id for result in lazy[-1:]] == [7]


def test_a_resume_goes_on_from_one(both: tuple[EvaluationResult, EvaluationResult]) -> None:
    resumed = evaluate_resume(both[0].experiment_id, CountingTask(), [Judge("judge")], verbose=0)
    assert resumed.complete
    assert len(resumed.to_pandas()) == 12
