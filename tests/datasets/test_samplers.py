"""Samplers: what is drawn, what a sampler is given, and what it may return."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume.base.records import Item
from opik_resume.exceptions import ArgumentError
from opik_resume.samplers import BaseDatasetSampler, DatasetItem, RandomDatasetSampler, draw

ITEMS = [Item(f"id-{n}", {"n": n, "kind": "odd" if n % 2 else "even"}) for n in range(10)]


class Returns:
    """A sampler that returns what it is told to, given what it was given."""

    def __init__(self, answer: Any) -> None:
        self.sample = answer


# Drawn by opik 2.2.122 from range(10).
@pytest.mark.parametrize(
    ("max_samples", "shuffle", "seed", "drawn"),
    [
        (3, True, 42, [0, 4, 1]),
        (3, False, 42, [1, 0, 4]),
        (20, True, 7, [1, 0, 6, 7, 3, 8, 9, 4, 2, 5]),
        (20, False, 7, [5, 2, 6, 9, 0, 7, 4, 1, 3, 8]),
        (0, True, 1, []),
    ],
)
def test_the_same_items_as_opik_for_the_same_seed(max_samples: int, shuffle: bool, seed: int, drawn: list[int]) -> None:
    sampler = RandomDatasetSampler(max_samples, shuffle, seed)
    assert [item.data["n"] for item in draw(sampler, ITEMS)] == drawn
    assert [item.data["n"] for item in draw(sampler, ITEMS)] == drawn


@given(st.integers(0, 15), st.booleans(), st.none() | st.integers(), st.integers(0, 10))
def test_some_of_the_items_each_once(max_samples: int, shuffle: bool, seed: int | None, there: int) -> None:
    drawn = draw(RandomDatasetSampler(max_samples, shuffle, seed), ITEMS[:there])
    assert len({item.id for item in drawn}) == len(drawn) == min(max_samples, there)


@pytest.mark.parametrize("max_samples", [-1, 2.0, "3", None, True])
def test_max_samples_must_be_a_whole_number(max_samples: Any) -> None:
    with pytest.raises(ArgumentError, match="max_samples must be a whole number of 0 or more"):
        RandomDatasetSampler(max_samples)


def test_a_sampler_of_ones_own_sees_items_as_opiks_do() -> None:
    class OddOnes(BaseDatasetSampler):
        def sample(self, data_items: list[Any]) -> list[Any]:
            assert data_items[0].get_content() == {"n": 0, "kind": "even"}
            return [item for item in data_items if item.kind == "odd"]

    assert [item.data["n"] for item in draw(OddOnes(), ITEMS)] == [1, 3, 5, 7, 9]


def test_a_sampler_without_sample_cannot_be_made() -> None:
    class Incomplete(BaseDatasetSampler):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Incomplete()  # type: ignore[abstract]


def test_an_item_drawn_twice_is_there_twice_and_in_the_order_drawn() -> None:
    drawn = draw(Returns(lambda items: [items[3], items[0], items[3]]), ITEMS)
    assert [item.id for item in drawn] == ["id-3", "id-0", "id-3"]


def test_what_the_sampler_does_to_its_list_changes_nothing() -> None:
    items = list(ITEMS)
    draw(Returns(lambda given: [given.pop(), *(given.clear() or [])]), items)
    assert items == ITEMS


@pytest.mark.parametrize(
    ("sampler", "message"),
    [
        (RandomDatasetSampler, "is the class RandomDatasetSampler: pass an instance"),
        (5, "int has not"),
        (Returns(None), "must have a method sample"),
        (Returns(lambda items: None), "must return a list of items, got NoneType"),
        (Returns(lambda items: items[0].get_content()), "must return a list of items, got dict"),
        (Returns(lambda items: [item.get_content() for item in items]), "only items that it was given"),
        (Returns(lambda items: [DatasetItem(Item("new", {"n": 1}))]), "only items that it was given"),
    ],
)
def test_what_is_no_sampler_is_refused(sampler: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        draw(sampler, ITEMS)


def test_what_a_sampler_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        draw(Returns(lambda items: 1 / 0), ITEMS)


def test_the_view_has_the_fields_of_opiks_item() -> None:
    view = DatasetItem(Item("id-1", {"n": 1, "description": "one"}, runs_per_item=3))
    assert (view.id, view.n, view.description) == ("id-1", 1, "one")
    assert (view.source, view.trace_id, view.span_id, view.evaluators) == ("sdk", None, None, None)
    assert view.execution_policy is not None
    assert view.execution_policy.runs_per_item == 3
    assert view.get_content(include_id=True) == {"n": 1, "description": "one", "id": "id-1"}
    assert DatasetItem(ITEMS[0]).execution_policy is None


def test_the_view_is_read_only_and_copies() -> None:
    view = DatasetItem(ITEMS[1])
    view.get_content()["n"] = 99
    view.model_extra["n"] = 99
    assert view.n == 1
    for again in (copy.deepcopy(view), pickle.loads(pickle.dumps(view))):
        assert (again.id, again.n) == ("id-1", 1)
    with pytest.raises(AttributeError, match="item id-1 has no 'm'; its data has n, kind"):
        _ = view.m
