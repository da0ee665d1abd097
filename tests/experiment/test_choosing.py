"""``only=`` in columns is what it says cell by cell; what matches nothing is an error."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume.base.records import CellKey, CellState
from opik_resume.exceptions import ArgumentError
from opik_resume.experiment.failures.causes import Cause
from opik_resume.experiment.planning.choosing import chosen, offered
from opik_resume.experiment.planning.planned import PlannedCell, PlannedCells

ERRORS = [
    ("RateLimitError", "used 17"),
    ("RateLimitError", "used 4"),
    ("KeyError", "'a'"),
    ("judge", "odd"),
    ("Refused[Call]", "odd"),  # as a class of one is called, of all that are generic
    ("", "gone"),
]
GROUPS = ["RateLimitError: used <number>", "KeyError: <value>", "judge: odd", "gone", "never started"]
WORDS = [
    "failed",
    *CellState.__members__,
    "RateLimit*",
    "*Error",
    "KeyError",
    "judge",
    "failing",
    "nobody",
    "*",
    *GROUPS,
]

causes = st.builds(
    lambda state, error, metric: Cause(state, error[0], error[1], metric if state is CellState.scores_missing else None),
    st.sampled_from(CellState), st.sampled_from(ERRORS), st.sampled_from(["judge", "failing", "completed"]),
)  # fmt: skip
planned = st.dictionaries(
    st.builds(CellKey, st.sampled_from(["a", "b", "é"]), st.integers(0, 2)), st.lists(causes, min_size=1, max_size=2),
    max_size=7,
).map(lambda cells: [PlannedCell(key, why[0].state, "run", "x", (), tuple(why)) for key, why in cells.items()])  # fmt: skip

words = st.sampled_from(WORDS)
some_words = words | st.lists(words, min_size=1, max_size=2)
items = st.sampled_from(["a", "b", "é", "nobody", 0, 1, 2, 7])
pairs = st.tuples(items, st.integers(0, 3))
dicts = st.fixed_dictionaries(
    {},
    optional={
        "states": some_words, "exceptions": some_words, "groups": some_words, "metrics": some_words,
        "items": items | st.lists(items, min_size=1, max_size=2), "cells": pairs | st.lists(pairs, min_size=1, max_size=2),
        "trials": st.integers(0, 3) | st.lists(st.integers(0, 3), min_size=1, max_size=2),
    },
).filter(bool)  # fmt: skip
onlys = st.recursive(words | dicts, lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=4)


class NothingError(Exception):
    pass


def plain(cells: list[PlannedCell], only: Any) -> set[CellKey]:
    """What ``only`` means, a cell and a cause at a time."""
    if isinstance(only, str):
        return word(cells, only)
    if isinstance(only, Mapping):
        found = set.intersection(*(union(cells, key, value) for key, value in only.items()))
        if not found:
            raise NothingError
        return found
    return set.union(*(plain(cells, each) for each in only))


def word(cells: list[PlannedCell], said: str) -> set[CellKey]:
    kinds = ["states"] if said == "failed" or said in CellState.__members__ else ["exceptions", "groups", "metrics"]
    for kind in kinds:
        if found := matching(cells, kind, said):
            return found
    raise NothingError


def union(cells: list[PlannedCell], kind: str, value: Any) -> set[CellKey]:
    found = [matching(cells, kind, each) for each in (value if isinstance(value, list) else [value])]
    if not all(found):
        raise NothingError
    return set.union(*found)


def matching(cells: list[PlannedCell], kind: str, said: Any) -> set[CellKey]:
    ids = dict(enumerate(dict.fromkeys(cell.key.item_id for cell in cells)))
    if kind == "items":
        said = ids.get(said, said)
    elif kind == "cells":
        said = (ids.get(said[0], said[0]), said[1])
    return {cell.key for cell in cells if matches(cell, kind, said)}


def matches(cell: PlannedCell, kind: str, said: Any) -> bool:
    match kind:
        case "states":
            failed = said == "failed" and cell.state.name in ("task_failed", "scoring_failed")
            return failed or cell.state.name == said
        case "exceptions":
            return any(
                bool(c.error_type) and (c.error_type == said or fnmatchcase(c.error_type, said)) for c in cell.causes
            )
        case "groups":
            return any(cause.group == said for cause in cell.causes)
        case "metrics":
            return any(cause.metric == said for cause in cell.causes)
        case "items":
            return bool(cell.key.item_id == said)
        case "trials":
            return bool(cell.key.trial == said)
    return bool(cell.key == said)


@given(planned, onlys)
def test_it_is_the_plain_form_in_columns(listed: list[PlannedCell], only: Any) -> None:
    cells = PlannedCells.of(listed)
    try:
        expected = plain(listed, only)
    except NothingError:
        with pytest.raises(ArgumentError):
            chosen(cells, only)
        return
    assert {cell.key for cell in cells.chosen(chosen(cells, only))} == expected


@given(planned)
def test_whatever_is_offered_means_as_many_cells_as_it_says(listed: list[PlannedCell]) -> None:
    cells = PlannedCells.of(listed)
    for said, (_, count) in offered(cells).items():
        assert np.count_nonzero(chosen(cells, said)) == count, said
    with pytest.raises(ArgumentError) as raised:
        chosen(cells, "no such thing")
    assert ("nothing is missing" in str(raised.value)) == (not listed)


@given(planned.filter(bool), st.data())
def test_a_list_means_whatever_any_in_it_means(listed: list[PlannedCell], data: st.DataObject) -> None:
    cells = PlannedCells.of(listed)
    said = data.draw(st.lists(st.sampled_from(sorted(offered(cells))), min_size=2, max_size=3))
    assert {cell.key for cell in cells.chosen(chosen(cells, said))} == plain(listed, said)


@given(planned.filter(bool), st.data())
def test_a_part_of_a_part_is_chosen_from_that_part_alone(listed: list[PlannedCell], data: st.DataObject) -> None:
    cells = PlannedCells.of(listed)
    some = cells.chosen(np.array(data.draw(st.lists(st.booleans(), min_size=len(listed), max_size=len(listed)))))
    said = data.draw(st.sampled_from(sorted(offered(cells))))
    try:
        expected = plain(list(some), said)
    except NothingError:
        with pytest.raises(ArgumentError):
            chosen(some, said)
        return
    assert {cell.key for cell in some.chosen(chosen(some, said))} == expected


def test_numbers_and_lists_of_other_libraries_are_taken() -> None:
    cells = PlannedCells.of([PlannedCell(CellKey("a", n), CellState.never_run, "run", "x") for n in range(3)])
    assert chosen(cells, {"trials": np.int64(1)}).tolist() == [False, True, False]
    assert chosen(cells, {"trials": np.array([0, 2])}).tolist() == [True, False, True]
    assert chosen(cells, {"items": np.array(["a"])}).all()
    assert chosen(cells, {"cells": {("a", 0), CellKey("a", 2)}}).tolist() == [True, False, True]


@pytest.mark.parametrize("only", [{"trials": True}, {"trials": [0, False]}, {"cells": ("a", True)}, {"items": True}])
def test_yes_and_no_are_no_numbers(only: Any) -> None:
    cells = PlannedCells.of([PlannedCell(CellKey("a", n), CellState.never_run, "run", "x") for n in range(2)])
    with pytest.raises(ArgumentError, match=r"True|False"):
        chosen(cells, only)


def test_a_million_cells_are_chosen_from_without_an_object_each() -> None:
    """A cause is looked at once, however many cells have it."""
    looked: list[str] = []

    class Watched(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            looked.append(str(other))
            return str(self) == str(other)

        __hash__ = str.__hash__

    cause = Cause(CellState.scores_missing, "KeyError", "1", Watched("judge"))
    one = PlannedCells.of([PlannedCell(CellKey("a", 0), CellState.scores_missing, "score", "x", ("judge",), (cause,))])
    many = PlannedCells(
        one.item_ids, np.repeat(one.item, 1_000_000), np.arange(1_000_000), np.repeat(one.states, 1_000_000),
        np.repeat(one.reason, 1_000_000), one.reasons,
    )  # fmt: skip
    assert chosen(many, {"metrics": "judge"}).all()
    assert looked == ["judge"]
