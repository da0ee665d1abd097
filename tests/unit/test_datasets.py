"""Datasets as users handle them."""

from __future__ import annotations

from typing import Any

import pytest

from opik_resume import create_dataset, exceptions, get_dataset, get_or_create_dataset
from opik_resume.ids import new_id
from opik_resume.stores.protocol import Store


def test_get_or_create_makes_one_and_opens_it_ever_after(store: Store) -> None:
    made = get_or_create_dataset("questions", "about things")
    assert get_or_create_dataset("questions").id == made.id
    assert made.description == "about things"


def test_items_are_read_back_newest_first_with_their_ids(store: Store) -> None:
    dataset = create_dataset("questions")
    mine = new_id()
    dataset.insert([{"q": "old"}, {"id": mine, "q": "new", "nested": {"a": [1, None]}}])
    items = dataset.get_items()
    assert [item["q"] for item in items] == ["old", "new"], "the id of mine was minted before the other's"
    assert items[1] == {"id": mine, "q": "new", "nested": {"a": [1, None]}}
    assert [item["q"] for item in dataset.get_items(nb_samples=1)] == ["old"]
    assert dataset.to_pandas().q.tolist() == ["old", "new"]


def test_versions_are_opened_by_name(store: Store) -> None:
    dataset = create_dataset("questions")
    dataset.insert([{"q": 1}])
    dataset.insert([{"q": 2}])
    first = get_dataset("questions", "v1")
    assert (len(first), len(dataset)) == (1, 2)
    assert [item["q"] for item in first.get_items()] == [1]
    with pytest.raises(exceptions.DatasetNotFound, match=r"no version 'v9'; there are: v2, v1"):
        dataset.get_version_view("v9")


def test_an_empty_dataset_can_be_looked_at(store: Store) -> None:
    dataset = create_dataset("empty")
    assert (len(dataset), dataset.get_items(), len(dataset.to_pandas())) == (0, [], 0)
    assert "empty" in repr(dataset)
    dataset.insert([])
    assert dataset.latest() is None


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("text", r"items\[1\] must be a dict"),
        ({}, r"items\[1\] must have at least one key"),
        ({1: "x"}, "keys that are strings"),
        ({"x": object()}, "cannot be stored as JSON"),
        ({"x": float("inf")}, "cannot be stored as JSON"),
        ({"x": 1, "id": "7"}, r"items\[1\]\['id'\] must be a UUID"),
        ({"x": 1, "execution_policy": {"runs_per_item": 0}}, "execution_policy"),
        ({"x": 1, "execution_policy": 3}, "execution_policy"),
    ],
)
def test_a_bad_item_is_named_and_nothing_is_inserted(store: Store, item: Any, says: str) -> None:
    dataset = create_dataset("questions")
    with pytest.raises(exceptions.ArgumentError, match=says):
        dataset.insert([{"fine": 1}, item])
    assert len(dataset) == 0


@pytest.mark.parametrize("name", ["", "  ", None])
def test_a_dataset_needs_a_name(store: Store, name: Any) -> None:
    with pytest.raises(exceptions.ArgumentError, match="name"):
        create_dataset(name)
