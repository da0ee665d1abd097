"""Attempts → cells: which attempt fills which cell of an experiment. Pure.

The rule (DESIGN: "Which attempt fills a cell"), attempts taken in id order:

a. our complete attempts take the trial they state; the first complete one of a cell wins for ever;
b. complete attempts that state no trial (made by another program) take the lowest trials without a complete one;
c. every other trial shows its newest incomplete attempt: ours by stated trial, then foreign ones, newest first;
d. all the rest is history (an attempt that something else superseded) or surplus (complete, with no cell left).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from opik_resume.base.records import Attempt, CellKey, CellState

Bytes = npt.NDArray[np.uint8]

_INTERRUPTIONS = frozenset({"KeyboardInterrupt", "SystemExit", "CancelledError", "EvaluationInterrupted"})
_DONE = (CellState.completed, CellState.scores_missing)
_FAILED = (CellState.task_failed, CellState.scoring_failed)


def state_of(attempt: Attempt) -> CellState:
    """The state that a cell has when this attempt fills it."""
    if attempt.complete:
        lacking = attempt.missing_metrics or attempt.failed_metrics
        return CellState.scores_missing if lacking else CellState.completed
    if attempt.returned:
        return CellState.scoring_failed
    if attempt.error is None or attempt.error.exception_type in _INTERRUPTIONS:
        return CellState.interrupted
    return CellState.task_failed


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the attempts of one item went: one slot a trial, and those that fill none."""

    slots: tuple[Attempt | None, ...]
    history: tuple[Attempt, ...]
    surplus: tuple[Attempt, ...]


def place(attempts: Iterable[Attempt], expected: int) -> Placement:
    """Place the attempts of one item on its ``expected`` trials, by the rule above."""
    ordered = sorted(attempts, key=lambda attempt: attempt.id)
    slots: dict[int, Attempt] = {}
    _place_complete(ordered, expected, slots)
    _place_incomplete(ordered, expected, slots)
    placed = {attempt.id for attempt in slots.values()}
    rest = [attempt for attempt in ordered if attempt.id not in placed]
    return Placement(
        slots=tuple(slots.get(trial) for trial in range(expected)),
        history=tuple(attempt for attempt in rest if not attempt.complete),
        surplus=tuple(attempt for attempt in rest if attempt.complete),
    )


def _place_complete(ordered: Sequence[Attempt], expected: int, slots: dict[int, Attempt]) -> None:
    complete = [attempt for attempt in ordered if attempt.complete]
    for attempt in complete:
        if attempt.trial is not None and 0 <= attempt.trial < expected:
            slots.setdefault(attempt.trial, attempt)
    foreign = (attempt for attempt in complete if attempt.trial is None)
    slots.update(zip(_free(slots, expected), foreign, strict=False))


def _place_incomplete(ordered: Sequence[Attempt], expected: int, slots: dict[int, Attempt]) -> None:
    newest_first = [attempt for attempt in reversed(ordered) if not attempt.complete]
    for attempt in newest_first:
        if attempt.trial is not None and 0 <= attempt.trial < expected:
            slots.setdefault(attempt.trial, attempt)
    foreign = (attempt for attempt in newest_first if attempt.trial is None)
    slots.update(zip(_free(slots, expected), foreign, strict=False))


def _free(slots: dict[int, Attempt], expected: int) -> list[int]:
    return [trial for trial in range(expected) if trial not in slots]


class Grid:
    """The cells of one experiment, numbered item by item, trial by trial.

    Args:
        expected: the number of runs each item expects, by item id, in the experiment's order (newest item first).
        attempts: every attempt of the experiment, in any order; those of items not in ``expected`` are history.

    Attributes:
        item_ids: the ids of the items, in order.
        offsets: int64 array of ``len(item_ids) + 1``; the cells of item ``i`` are ``offsets[i]:offsets[i + 1]``.
        states: uint8 array with the :class:`CellState` of every cell.
        attempts: the attempt that fills each cell, or None.
    """

    def __init__(self, expected: dict[str, int], attempts: Iterable[Attempt]) -> None:
        self.item_ids = tuple(expected)
        runs = np.fromiter(expected.values(), dtype=np.int64, count=len(expected))
        self.offsets: npt.NDArray[np.int64] = np.concatenate(([0], np.cumsum(runs)))
        self._row = {item_id: row for row, item_id in enumerate(self.item_ids)}
        self.attempts: list[Attempt | None] = [None] * int(self.offsets[-1])
        self.history: list[Attempt] = []
        self.surplus: list[Attempt] = []
        self._place(attempts)
        self.states: Bytes = np.fromiter(
            (_state(attempt) for attempt in self.attempts),
            dtype=np.uint8,
            count=len(self.attempts),
        )

    def _place(self, attempts: Iterable[Attempt]) -> None:
        for item_id, group in groupby(sorted(attempts, key=lambda a: (a.item_id, a.id)), key=lambda a: a.item_id):
            row = self._row.get(item_id)
            start, end = (0, 0) if row is None else (int(self.offsets[row]), int(self.offsets[row + 1]))
            those = list(group)
            if end - start == 1 == len(those) and not those[0].trial:  # nearly always, and quick
                self.attempts[start] = those[0]
                continue
            placement = place(those, end - start)
            self.attempts[start:end] = placement.slots
            self.history.extend(placement.history)
            self.surplus.extend(placement.surplus)

    def with_attempts(self, fresh: Iterable[Attempt]) -> Grid:
        """The grid with these attempts too, in place of those of the same ids. Only their items are placed anew."""
        newer = {attempt.id: attempt for attempt in fresh}
        items = {attempt.item_id for attempt in newer.values()}
        rows = [self._row[item_id] for item_id in items if item_id in self._row]
        slices = [slice(int(self.offsets[row]), int(self.offsets[row + 1])) for row in rows]
        there = [attempt for part in slices for attempt in self.attempts[part] if attempt is not None]
        there += [attempt for attempt in (*self.history, *self.surplus) if attempt.item_id in items]
        grid = copy.copy(self)
        grid.attempts, grid.states = list(self.attempts), self.states.copy()
        grid.history = [attempt for attempt in self.history if attempt.item_id not in items]
        grid.surplus = [attempt for attempt in self.surplus if attempt.item_id not in items]
        grid._place(({attempt.id: attempt for attempt in there} | newer).values())  # noqa: SLF001  # it is our own
        for part in slices:
            grid.states[part] = [_state(attempt) for attempt in grid.attempts[part]]
        return grid

    def __len__(self) -> int:
        """The number of cells."""
        return len(self.attempts)

    def index(self, key: CellKey) -> int:
        """The number of a cell. Raises KeyError for a cell that this experiment does not have."""
        row = self._row[key.item_id]
        cell = int(self.offsets[row]) + key.trial
        if not 0 <= key.trial < self.offsets[row + 1] - self.offsets[row]:
            raise KeyError(key)
        return cell

    def key(self, cell: int) -> CellKey:
        """The item and trial of a cell number. Raises IndexError outside the grid."""
        if not 0 <= cell < len(self):
            raise IndexError(cell)
        row = int(np.searchsorted(self.offsets, cell, side="right")) - 1
        return CellKey(self.item_ids[row], cell - int(self.offsets[row]))

    def keys(self) -> Iterator[CellKey]:
        """Every cell, in order."""
        for row, item_id in enumerate(self.item_ids):
            for trial in range(int(self.offsets[row + 1] - self.offsets[row])):
                yield CellKey(item_id, trial)

    def counts(self) -> dict[CellState, int]:
        """How many cells are in each state."""
        return dict(zip(CellState, np.bincount(self.states, minlength=len(CellState)).tolist(), strict=True))

    @property
    def done(self) -> int:
        """How many cells are complete (a missing score does not undo that)."""
        return int(np.count_nonzero(np.isin(self.states, _DONE)))

    @property
    def failed(self) -> int:
        """How many cells hold a failure of the task or of scoring."""
        return int(np.count_nonzero(np.isin(self.states, _FAILED)))

    @property
    def complete(self) -> bool:
        """Whether every cell is complete."""
        return self.done == len(self)


def _state(attempt: Attempt | None) -> CellState:
    return CellState.never_run if attempt is None else state_of(attempt)
