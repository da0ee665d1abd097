"""Which cells of a plan a person means: the language of ``only=``. Pure.

A string is looked up in this order: a state, an exception's type, a failure group, a metric. A list means what any in it
means, a dict what all in it mean. What matches nothing is an error that names what there is.
"""

from __future__ import annotations

import difflib
import operator
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import reduce
from typing import Any, TypeAlias

from opik_resume.base.columns.ids import is_whole
from opik_resume.base.numeric import np, npt
from opik_resume.base.records import CellKey, CellState
from opik_resume.base.states import FAILED
from opik_resume.exceptions import ArgumentError
from opik_resume.experiment.failures.causes import Cause
from opik_resume.experiment.planning.planned import PlannedCell, PlannedCells

Flags: TypeAlias = "npt.NDArray[np.bool_]"
Only = str | Mapping[str, Any] | Iterable[Any]
"""A string, a list or a dict of them."""

STATES = {state.name: (state,) for state in CellState} | {"failed": FAILED}
_NAMED = 8  # of what there is, in a message
_NEAR = 5_000  # ids among which a near one is looked for


def chosen(cells: PlannedCells, only: Only) -> Flags:
    """Which of the cells ``only`` means.

    Raises:
        ArgumentError: something in it matches none of them, or it is no selection.
    """
    if isinstance(only, str):
        return _word(cells, only)
    if isinstance(only, Mapping):
        return _intersection(cells, only)
    return _any(chosen(cells, each) for each in _listed(only, "only"))


def offered(cells: PlannedCells) -> dict[str, tuple[str, int]]:
    """The strings that mean something, each with what it is, and of how many cells."""
    there: dict[str, tuple[str, int]] = {}

    def offer(word: str, what: str, flags: Flags) -> None:
        taken = word in there or (word in STATES and what != "state")
        if word and not taken and flags.any():
            there[word] = what, int(np.count_nonzero(flags))

    for state in ("failed", *STATES):
        offer(state, "state", _of_state(cells, state))
    for what, told in (("exception", _error_type), ("failure group", _group), ("metric", _metric)):
        by_word = _cells_by(cells, told)
        for word, flags in by_word.items():
            offer(word, what, flags)
    return there


def _word(cells: PlannedCells, word: str) -> Flags:
    """The first of the four that has cells. A name of a state always means the state."""
    finders = (_of_state,) if word in STATES else (_of_exception, _of_group, _of_metric)
    for find in finders:
        flags = find(cells, word)
        if flags.any():
            return flags
    raise _nothing(cells, word)


def _intersection(cells: PlannedCells, only: Mapping[str, Any]) -> Flags:
    for key in _listed(only, "only"):
        if key not in _KEYS:
            raise ArgumentError(f"only: a dict has no key {key!r}, but {', '.join(_KEYS)}.")
    flags = reduce(operator.and_, [_KEYS[key](cells, value) for key, value in only.items()])
    if not flags.any():
        raise ArgumentError(f"only: nothing that is missing matches all of {', '.join(only)}, only each by itself.")
    return flags


def _any(flags: Iterable[Flags]) -> Flags:
    return reduce(operator.or_, flags)


def _listed(value: Any, name: str, one: type | tuple[type, ...] = ()) -> list[Any]:
    if one and isinstance(value, one):
        return [value]
    if not isinstance(value, Iterable) or isinstance(value, bytes):
        what = "a string, a list or a dict" if name == "only" else "one or a list"
        raise ArgumentError(f"{_where(name)} must be {what}, got {type(value).__name__}")
    listed = list(value)
    if not listed:
        raise ArgumentError(f"{_where(name)} is empty: leave it out to run all that is missing.")
    return listed


def _where(name: str) -> str:
    return name if name == "only" else f"only: {name}"


# The four that a string may mean


def _of_state(cells: PlannedCells, word: str) -> Flags:
    return np.isin(cells.states, STATES.get(word, ()))


def _of_exception(cells: PlannedCells, word: str) -> Flags:
    """By a glob, or by its name, whatever is in that."""
    return _with_cause(
        cells,
        lambda cause: bool(cause.error_type) and (cause.error_type == word or fnmatchcase(cause.error_type, word)),
    )


def _of_group(cells: PlannedCells, word: str) -> Flags:
    return _of_reasons(cells, [word in reason.groups for reason in cells.reasons])


def _of_metric(cells: PlannedCells, word: str) -> Flags:
    return _with_cause(cells, lambda cause: cause.metric == word)


def _with_cause(cells: PlannedCells, matches: Callable[[Cause], bool]) -> Flags:
    return _of_reasons(cells, [any(map(matches, reason.causes)) for reason in cells.reasons])


def _of_reasons(cells: PlannedCells, flags: list[bool]) -> Flags:
    return np.array(flags, dtype=np.bool_)[cells.reason]


# What a dict may hold


def _strings(find: Callable[[PlannedCells, str], Flags], name: str) -> Callable[[PlannedCells, Any], Flags]:
    def some(cells: PlannedCells, value: Any) -> Flags:
        return _any(_found(cells, find, word, name) for word in _listed(value, name, str))

    return some


def _found(cells: PlannedCells, find: Callable[[PlannedCells, str], Flags], word: Any, name: str) -> Flags:
    if not isinstance(word, str):
        raise ArgumentError(f"only: {name} must be strings, got {word!r}")
    flags = find(cells, word)
    if not flags.any():
        raise _nothing(cells, word)
    return flags


def _of_items(cells: PlannedCells, value: Any) -> Flags:
    listed = _listed(value, "items", (str, int, np.integer))
    places = [_item(cells, item_id) for item_id in listed]
    missing = ~np.isin(places, cells.item)
    if missing.any():
        raise _no_item(cells, listed[int(np.argmax(missing))])
    return np.isin(cells.item, places)


def _item(cells: PlannedCells, item: Any) -> int:
    """The place of an item by its id or its position, -1 when there is none."""
    if isinstance(item, str):
        return cells.item_ids.index(item) if item in cells.item_ids else -1
    if not is_whole(item):
        raise ArgumentError(f"only: items are ids, which are strings, or positions, counted from 0, got {item!r}")
    return int(item) if 0 <= item < len(cells.item_ids) else -1


def _of_trials(cells: PlannedCells, value: Any) -> Flags:
    trials = [_trial(trial) for trial in _listed(value, "trials", (int, np.integer))]
    for trial in trials:
        if not (cells.trial == trial).any():
            there = ", ".join(map(str, np.unique(cells.trial).tolist()))
            raise ArgumentError(f"only: nothing of trial {trial} is missing. There is of trials {there or 'none'}.")
    return np.isin(cells.trial, trials)


def _trial(trial: Any) -> int:
    if not is_whole(trial):
        raise ArgumentError(f"only: trials are whole numbers, counted from 0, got {trial!r}")
    return int(trial)


def _of_cells(cells: PlannedCells, value: Any) -> Flags:
    pair = isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str | int | np.integer)
    keys = [_key(cells, each) for each in ([value] if pair else _listed(value, "cells"))]
    asked = PlannedCells.of(PlannedCell(key, CellState.never_run, "run", "") for key in keys)
    missing = ~asked.among(cells)
    if missing.any():
        key = asked[int(np.argmax(missing))].key
        if not (cells.item == _item(cells, key.item_id)).any():
            raise _no_item(cells, key.item_id)
        raise ArgumentError(f"only: trial {key.trial} of item {key.item_id!r} is not missing.")
    return cells.among(asked)


def _key(cells: PlannedCells, value: Any) -> CellKey:
    try:
        item, trial = value
    except (TypeError, ValueError):
        raise _no_pair(value) from None
    if isinstance(item, str):
        return CellKey(item, _trial(trial))
    if not is_whole(item):
        raise _no_pair(value)
    if _item(cells, item) < 0:
        raise _no_item(cells, item)
    return CellKey(cells.item_ids[int(item)], _trial(trial))


def _no_pair(value: Any) -> ArgumentError:
    return ArgumentError(f"only: cells are pairs of an item, its id or position, and a trial, got {value!r}")


_KEYS: dict[str, Callable[[PlannedCells, Any], Flags]] = {
    "states": _strings(_of_state, "states"),
    "exceptions": _strings(_of_exception, "exceptions"),
    "groups": _strings(_of_group, "groups"),
    "metrics": _strings(_of_metric, "metrics"),
    "items": _of_items,
    "trials": _of_trials,
    "cells": _of_cells,
}


# What there is, for messages and completion


def _error_type(cause: Cause) -> str:
    return cause.error_type


def _group(cause: Cause) -> str:
    return cause.group


def _metric(cause: Cause) -> str:
    return cause.metric or ""


def _cells_by(cells: PlannedCells, told: Callable[[Cause], str]) -> dict[str, Flags]:
    """By what is told of their causes, the cells."""
    of_word: dict[str, list[int]] = {}
    for place in np.unique(cells.reason).tolist():
        for word in dict.fromkeys(map(told, cells.reasons[place].causes)):
            of_word.setdefault(word, []).append(place)
    return {word: np.isin(cells.reason, places) for word, places in of_word.items()}


def _nothing(cells: PlannedCells, word: str) -> ArgumentError:
    there = offered(cells)
    if not there:
        return ArgumentError(f"only: nothing matches {word!r}, since nothing is missing.")
    near = sorted(there, key=lambda each: -difflib.SequenceMatcher(None, each.lower(), word.lower()).ratio())
    named = [f"{each!r} ({there[each][0]}, {_runs(there[each][1])})" for each in near[:_NAMED]]
    more = f" and {len(near) - _NAMED:,} more" if len(near) > _NAMED else ""
    return ArgumentError(f"only: nothing that is missing matches {word!r}. There is {', '.join(named)}{more}.")


def _no_item(cells: PlannedCells, item: str | int) -> ArgumentError:
    if _item(cells, item) >= 0:
        return ArgumentError(f"only: nothing of item {item!r} is missing.")
    if not isinstance(item, str):
        last = len(cells.item_ids) - 1
        return ArgumentError(f"only: there is no item {item}: positions are 0 to {last}.")
    there = [cells.item_ids[place] for place in np.unique(cells.item)[:_NEAR].tolist()]
    near = difflib.get_close_matches(item, there, n=3, cutoff=0.5) or there[:3]
    return ArgumentError(
        f"only: no item {item!r} is missing anything. There is {', '.join(map(repr, near)) or 'none'}."
    )


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"
