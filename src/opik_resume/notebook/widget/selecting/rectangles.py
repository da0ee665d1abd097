"""Selected runs and their small form on the wire: rectangles of items and trials (``docs/protocol.md``). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from opik_resume.base.columns.ids import Numbers, is_whole
from opik_resume.exceptions import ArgumentError
from opik_resume.experiment.grid import Grid

Rectangle = tuple[int, int, int, int]
"""Items [from, to) by trials [from, to), both counted from 0 in the experiment's order."""
MOST = 50_000
_SHAPE = "four whole numbers: items from and to, trials from and to"


def checked(value: Any, grid: Grid | None) -> list[Rectangle]:
    """These as rectangles of cells that the grid has.

    Raises:
        ArgumentError: they are something else, there are more than ``MOST``, or nothing is shown to select from.
    """
    if not isinstance(value, list | tuple):
        raise ArgumentError(f"selection must be a list of rectangles, got {type(value).__name__}")
    if len(value) > MOST:
        raise ArgumentError(f"selection: at most {MOST:,} rectangles, got {len(value):,}. Select fewer scattered runs.")
    if not value:
        return []
    if grid is None:
        raise ArgumentError("selection: no experiment is shown. Open one first.")
    trials = int(grid.runs.counts.max(initial=0))
    return [_rectangle(number, each, len(grid.item_ids), trials) for number, each in enumerate(value)]


def _rectangle(number: int, value: Any, items: int, trials: int) -> Rectangle:
    if not isinstance(value, list | tuple) or len(value) != 4 or not all(map(is_whole, value)):
        raise ArgumentError(f"selection[{number}] must be {_SHAPE}, got {value!r}")
    item, item_end, trial, trial_end = (int(each) for each in value)
    if not (0 <= item < item_end <= items and 0 <= trial < trial_end <= trials):
        inside = f"the experiment has items 0 to {items - 1} and trials 0 to {trials - 1}"
        raise ArgumentError(f"selection[{number}] is {list(value)}, but {inside}; ends are not included.")
    return item, item_end, trial, trial_end


def cells_of(rectangles: Sequence[Rectangle], grid: Grid) -> Numbers:
    """The cells that they cover, in order, each once. An item with fewer trials is covered as far as it goes."""
    chosen = np.zeros(len(grid), dtype=np.bool_)
    for item, item_end, trial, trial_end in rectangles:
        firsts, counts = grid.offsets[item:item_end], grid.runs.counts[item:item_end]
        if trial == 0 and trial_end >= counts.max(initial=0):
            chosen[grid.offsets[item] : grid.offsets[item_end]] = True
            continue
        for each in range(trial, trial_end):
            chosen[firsts[counts > each] + each] = True
    return np.flatnonzero(chosen)


def rectangles_of(cells: npt.ArrayLike, grid: Grid) -> list[Rectangle]:
    """The rectangles that make these cells up: stretches of trials, items that have the same put together."""
    return list(_merged(np.unique(np.asarray(cells, dtype=np.int64)), grid))


def _merged(cells: Numbers, grid: Grid) -> Iterator[Rectangle]:
    trials = int(grid.runs.counts.max(initial=0))
    rows = grid.rows(cells)
    open_: list[tuple[int, int]] = []
    since, until = 0, 0
    edges = [*np.flatnonzero(np.diff(rows, prepend=-1)).tolist(), len(cells)]
    for first, last in pairwise(edges):
        row = int(rows[first])
        own = _stretches((cells[first:last] - grid.offsets[row]).tolist(), int(grid.runs.counts[row]), trials)
        if own != open_ or row != until:
            yield from ((since, until, *each) for each in open_)
            open_, since = own, row
        until = row + 1
    yield from ((since, until, *each) for each in open_)


def _stretches(chosen: Iterable[int], runs: int, trials: int) -> list[tuple[int, int]]:
    """Neighbouring trials; one that goes to the item's last goes to the last of any."""
    found: list[tuple[int, int]] = []
    for trial in chosen:
        if found and found[-1][1] == trial:
            found[-1] = (found[-1][0], trial + 1)
        else:
            found.append((trial, trial + 1))
    if found and found[-1][1] == runs:
        found[-1] = (found[-1][0], trials)
    return found
