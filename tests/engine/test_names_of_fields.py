"""Fields of items and outputs may have any name: they are handed to metrics by name, through functions of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from opik_resume import (
    aevaluate,
    create_dataset,
    evaluate,
    evaluate_experiment,
    evaluate_on_dict_items,
    evaluate_resume,
)
from opik_resume.base.records import Json
from opik_resume.metrics import Equals
from opik_resume.stores.protocol import Store

NAMES = (
    "self",
    "function",
    "key",
    "fn",
    "func",
    "call",
    "args",
    "kwargs",
    "error",
    "seconds",
    "metric",
    "item",
    "keys",
    "loop",
)
ITEMS: list[Json] = [{**dict.fromkeys(NAMES, number), "reference": "a"} for number in range(2)]


def task(item: Json) -> dict[Any, Any]:
    return {"output": "a", "function": "f", "cls": 1, 3: "no name", None: "none either"}


class Open:
    """A metric that is handed everything; its own instance has another name."""

    name = "open"

    def score(this, **everything: Any) -> float:  # noqa: N805
        assert all(isinstance(name, str) for name in everything)
        return float({*NAMES, "cls"} <= everything.keys())


def in_threads(dataset: Any, **how: Any) -> Any:
    with ThreadPoolExecutor(2) as executor:
        return evaluate(dataset, task, [Equals(), Open()], executor=executor, **how)


DOORS: dict[str, Callable[..., Any]] = {
    "plain": lambda dataset, **how: evaluate(dataset, task, [Equals(), Open()], **how),
    "in the caller's thread": lambda dataset, **how: evaluate(dataset, task, [Equals(), Open()], task_threads=1, **how),
    "heeding nobody": lambda dataset, **how: evaluate(dataset, task, [Equals(), Open()], adaptive=False, **how),
    "with a time-out": lambda dataset, **how: evaluate(dataset, task, [Equals(), Open()], timeout=20, **how),
    "awaited": lambda dataset, **how: asyncio.run(aevaluate(dataset, task, [Equals(), Open()], task_threads=1, **how)),
    "elsewhere": in_threads,
}  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
def test_every_metric_is_given_them(store: Store, door: str) -> None:
    dataset = create_dataset("named", store=store)
    dataset.insert(ITEMS)
    result = DOORS[door](dataset, experiment_name="e", verbose=0)
    assert result.failures.message.tolist() == []
    assert {score.value for test in result.test_results for score in test.score_results} == {1.0}


@pytest.mark.parametrize("threads", [1, 4])
def test_so_it_is_when_scores_are_made_later(store: Store, threads: int) -> None:
    dataset = create_dataset("named", store=store)
    dataset.insert(ITEMS)
    evaluate(dataset, task, [], experiment_name="e", verbose=0)
    scored = evaluate_experiment("e", [Equals(), Open()], scoring_threads=threads, verbose=0)
    assert {score.value for test in scored.test_results for score in test.score_results} == {1.0}
    assert evaluate_resume("e", task, [], verbose=0).complete


def test_so_it_is_of_dicts() -> None:
    result = evaluate_on_dict_items(ITEMS, task, [Equals(), Open()], verbose=0)
    assert {score.value for test in result.test_results for score in test.score_results} == {1.0}
