"""Datasets as users handle them."""

from __future__ import annotations

from typing import Any

import pytest

from opik_resume import create_dataset, exceptions, get_dataset, get_or_create_dataset
from opik_resume.base.ids import new_id
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


CYCLE: list[Any] = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("text", r"items\[1\] must be a dict"),
        ({}, r"items\[1\] must have at least one key"),
        ({1: "x"}, "keys that are strings"),
        ({"x": object()}, "cannot be stored as JSON"),
        ({"x": float("inf")}, r"items\[1\]\['x'\] cannot be stored as JSON: it is inf.*put None or a text there"),
        ({"x": {"y": [1, float("nan")]}}, r"items\[1\]\['x'\]\['y'\]\[1\] cannot .*: it is nan"),
        ({"x": [{"y": object()}]}, r"items\[1\]\['x'\]\[0\]\['y'\] cannot .* type object.*convert it first"),
        ({"x": {(1, 2): 3}}, r"items\[1\]\['x'\] cannot .* key of type tuple"),
        ({"x": 10**5000}, r"items\[1\]\['x'\] cannot .* more digits"),
        ({"x": CYCLE}, r"items\[1\]\['x'\].* cannot .* within itself"),
        ({"x": float("nan")}, r"items\[1\] must have at least one key"),
        ({"x": 1, "id": "7"}, r"items\[1\]\['id'\] must be a UUID"),
        ({"x": 1, "id": "simple_python_0"}, r"'simple_python_0'.*rename the key, for example to 'item_key'.*Nothing"),
        ({"x": 1, "id": 7}, r"got 7.*rename the key, for example to 'item_key'"),
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


def test_deleting_updating_and_clearing_make_versions_and_leave_old_ones(store: Store) -> None:
    dataset = create_dataset("questions")
    dataset.insert([{"q": 1}, {"q": 2}])
    one, two = sorted(dataset.get_items(), key=lambda item: item["q"])
    dataset.update([{**one, "q": 10}])
    dataset.delete([two["id"]])
    dataset.clear()
    held = [sorted(item["q"] for item in version.get_items()) for version in reversed(dataset.versions())]
    assert held == [[1, 2], [2, 10], [10], []]
    assert [version.version_name for version in dataset.versions()] == ["v4", "v3", "v2", "v1"]


def test_changing_nothing_makes_no_version(store: Store) -> None:
    dataset = create_dataset("questions")
    dataset.clear()
    dataset.insert([{"q": 1}])
    dataset.update(dataset.get_items())
    dataset.delete([])
    dataset.delete([new_id()])
    assert [version.version_name for version in dataset.versions()] == ["v1"]


def test_an_item_deleted_and_inserted_again_is_there_again(store: Store) -> None:
    dataset = create_dataset("questions")
    dataset.insert([{"q": 1}])
    dataset.clear()
    dataset.insert([{"q": 1}])
    assert [item["q"] for item in dataset.get_items()] == [1]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda dataset: dataset.update([{"q": 1}]), r"items\[0\] needs its 'id'"),
        (lambda dataset: dataset.delete("one id"), "items_ids must be a list"),
        (lambda dataset: dataset.delete(["7"]), r"items_ids\[0\] must be a UUID"),
        (lambda dataset: dataset.insert({"q": 1}), "items must be a list of dicts"),
        (lambda dataset: dataset.get_items(filter_string="nonsense"), "filter_string"),
    ],
)
def test_bad_arguments_are_named_and_change_nothing(store: Store, call: Any, says: str) -> None:
    dataset = create_dataset("questions")
    dataset.insert([{"q": 0}])
    with pytest.raises(exceptions.ArgumentError, match=says):
        call(dataset)
    assert len(dataset.versions()) == 1


def test_rows_of_a_dataframe_become_items(store: Store) -> None:
    import pandas as pd

    frame = pd.DataFrame(
        {
            "Question": ["a", "b"],
            "n": [1, 2],
            "score": [0.5, None],
            "when": pd.to_datetime(["2026-01-01", "2026-01-02"]),
            "useless": [0, 0],
        }
    )
    dataset = create_dataset("questions")
    dataset.insert_from_pandas(frame, keys_mapping={"Question": "question"}, ignore_keys=["useless"])
    items = sorted(({k: v for k, v in item.items() if k != "id"} for item in dataset.get_items()), key=lambda i: i["n"])
    when = items[0].pop("when")  # with the zone of this machine, as in the SDK
    assert when.startswith("2026-01-01T00:00:00")
    assert items[0] == {"question": "a", "n": 1, "score": 0.5}
    assert "score" not in items[1]


def test_items_are_filtered_in_opiks_language(store: Store) -> None:
    dataset = create_dataset("questions")
    dataset.insert({"level": level, "n": n} for n, level in enumerate(["easy", "hard", "easy"]))
    assert {item["n"] for item in dataset.get_items(filter_string='data.level = "easy"')} == {0, 2}
    assert len(dataset.get_items(nb_samples=1, filter_string='data.level = "easy"')) == 1
