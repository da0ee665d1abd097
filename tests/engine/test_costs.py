"""What runs cost: told by a callable, kept with the run, in the table of results, and never a reason to fail."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opik_resume import connect, evaluate, evaluate_resume
from opik_resume.base.records import Json
from opik_resume.exceptions import ArgumentError
from opik_resume.experiment.reading import find_experiment, read_experiment
from opik_resume.metrics import Equals
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store
from tests.builders import numbers


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield connect(tmp_path / "store.db")
    close_all()


def task(item: Json) -> Json:
    return {"output": item["reference"], "tokens": 1000}


def per_token(item: Json, output: Json) -> float:
    return float(output["tokens"]) * 2e-6


async def awaited(item: Json, output: Json) -> float:
    await asyncio.sleep(0)
    return per_token(item, output)


def costs_of(store: Store, name: str = "e") -> list[float | None]:
    reading = read_experiment(find_experiment(name, store), store, heavy=True)
    return [None if attempt is None else attempt.cost for attempt in reading.grid.attempts]


@pytest.mark.parametrize("cost", [per_token, awaited, lambda item, output: np.float32(0.002)])
@pytest.mark.parametrize("threads", [1, 4])
def test_the_cost_of_each_run_is_kept_with_it(store: Store, cost: Any, threads: int) -> None:
    result = evaluate(
        numbers(store, 5),
        task,
        [Equals()],
        experiment_name="e",
        task_threads=threads,
        cost=cost,
        verbose=0,
        store=store,
    )
    assert costs_of(store) == [pytest.approx(0.002)] * 5
    assert list(result.to_pandas()["cost"]) == [pytest.approx(0.002)] * 5


def test_without_a_source_there_is_no_column(store: Store) -> None:
    result = evaluate(numbers(store, 2), task, [Equals()], experiment_name="e", verbose=0, store=store)
    assert "cost" not in result.to_pandas().columns
    assert costs_of(store) == [None, None]


def _raises(item: Json, output: Json) -> float:
    raise KeyError("usage")


def _exits(item: Json, output: Json) -> float:
    raise SystemExit(3)


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise ValueError("it has no words")


def _unspeakable(item: Json, output: Json) -> float:
    raise UnspeakableError


UNTOLD: dict[str, Callable[..., Any]] = {
    "raises": _raises,
    "exits": _exits,
    "None": lambda item, output: None,
    "text": lambda item, output: "0.2",
    "bool": lambda item, output: True,
    "negative": lambda item, output: -0.1,
    "nan": lambda item, output: math.nan,
    "infinite": lambda item, output: math.inf,
    "without words": _unspeakable,
}


@pytest.mark.parametrize("kind", UNTOLD)
def test_a_cost_that_cannot_be_told_fails_no_run_and_is_said_once(
    store: Store, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    result = evaluate(
        numbers(store, 3), task, [Equals()], experiment_name="e", cost=UNTOLD[kind], verbose=0, store=store
    )
    assert (result.complete, len(result.failures)) == (True, 0)
    assert costs_of(store) == [None] * 3
    (said,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert said.startswith("3 runs have no cost, in no sum and not in max_cost either, because cost() failed: ")
    reading = read_experiment(find_experiment("e", store), store, heavy=True)
    noted = [attempt.notes[-1] for attempt in reading.grid.attempts if attempt]
    assert all(note.startswith("cost() could not tell what this run cost: ") for note in noted)


def test_some_that_have_a_cost_and_some_that_have_none(store: Store) -> None:
    def cost(item: Json, output: Json) -> float:
        return 0.0 if item["reference"] == "0" else 1 / 0

    result = evaluate(numbers(store, 3), task, [Equals()], experiment_name="e", cost=cost, verbose=0, store=store)
    table = result.to_pandas()
    assert sorted(table["cost"].isna()) == [False, True, True]


def test_the_callable_gets_copies_and_cannot_change_what_is_kept(store: Store) -> None:
    def cost(item: Json, output: Json) -> float:
        item.clear()
        return 0.5

    result = evaluate(numbers(store, 2), task, [Equals()], cost=cost, verbose=0, store=store)
    assert [r.score_results[0].value for r in result.test_results] == [1.0, 1.0]
    assert all("reference" in r.test_case.dataset_item_content for r in result.test_results)


def test_a_run_whose_scoring_failed_was_paid_for_and_scoring_again_costs_nothing(store: Store) -> None:
    wants: dict[str, Any] = {"scoring_key_mapping": {"reference": lambda item: item["absent"]}}
    dataset = numbers(store, 6)
    evaluate(dataset, task, [Equals()], experiment_name="e", cost=per_token, verbose=0, store=store, **wants)
    assert costs_of(store) == [pytest.approx(0.002)] * 6
    again = evaluate_resume(
        "e",
        task,
        [Equals()],
        reuse_outputs=True,
        cost=per_token,
        max_cost=0.001,
        task_threads=1,
        verbose=0,
        store=store,
    )
    assert (again.complete, again.stopped_by) == (True, None)
    assert costs_of(store) == [pytest.approx(0.002)] * 6


@pytest.mark.parametrize("door", ["evaluate", "evaluate_resume"])
def test_max_cost_without_a_source_is_refused_up_front(store: Store, door: str) -> None:
    calls: list[Json] = []
    dataset = numbers(store, 2)
    evaluate(dataset, task, experiment_name="e", max_runs=1, verbose=0, store=store)
    with pytest.raises(ArgumentError, match="max_cost needs to know what each run costs: pass cost="):
        if door == "evaluate":
            evaluate(dataset, calls.append, max_cost=1.0, verbose=0, store=store)
        else:
            evaluate_resume("e", calls.append, max_cost=1.0, verbose=0, store=store)
    assert not calls


def test_what_is_no_callable_is_refused(store: Store) -> None:
    with pytest.raises(ArgumentError, match="cost must be a function of item and output"):
        evaluate(numbers(store, 2), task, cost=0.1, verbose=0, store=store)  # type: ignore[arg-type]


@pytest.mark.parametrize("cost", [lambda item: 1.0, lambda *, item, output: 1.0, lambda item, output, model: 1.0])
def test_what_cannot_be_called_with_item_and_output_is_refused_before_anything_is_paid(store: Store, cost: Any) -> None:
    """It would tell no cost of any run, and ``max_cost`` would bound nothing."""
    calls: list[Any] = []
    with pytest.raises(ArgumentError, match="cost <lambda> cannot be called with two arguments, the item dict and"):
        evaluate(numbers(store, 2), calls.append, cost=cost, max_cost=1.0, verbose=0, store=store)
    assert not calls
