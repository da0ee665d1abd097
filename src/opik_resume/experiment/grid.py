"""Attempts → cells: which attempt fills which cell of an experiment. Pure, and on whole columns at once.

The rule (DESIGN: "Which attempt fills a cell"), attempts taken in id order:

a. our complete attempts take the trial they state; the first complete one of a cell wins for ever;
b. complete attempts that state no trial (made by another program) take the lowest trials without a complete one;
c. every other trial shows its newest incomplete attempt: ours by stated trial, then foreign ones, newest first;
d. all the rest is history (an attempt that something else superseded) or surplus (complete, with no cell left).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from opik_resume.base.columns.attempts import NO_TRIAL, AttemptColumns, Metrics
from opik_resume.base.columns.ids import Numbers, Runs
from opik_resume.base.columns.merging import merged
from opik_resume.base.columns.views import Attempts, FilledAttempts
from opik_resume.base.numeric import np, npt
from opik_resume.base.records import Attempt, CellKey, CellState
from opik_resume.base.states import DONE, FAILED
from opik_resume.base.states import state_of as state_of  # noqa: PLC0414  # its home for whoever looks at grids

Bytes: TypeAlias = "npt.NDArray[np.uint8]"
Flags: TypeAlias = "npt.NDArray[np.bool_]"

EMPTY = -1  # no attempt fills the cell


def is_done(states: Bytes) -> Flags:
    """Which of these states are those of complete attempts."""
    return np.isin(states, DONE)


def place(columns: AttemptColumns, runs: Runs, offsets: Numbers) -> Numbers:
    """For every cell the place in the columns of the attempt that fills it, or ``EMPTY``, by the rule above."""
    cells = _Cells(columns, runs, offsets)
    complete = is_done(columns.state)
    cells.take_stated(np.flatnonzero(complete & cells.stated)[::-1])  # the first one last: it wins
    cells.take_free(np.flatnonzero(complete & cells.foreign))
    open_cells = cells.stated & ~complete
    open_cells[open_cells] = cells.filled[cells.cell[open_cells]] == EMPTY
    cells.take_stated(np.flatnonzero(open_cells))  # the newest one wins
    cells.take_free(np.flatnonzero(~complete & cells.foreign)[::-1])
    return cells.filled


class _Cells:
    """The cells while they are filled."""

    def __init__(self, columns: AttemptColumns, runs: Runs, offsets: Numbers) -> None:
        self._offsets = offsets
        self._row = runs.ids.places(columns.item_ids.texts).astype(np.int32)[columns.item]
        self.filled: Numbers = np.full(int(offsets[-1]), EMPTY, dtype=np.int64)
        there = self._row >= 0
        self.foreign: Flags = there & (columns.trial == NO_TRIAL)
        expected = runs.counts[self._row] if len(runs) else 0
        self.stated: Flags = there & ~self.foreign & (columns.trial < expected)
        self.cell: Numbers = offsets[self._row] + columns.trial  # of those that state one

    def take_stated(self, attempts: Numbers) -> None:
        """These take the cells that they state; of several, the last."""
        self.filled[self.cell[attempts]] = attempts

    def take_free(self, attempts: Numbers) -> None:
        """These take the free cells of their items, lowest trial first, each the next one."""
        if not len(attempts):
            return
        free = np.flatnonzero(self.filled == EMPTY)
        begins = np.searchsorted(free, self._offsets)  # of each item among the free cells
        order = np.argsort(self._row[attempts], kind="stable")
        those, rows = attempts[order], self._row[attempts][order]
        number = np.arange(len(rows)) - np.searchsorted(rows, rows)  # of each among those of its item
        target = begins[rows] + number
        fits = target < begins[rows + 1]
        self.filled[free[target[fits]]] = those[fits]


class Grid:
    """The cells of one experiment, numbered item by item, trial by trial.

    Args:
        expected: the number of runs each item expects, by item id, in the experiment's order (newest item first).
        attempts: every attempt of the experiment, in any order, or their columns; those of items not in ``expected`` are
            history.

    Attributes:
        runs: what was expected.
        item_ids: the ids of the items, in order.
        offsets: int64 array of ``len(item_ids) + 1``; the cells of item ``i`` are ``offsets[i]:offsets[i + 1]``.
        columns: every attempt.
        filled: int64 array with the place in ``columns`` of the attempt that fills each cell, or ``EMPTY``.
        states: uint8 array with the :class:`CellState` of every cell.
        attempts: the attempt that fills each cell, or None: made when it is looked at.
    """

    def __init__(self, expected: Mapping[str, int], attempts: Iterable[Attempt] | AttemptColumns) -> None:
        self.columns = attempts if isinstance(attempts, AttemptColumns) else AttemptColumns.of(attempts)
        self.runs = Runs.of(expected)
        self.item_ids = self.runs.ids
        self.offsets: Numbers = np.concatenate(([0], np.cumsum(self.runs.counts)))
        self.filled = place(self.columns, self.runs, self.offsets)
        self.states: Bytes = np.zeros(len(self.filled), dtype=np.uint8)
        there = self.filled != EMPTY
        self.states[there] = self.columns.state[self.filled[there]]

    @property
    def attempts(self) -> FilledAttempts:
        """See the class."""
        return FilledAttempts(self.columns, self.filled)

    @property
    def history(self) -> Sequence[Attempt]:
        """The attempts that something else superseded."""
        return Attempts(self.columns, np.flatnonzero(self._idle() & ~is_done(self.columns.state)))

    @property
    def surplus(self) -> Sequence[Attempt]:
        """The complete attempts with no cell left."""
        return Attempts(self.columns, np.flatnonzero(self._idle() & is_done(self.columns.state)))

    def _idle(self) -> Flags:
        idle = np.ones(len(self.columns), dtype=np.bool_)
        idle[self.filled[self.filled != EMPTY]] = False
        return idle

    @property
    def retried(self) -> Flags:
        """Of every cell, whether an attempt that states it has failed or was interrupted, and something superseded it."""
        return self._stated(self._idle() & ~is_done(self.columns.state)) > 0

    @property
    def superseded(self) -> Numbers:
        """Of every cell, how many attempts state it and fill none."""
        return self._stated(self._idle())

    def _stated(self, which: Flags) -> Numbers:
        """Of every cell, how many of these attempts state it."""
        columns = self.columns
        which = which & (columns.trial != NO_TRIAL)
        if not which.any():
            return np.zeros(len(self), dtype=np.int64)
        rows = self.runs.ids.places(columns.item_ids.texts)[columns.item[which]]
        there, trial = rows >= 0, columns.trial[which]
        cells, last = self.offsets[rows] + trial, self.offsets[rows + 1]
        return np.bincount(cells[there & (cells < last)], minlength=len(self))

    def with_attempts(self, fresh: Iterable[Attempt]) -> Grid:
        """The grid with these attempts too, in place of those of the same ids."""
        columns = merged(self.columns, fresh)
        return self if columns is self.columns else Grid(self.runs, columns)

    def tries(self, cell: int) -> Sequence[Attempt]:
        """The attempts that this cell has seen, newest first: the one that fills it and those that state it and do not."""
        key, columns = self.key(cell), self.columns
        item = columns.item_ids.index(key.item_id) if key.item_id in columns.item_ids else EMPTY
        seen = self._idle() & (columns.item == item) & (columns.trial == key.trial)
        if self.filled[cell] != EMPTY:
            seen[self.filled[cell]] = True
        return sorted(Attempts(columns, np.flatnonzero(seen)), key=lambda attempt: attempt.id, reverse=True)

    def __len__(self) -> int:
        """The number of cells."""
        return len(self.filled)

    def index(self, key: CellKey) -> int:
        """The number of a cell. Raises KeyError for a cell that this experiment does not have."""
        try:
            row = self.item_ids.index(key.item_id)
        except ValueError:
            raise KeyError(key) from None
        cell = int(self.offsets[row]) + key.trial
        if not 0 <= key.trial < self.offsets[row + 1] - self.offsets[row]:
            raise KeyError(key)
        return cell

    def key(self, cell: int) -> CellKey:
        """The item and trial of a cell number. Raises IndexError outside the grid."""
        if not 0 <= cell < len(self):
            raise IndexError(cell)
        row = int(self.rows(cell))
        return CellKey(self.item_ids[row], cell - int(self.offsets[row]))

    def rows(self, cells: npt.ArrayLike) -> Numbers:
        """The place in ``item_ids`` of the item of each of these cells."""
        return np.searchsorted(self.offsets, cells, side="right") - 1

    def keys(self) -> Iterator[CellKey]:
        """Every cell, in order."""
        for row, item_id in enumerate(self.item_ids):
            for trial in range(int(self.offsets[row + 1] - self.offsets[row])):
                yield CellKey(item_id, trial)

    def said(self, cells: Flags) -> list[Metrics]:
        """What the attempts that fill these cells say of metrics, each different thing once."""
        return [self.columns.metrics[code] for code in np.unique(self.columns.said[self.filled[cells]]).tolist()]

    def versions(self, cells: Flags) -> Counter[str]:
        """How many of these cells are filled by an attempt of each version, as far as attempts say it."""
        codes, runs = np.unique(self.columns.said[self.filled[cells]], return_counts=True)
        made: Counter[str] = Counter()
        for code, number in zip(codes.tolist(), runs.tolist(), strict=True):
            version = self.columns.metrics[code].version
            if version is not None:
                made[version] += number
        return made

    def counts(self) -> dict[CellState, int]:
        """How many cells are in each state."""
        return dict(zip(CellState, np.bincount(self.states, minlength=len(CellState)).tolist(), strict=True))

    @property
    def done(self) -> int:
        """How many cells are complete (a missing score does not undo that)."""
        return int(np.count_nonzero(is_done(self.states)))

    @property
    def failed(self) -> int:
        """How many cells hold a failure of the task or of scoring."""
        return int(np.count_nonzero(np.isin(self.states, FAILED)))

    @property
    def complete(self) -> bool:
        """Whether every cell is complete."""
        return self.done == len(self)
