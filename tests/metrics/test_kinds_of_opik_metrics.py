"""Metrics of every kind of the real ``opik`` package, handed to our doors unchanged, on the embedded store."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_experiment
from opik_resume.exceptions import ArgumentError
from opik_resume.metrics import BaseMetric, ScoreResult
from opik_resume.stores.protocol import Store
from tests import opik_peer
from tests.builders import CountingTask, numbers

Json = dict[str, Any]
QUIET: dict[str, Any] = {"verbose": 0, "task_threads": 2}


def scores_of(result: Any) -> list[list[tuple[str, float, str | None]]]:
    return [[(s.name, s.value, s.reason) for s in test.score_results] for test in result.test_results]


class Looking(BaseMetric):
    """It wants the span of the task."""

    def score(self, output: str, task_span: Any) -> ScoreResult:
        return ScoreResult(self.name, float(len(task_span.spans)), f"{task_span.name}: {task_span.output}")


def of_span(task_span: Any) -> ScoreResult:
    return ScoreResult("function", 1.0, task_span.input["item"]["reference"])


def answer(item: Json) -> Json:
    return {"output": item["reference"]}


def test_a_wrapped_function_gets_item_and_output_whatever_is_mapped(store: Store) -> None:
    from opik.evaluation.scorers import ScorerWrapperMetric

    def judge(dataset_item: Json, task_outputs: Json) -> Any:
        good = dataset_item["reference"] == task_outputs["output"]
        return opik_peer.metrics.score_result.ScoreResult(
            name="judge", value=float(good), reason=str(dataset_item["n"])
        )

    wrapped: Any = ScorerWrapperMetric(judge, name="wrapped", track=False)  # type: ignore[arg-type]
    result = evaluate(numbers(store, 2), answer, [wrapped], scoring_key_mapping={"n": "output"}, **QUIET)
    assert scores_of(result) == [[("judge", 1.0, "1")], [("judge", 1.0, "0")]]
    again = evaluate_experiment(result.experiment_id, [wrapped], verbose=0)
    assert scores_of(again) == scores_of(result)


def test_a_metric_of_several_asks_for_what_they_need_before_anything_is_scored(store: Store) -> None:
    class Needy(opik_peer.metrics.BaseMetric):
        def score(self, context: str) -> Any:
            raise AssertionError("never called")

    called: list[Any] = []

    def first(dataset_item: Json, task_outputs: Json) -> float:
        called.append(dataset_item)
        return 1.0

    several = opik_peer.metrics.AggregatedMetric(
        "all", [Needy("needy", track=False)], lambda found: found[0], track=False
    )
    result = evaluate(numbers(store, 1), answer, [several], scoring_functions=[first], **QUIET)
    assert list(result.failures.error_type) == ["ScoreMethodMissingArguments"]
    assert "needy" in result.failures.message[0]
    assert called == []


@pytest.fixture
def tracing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package traces, to nowhere."""
    monkeypatch.setenv("OPIK_URL_OVERRIDE", "http://127.0.0.1:9/api/")
    monkeypatch.setenv("OPIK_CHECK_TLS_CERTIFICATE", "false")  # none is looked at, and reading them warns
    opik_peer.opik.set_tracing_active(True)
    yield
    opik_peer.opik.set_tracing_active(False)


@pytest.mark.usefixtures("tracing")
def test_a_metric_sees_the_span_of_the_task_on_the_embedded_store_too(store: Store) -> None:
    result = evaluate(numbers(store, 2), answer, [Looking("looking")], scoring_functions=[of_span], **QUIET)
    assert result.failures.empty, result.failures.to_string()
    assert scores_of(result) == [
        [("looking", 0.0, f"answer: {{'output': '{n}'}}"), ("function", 1.0, str(n))] for n in (1, 0)
    ]


def test_without_the_package_one_that_looks_is_refused_before_anything_is_paid(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, task = numbers(store, 2), CountingTask()
    monkeypatch.setitem(sys.modules, "opik", None)
    for how, name in (
        ({"scoring_metrics": [Looking("looking")]}, "looking"),
        ({"scoring_functions": [of_span]}, "of_span"),
    ):
        (argument,) = how
        said = rf"{argument}\[0\]: {name} asks for task_span, which the opik package makes, and it is not installed"
        with pytest.raises(ArgumentError, match=said):
            evaluate(dataset, task, **how, **QUIET)
    assert task.total == 0
    assert store.find()[1] == 0


def test_there_is_no_span_to_look_at_when_a_run_is_only_scored_again(store: Store) -> None:
    result = evaluate(numbers(store, 1), answer, **QUIET)
    again = evaluate_experiment(result.experiment_id, [Looking("looking")], verbose=0)
    ((name, _, reason),) = scores_of(again)[0]
    assert name == "looking"
    assert "there is no task_span" in str(reason)
    assert set(again.failures.state) == {"scores_missing"}


def test_a_function_must_take_item_and_output_or_the_span(store: Store) -> None:
    def neither(dataset_item: Json) -> float:
        raise AssertionError("never called")

    with pytest.raises(ArgumentError, match="must take the arguments dataset_item and task_outputs"):
        evaluate(numbers(store, 1), answer, scoring_functions=[neither], **QUIET)
