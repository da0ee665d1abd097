"""Items are grouped by a field of theirs: which fields there are, which groups, and where every item is then."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume import create_dataset, evaluate
from opik_resume.base.columns.items import Items
from opik_resume.base.records import Item
from opik_resume.notebook.widget.looking import fields
from opik_resume.notebook.widget.looking.fields import fields_of, grouped
from opik_resume.notebook.widget.requests import RequestRefused
from opik_resume.stores.protocol import Store
from tests.notebook.helpers import View

Views = Callable[..., View]


def items(*data: dict[str, Any]) -> Items:
    return Items.of(Item(f"item-{number:06}", each) for number, each in enumerate(data))


def of_field(*values: Any) -> Items:
    return items(*({} if value is ... else {"f": value} for value in values))


def groups(of: Items, field: str = "f") -> tuple[list[Any], list[int]]:
    result, (places,) = grouped(of, f"field:{field}")
    assert result is not None
    assert result["by"] == f"field:{field}"
    return [tuple(group) for group in result["groups"]], np.frombuffer(places, dtype="<u4").tolist()


@pytest.mark.parametrize(
    ("values", "named", "order"),
    [
        (["b", "a", "b", "A"], [("A", 1), ("a", 1), ("b", 2)], [3, 1, 0, 2]),
        ([3, 1.5, 3.0, -2], [("-2", 1), ("1.5", 1), ("3", 2)], [3, 1, 0, 2]),
        ([True, "x", False, 1], [("1", 1), ("false", 1), ("true", 1), ("x", 1)], [3, 2, 0, 1]),
        (["x", ..., None, {"a": 1}, "y" * 61, "two\nlines", math.nan, ""], [("x", 1), (None, 7)], list(range(8))),
        ([10**400, 2], [("2", 1), (None, 1)], [1, 0]),
        (
            ["می‌خواهم", "👩‍👧", "問\u3000答", "à\xa0la"],
            [("à\xa0la", 1), ("می‌خواهم", 1), ("問\u3000答", 1), ("👩‍👧", 1)],
            [3, 0, 2, 1],
        ),
        (["a\u202eb", "tab\there", "x"], [("x", 1), (None, 2)], [2, 0, 1]),
    ],
)
def test_items_are_put_together_by_their_values(values: list[Any], named: list[Any], order: list[int]) -> None:
    assert groups(of_field(*values)) == (named, order)


@given(
    st.lists(st.one_of(st.sampled_from(["a", "b", "ü", True, None, ...]), st.integers(-3, 3)), min_size=1, max_size=30)
)
def test_every_item_has_one_place_in_its_group_which_keeps_the_order(values: list[Any]) -> None:
    if all(value in (None, ...) for value in values):
        return
    named, order = groups(of_field(*values))
    assert sorted(order) == list(range(len(values)))
    at = 0
    for name, size in named:
        part = order[at : at + size]
        assert part == sorted(part)
        told = {None if values[item] in (None, ...) else str(values[item]).lower() for item in part}
        assert told == {name}
        at += size
    assert at == len(values)


@pytest.mark.parametrize("values", [[...], [None, [1]], ["x" * 100]])
def test_a_field_that_groups_nothing_is_refused(values: list[Any]) -> None:
    with pytest.raises(RequestRefused, match="nothing to show by 'field:f'"):
        grouped(of_field(*values), "field:f")


def test_of_too_many_groups_only_the_order_is_told() -> None:
    named, order = groups(of_field(*range(fields.MOST_GROUPS + 1, 0, -1)))
    assert named == []
    assert order == list(range(fields.MOST_GROUPS, -1, -1))


def test_the_fields_are_those_that_put_items_together_or_are_numbers() -> None:
    data = [
        {
            "question": f"What is {n}?", "category": "ab"[n % 2], "level": n, "ratio": n / 7, "always": "same", "list": [n],
            "long": "x" * 100 if n % 2 else "y" * 100, **({"rare": "some"} if n > 20 else {}),
        }
        for n in range(30)
    ]  # fmt: skip
    assert fields_of(items(*data)) == ["category", "level", "ratio", "rare"]
    assert fields_of(items(data[0])) == []
    assert fields_of(items()) == []


def test_of_many_items_only_some_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all of them: a dataset may have its categories one after the other, or in turn."""
    every = {f"{n:06}": Item(f"{n:06}", {"stretch": str(n // 2000), "turn": str(n % 5)}) for n in range(10_000)}
    loaded: list[str] = []

    def load(ids: Any) -> list[Item]:
        loaded.extend(ids)
        return [every[item_id] for item_id in ids]

    of = Items(Items.of(every.values()).ids, np.zeros(len(every), dtype=np.int64), load)
    assert fields_of(of) == ["stretch", "turn"]
    assert len(loaded) == 200


DATA = [
    {"n": 0, "kind": "b"},
    {"n": 1, "kind": "a", "flag": True},
    {"n": 2, "kind": "ü b", "flag": False},
    {"n": 3, "kind": {"a": 1}, "flag": None},
    {"n": 4, "kind": "a"},
]


def test_the_view_offers_fields_and_shows_their_groups(store: Store, view: Views) -> None:
    dataset = create_dataset("data", store=store)
    dataset.insert(DATA)
    made = evaluate(dataset, lambda item: {"output": item["n"]}, [], verbose=0, store=store)
    shown = view()
    found = shown.result("scales", experiment=made.experiment_id)
    assert sorted(found["fields"]) == ["kind", "n"]
    reply = shown.ask("order", experiment=made.experiment_id, by="field:kind")
    assert reply.content["result"] == {"by": "field:kind", "groups": [["a", 2], ["b", 1], ["ü b", 1], [None, 1]]}
    order = np.frombuffer(reply.buffers[0], dtype="<u4").tolist()
    kinds = [shown.result("cell", experiment=made.experiment_id, cell=n)["item"]["kind"] for n in order]
    assert kinds == ["a", "a", "b", "ü b", {"a": 1}]
    assert "nothing to show" in shown.refusal("order", experiment=made.experiment_id, by="field:none")["message"]
