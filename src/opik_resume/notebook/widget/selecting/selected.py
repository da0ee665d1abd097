"""The runs that are selected, as Python sees them: pairs of an item's id and a trial, counted from 0. Pure."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Iterable, Sequence
from typing import Any, overload

import numpy as np

from opik_resume.base.columns.ids import Numbers, is_whole
from opik_resume.base.records import CellKey
from opik_resume.exceptions import ArgumentError
from opik_resume.experiment.grid import Grid

_FEW = 6
_NEAR = 5_000  # ids among which a near one is looked for


class Selection(Sequence[CellKey]):
    """Pairs of item id and trial, in the experiment's order. There may be a million: each is made when it is looked at."""

    __hash__ = None  # type: ignore[assignment]  # equal to a list of the same pairs

    def __init__(self, grid: Grid | None, cells: Numbers) -> None:
        self._grid = grid
        self.cells = cells

    def __len__(self) -> int:
        return len(self.cells)

    @overload
    def __getitem__(self, at: int) -> CellKey: ...
    @overload
    def __getitem__(self, at: slice) -> Selection: ...
    def __getitem__(self, at: int | slice) -> CellKey | Selection:
        if isinstance(at, slice):
            return Selection(self._grid, self.cells[at])
        cell = int(self.cells[at])  # raises IndexError
        assert self._grid is not None
        return self._grid.key(cell)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Selection) and other._grid is self._grid:
            return np.array_equal(self.cells, other.cells)
        if not isinstance(other, list | tuple | Selection) or len(other) != len(self):
            return False
        return all(tuple(mine) == theirs for mine, theirs in zip(self, other, strict=True))

    def __repr__(self) -> str:
        shown = [tuple(key) for key in self[:_FEW]]
        return repr(shown) if len(self) <= _FEW else f"[{repr(shown)[1:-1]}, … {len(self):,} runs]"


NOTHING = Selection(None, np.zeros(0, dtype=np.int64))


def checked(value: Any, grid: Grid | None) -> Selection:
    """These pairs as runs that the experiment on show has, in its order, each once. Items are ids or positions.

    Raises:
        ArgumentError: they are something else, or it has no such item or trial; the message names what there is.
    """
    pairs = _listed(value)
    if not pairs:
        return NOTHING
    if grid is None:
        raise ArgumentError("selection: no experiment is shown. Set view.experiment to the name or id of one first.")
    cells = [_cell(number, pair, grid) for number, pair in enumerate(pairs)]
    return Selection(grid, np.unique(np.array(cells, dtype=np.int64)))


def _listed(value: Any) -> list[Any]:
    if isinstance(value, str | bytes | dict) or not isinstance(value, Iterable):
        raise ArgumentError(f"selection must be a list of pairs (item_id, trial), got {type(value).__name__}")
    return list(value)


def _cell(number: int, pair: Any, grid: Grid) -> int:
    try:
        item, trial = pair
        trial = operator.index(trial)
    except (TypeError, ValueError):
        raise _no_pair(number, pair) from None
    item_id = _id_at(item, grid, number) if is_whole(item) else item
    if not isinstance(item_id, str):
        raise _no_pair(number, pair)
    if item_id not in grid.item_ids:
        known = [grid.item_ids[row] for row in range(min(len(grid.item_ids), _NEAR))]
        near = difflib.get_close_matches(item_id, known, n=3, cutoff=0.5) or known[:3]
        raise ArgumentError(
            f"selection[{number}]: the experiment has no item {item_id!r}. There is {', '.join(map(repr, near)) or 'none'}."
        )
    try:
        return grid.index(CellKey(item_id, trial))
    except KeyError:
        runs = grid.runs[item_id]
        there = "only trial 0" if runs == 1 else f"trials 0 to {runs - 1}"
        raise ArgumentError(f"selection[{number}]: item {item_id!r} has {there}, got {trial}.") from None


def _id_at(position: int, grid: Grid, number: int) -> str:
    if not 0 <= position < len(grid.item_ids):
        raise ArgumentError(
            f"selection[{number}]: the experiment has items 0 to {len(grid.item_ids) - 1}, got {position}."
        )
    return grid.item_ids[int(position)]


def _no_pair(number: int, pair: Any) -> ArgumentError:
    return ArgumentError(
        f"selection[{number}] must be a pair (item_id, trial) or (position, trial), counted from 0, got {pair!r}"
    )
