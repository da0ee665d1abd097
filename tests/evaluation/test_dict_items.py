"""``evaluate_on_dict_items``: no dataset, no experiment, nothing recorded."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from opik_resume import evaluate_on_dict_items, exceptions, experiments
from opik_resume.metrics import Equals
from opik_resume.stores.protocol import Store

ITEMS = [{"input": str(n), "reference": str(n)} for n in range(6)]


def echo(item: dict[str, Any]) -> dict[str, Any]:
    return {"output": item["input"] if item["input"] != "3" else "wrong"}


@pytest.mark.parametrize("threads", [1, 4])
def test_the_results_are_in_the_order_of_the_items_and_nothing_is_recorded(threads: int, store: Store) -> None:
    result = evaluate_on_dict_items(ITEMS, echo, [Equals()], scoring_threads=threads)
    assert [each.test_case.dataset_item_id for each in result.test_results] == [f"temp_item_{n}" for n in range(6)]
    assert [each.score_results[0].value for each in result.test_results] == [1, 1, 1, 0, 1, 1]
    assert result.test_results[2].test_case.dataset_item_content == {**ITEMS[2], "id": "temp_item_2"}
    assert result.aggregate_evaluation_scores()["equals_metric"].mean == 5 / 6
    assert experiments().empty


def test_coroutines_mappings_and_functions_are_taken() -> None:
    async def task(item: dict[str, Any]) -> dict[str, Any]:
        return {"answer": item["input"]}

    def same(dataset_item: dict[str, Any], task_outputs: dict[str, Any]) -> float:
        return float(dataset_item["input"] == task_outputs["answer"])

    result = evaluate_on_dict_items(ITEMS, task, [Equals()], [same], scoring_key_mapping={"output": "answer"})
    assert [score.value for each in result.test_results for score in each.score_results] == [1.0] * 12


def test_the_first_exception_is_raised_after_all_have_run_and_has_the_others() -> None:
    calls: list[str] = []

    def task(item: dict[str, Any]) -> dict[str, Any]:
        calls.append(item["input"])
        if item["input"] in "24":
            raise ValueError(item["input"])
        return {"output": item["input"]}

    with pytest.raises(ValueError, match=r"^2$") as raised:
        evaluate_on_dict_items(ITEMS, task, [Equals()])
    assert sorted(calls) == list("012345")
    kept = raised.value.result.test_results  # type: ignore[attr-defined]
    assert [each.test_case.task_output["output"] for each in kept] == list("0135")


def test_a_missing_argument_raises_as_in_opik() -> None:
    with pytest.raises(exceptions.ScoreMethodMissingArguments, match="reference"):
        evaluate_on_dict_items([{"input": "a"}], echo, [Equals()])


def test_without_metrics_nothing_is_run(caplog: pytest.LogCaptureFixture) -> None:
    assert evaluate_on_dict_items(ITEMS, lambda item: pytest.fail("called")).test_results == []
    assert "no metrics" in caplog.text
    assert evaluate_on_dict_items([], echo, [Equals()]).test_results == []


@pytest.mark.parametrize("items", [None, "text", {"a": 1}, [1]])
def test_items_that_are_no_dicts_are_refused_before_anything_runs(items: Any) -> None:
    with pytest.raises(exceptions.ArgumentError, match="items"):
        evaluate_on_dict_items(items, lambda item: pytest.fail("called"), [Equals()])


def test_an_interrupt_starts_nothing_more() -> None:
    running, calls = threading.Event(), []

    def task(item: dict[str, Any]) -> dict[str, Any]:
        calls.append(item["input"])
        running.set()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate_on_dict_items(ITEMS, task, [Equals()], scoring_threads=1)
    assert calls == ["0"]
