"""Our ``ScoreResult`` behaves as the one of the ``opik`` package, and what users change of a result is theirs alone."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from opik_resume import evaluate
from opik_resume.experiment.reading import find_experiment, read_experiment
from opik_resume.experiment.results.evaluation_result import build_result
from opik_resume.metrics import ScoreResult
from opik_resume.stores.protocol import Store
from tests import opik_peer
from tests.builders import CountingTask, numbers

Theirs = opik_peer.metrics.score_result.ScoreResult
BOTH = pytest.mark.parametrize("kind", [ScoreResult, Theirs])


def test_fields_order_and_defaults_are_theirs() -> None:
    def shape(kind: Any) -> list[Any]:
        return [(f.name, f.default, f.init, f.repr, f.compare) for f in dataclasses.fields(kind)]

    assert shape(ScoreResult) == shape(Theirs)
    flags = ("init", "repr", "eq", "order", "unsafe_hash", "frozen", "slots", "kw_only")
    kinds: list[Any] = [ScoreResult, Theirs]
    ours, theirs = (kind.__dataclass_params__ for kind in kinds)
    for flag in flags:
        assert getattr(ours, flag, None) == getattr(theirs, flag, None), flag
    assert ScoreResult.__match_args__ == Theirs.__match_args__
    assert ScoreResult.__hash__ is Theirs.__hash__ is None


@BOTH
@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, dataclasses.replace, lambda score: pickle.loads(pickle.dumps(score))]
)
def test_it_is_copied_and_compared(kind: Any, copied: Callable[[Any], Any]) -> None:
    score = kind("a", 0.5, "why", "c", {"m": [1]})
    made = copied(score)
    assert made == score
    assert made is not score
    made.value = 1
    assert (score.value, made.value) == (0.5, 1)
    assert made != score


@BOTH
def test_it_has_a_dict_and_takes_more_attributes(kind: Any) -> None:
    score = kind("a", 0.5)
    expected = {
        "name": "a", "value": 0.5, "reason": None, "category_name": None, "metadata": None, "scoring_failed": False,
    }  # fmt: skip
    assert vars(score) == expected == dataclasses.asdict(score)
    score.note = "mine"
    assert vars(score)["note"] == "mine"
    assert dataclasses.replace(score, value=1).value == 1


def test_what_a_user_changes_of_a_result_is_the_results_alone(store: Store) -> None:
    def judge(dataset_item: dict[str, Any], task_outputs: dict[str, Any]) -> ScoreResult:
        return ScoreResult("judge", 1.0, metadata={"m": [1]})

    whole = {"judge": 1.0}
    result = evaluate(
        numbers(store, 2), CountingTask(), scoring_functions=[judge], verbose=0,
        experiment_scoring_functions=[lambda results: ScoreResult("whole", float(len(results)))],
    )  # fmt: skip
    for test in result.test_results:
        test.score_results[0].value = 7
        metadata = test.score_results[0].metadata
        assert metadata is not None
        metadata["m"].append(2)
    result.experiment_scores[0].value = 7
    experiment = find_experiment(result.experiment_id, store)
    for heavy in (True, False):
        reading = read_experiment(experiment, store, heavy=heavy)
        again = build_result(reading)
        assert [{s.name: s.value for s in test.score_results} for test in again.test_results] == [whole] * 2
        assert [score.value for score in reading.experiment.scores] == [2.0]
    assert [a.scores[0].metadata for a in store.attempts(result.experiment_id, heavy=True)] == [{"m": [1]}] * 2


def test_a_metric_may_keep_and_change_the_score_that_it_returned(store: Store) -> None:
    kept = ScoreResult("judge", 0.0)

    def judge(dataset_item: dict[str, Any], task_outputs: dict[str, Any]) -> ScoreResult:
        kept.value = float(dataset_item["n"])
        return kept

    result = evaluate(numbers(store, 3), CountingTask(), scoring_functions=[judge], verbose=0, task_threads=1)
    assert [test.score_results[0].value for test in result.test_results] == [2.0, 1.0, 0.0]
