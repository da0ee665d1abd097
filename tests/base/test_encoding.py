"""What is stored of what a task returns: never nothing, and never anything that cannot be stored."""

from __future__ import annotations

import dataclasses
import enum
import sys
from collections import OrderedDict, deque
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume.base.text.encoding import DEEPEST, encoded
from opik_resume.base.text.jsontext import as_read_back, from_json, to_json
from tests.strategies import JSON


class Silent:
    """An object that says nothing of itself."""


class Broken:
    def __str__(self) -> str:
        raise ValueError("no")

    __repr__ = __str__


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass(frozen=True)
class Point:
    x: Any
    y: Any = None


ODD = (
    st.floats()
    | st.binary(max_size=3)
    | st.decimals(allow_nan=False)
    | st.complex_numbers()
    | st.dates()
    | st.datetimes()
    | st.timedeltas()
    | st.uuids()
    | st.sampled_from([Colour.RED, Silent(), len, int])
    | st.text(st.characters(categories=["Cs"]), max_size=2)
)
ANYTHING = st.recursive(
    JSON | ODD | st.builds(deque, st.just([1])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(JSON.filter(lambda key: not isinstance(key, (list, dict))) | ODD, inner, max_size=3)
        | inner.map(Point)
        | inner.map(lambda value: (each for each in [value]))
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=3))
def test_json_stays_as_it_is(value: dict[str, Any]) -> None:
    assert encoded(value) == (value, ())


@given(st.dictionaries(st.text(), ANYTHING, max_size=3))
def test_it_never_raises_and_what_it_makes_can_be_kept_by_everything(value: dict[str, Any]) -> None:
    made, notes = encoded(value)
    assert as_read_back(made) == made
    to_json([made, notes]).encode("utf-8")
    assert encoded(made) == (made, ())


@pytest.mark.parametrize(
    ("value", "made"),
    [
        (float("nan"), "<float NaN>"),
        (float("inf"), "<float Infinity>"),
        (-float("inf"), "<float -Infinity>"),
        pytest.param(10**5000, f"<repr> {10**5000:#x}", id="huge"),
        (1 + 2j, "<repr> (1+2j)"),
        (deque([1, 2]), "<repr> deque([1, 2])"),
        (Broken(), "<Broken that cannot be shown: ValueError>"),
        ({(1, 2): "a"}, {"(1, 2)": "a"}),
        ({Point(1): 2}, {"Point(x=1, y=None)": 2}),
        ({None: 1, True: 2, 1.5: 3, 7: 4}, {"null": 1, "true": 2, "1.5": 3, "7": 4}),
        (OrderedDict(a={1}), {"a": [1]}),
    ],
)
def test_what_is_ours(value: Any, made: Any) -> None:
    assert encoded({"x": value})[0] == {"x": made}


def test_a_note_names_each_kind_what_became_of_it_and_where() -> None:
    _, notes = encoded({"a": [{1}, {2}], "b": {"c": Decimal("1.5")}, "d": "plain", "e": float("nan")})
    assert notes == (
        "set kept as a list: ['a'][0] and 1 more",
        "Decimal kept as text: ['b']['c']",
        "float kept as a mark: ['e']",
    )


def test_the_notes_are_few() -> None:
    odd = {f"k{n}": type(f"T{n}", (), {})() for n in range(50)}
    _, notes = encoded(odd)
    assert len(notes) == 21
    assert notes[-1] == "30 more kinds of values were converted"


def test_a_value_within_itself_is_cut_and_one_that_stands_twice_is_not() -> None:
    value: dict[str, Any] = {"twice": [shared := {"s": {1}}, shared]}
    value["self"] = value
    value["list"] = [value["list"]] if "list" in value else []
    value["list"].append(value["list"])
    made, _ = encoded(value)
    assert made["twice"] == [{"s": [1]}, {"s": [1]}]
    assert made["self"] == f"<Cyclic reference to dict id={id(value)}>"
    assert made["list"] == [f"<Cyclic reference to list id={id(value['list'])}>"]


@pytest.mark.parametrize("depth", [DEEPEST - 1, DEEPEST, DEEPEST + 1, 900, 5_000, 100_000])
@pytest.mark.parametrize("innermost", ["x", {1}])
def test_any_depth_of_nesting_is_kept_so_that_it_can_be_read_back(depth: int, innermost: Any) -> None:
    value = innermost
    for _ in range(depth):
        value = [value]
    made, _ = encoded({"deep": value})
    assert from_json(to_json(made)) == made
    assert levels(made) == min(depth + 1 + isinstance(innermost, set), DEEPEST)


def levels(value: Any) -> int:
    level, count = [value], 0
    while level := [each for each in level if isinstance(each, (dict, list))]:
        level = [each for holder in level for each in (holder.values() if isinstance(holder, dict) else holder)]
        count += 1
    return count


def test_what_a_library_that_is_not_there_would_have_is_not_looked_for() -> None:
    before = set(sys.modules)
    encoded({"x": {1}})
    assert not {"numpy", "pydantic", "pandas"} & (set(sys.modules) - before)


def test_generators_become_lists_in_place() -> None:
    output: dict[str, Any] = {"a": (n for n in range(2)), "b": [{"c": (n for n in "x")}], "t": ({}, (n for n in [1]))}
    output["cycle"] = output
    made, notes = encoded(output)
    assert notes == ("dict kept as a mark: ['cycle']",)
    del output["cycle"]
    assert made.pop("cycle").startswith("<Cyclic reference to dict id=")
    assert made == {"a": [0, 1], "b": [{"c": ["x"]}], "t": [{}, [1]]}
    assert output == {"a": [0, 1], "b": [{"c": ["x"]}], "t": ({}, [1])}


def test_a_generator_that_raises_says_so() -> None:
    with pytest.raises(ZeroDivisionError):
        encoded({"a": (1 / n for n in [0])})
