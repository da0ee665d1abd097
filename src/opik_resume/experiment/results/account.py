"""What has become of an experiment's cells by one call, and what all of its tries have taken so far. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from opik_resume.base.columns.attempts import AttemptColumns
from opik_resume.base.columns.ids import Numbers
from opik_resume.base.numeric import np, npt
from opik_resume.base.records import CellState
from opik_resume.experiment.grid import EMPTY, Grid, is_done
from opik_resume.experiment.planning.forecast import PAUSE_SECONDS

Flags: TypeAlias = "npt.NDArray[np.bool_]"
Moments: TypeAlias = "npt.NDArray[np.float64]"

_STRETCH = 50_000


@dataclass(frozen=True, slots=True)
class Call:
    """What one call has done: cells ``kept`` as they were, ``replayed`` (run to their end now) and ``repaired`` (scored only)."""

    kept: int
    replayed: int
    repaired: int

    @classmethod
    def of(cls, before: Grid, after: Grid) -> Call:
        """Of the cells as they were, and as they are."""
        was, now = is_done(before.states), is_done(after.states)
        same = _same(before, after)
        whole = after.states == CellState.completed
        repaired = now & same & (~was | (whole & (before.states != CellState.completed)))
        replayed = now & ~was & ~same
        return cls(*(int(np.count_nonzero(each)) for each in (now & ~repaired & ~replayed, replayed, repaired)))


def _same(before: Grid, after: Grid) -> Flags:
    """Of every cell, whether the attempt that was there is the one that is there."""
    same = np.zeros(len(after), dtype=np.bool_)
    both = np.flatnonzero((before.filled != EMPTY) & (after.filled != EMPTY))
    same[both] = before.columns.began[before.filled[both]] == after.columns.began[after.filled[both]]
    return same


@dataclass(frozen=True, slots=True)
class Totals:
    """What all tries of an experiment have taken, over all calls.

    Attributes:
        tries: how many have ended.
        seconds: what they took, added up.
        legs_seconds: how long any was on its way; pauses between are left out.
        cost: in US dollars, as far as it is known; None: nobody knows.
        tokens: how many they used, likewise.
    """

    tries: int
    seconds: float
    legs_seconds: float
    cost: float | None
    tokens: int | None

    @classmethod
    def of(cls, columns: AttemptColumns) -> Totals:
        """Of every attempt."""
        ended = ~np.isnan(columns.seconds)
        seconds = float(columns.seconds.sum(where=ended & (columns.seconds > 0.0)))
        cost, tokens = _known(columns.cost), _known(columns.tokens)
        return cls(
            int(np.count_nonzero(ended)),
            seconds,
            _legs(columns, ended),
            cost,
            None if tokens is None else round(tokens),
        )


def _known(values: npt.NDArray[np.float64]) -> float | None:
    return None if np.isnan(values).all() else float(np.nansum(values))


def _legs(columns: AttemptColumns, ended: Flags) -> float:
    """A stretch at a time: what is sorted at once of a million attempts takes 50 MB."""
    legs = []
    for start in range(0, len(columns), _STRETCH):
        of = slice(start, start + _STRETCH)
        began, seconds = columns.began[of][ended[of]], columns.seconds[of][ended[of]]
        legs.append(_joined(began, began + np.maximum(seconds, 0.0)))
    if not legs:
        return 0.0
    starts, ends = _joined(*map(np.concatenate, zip(*legs, strict=True)))
    return float((ends - starts).sum())


def _joined(starts: Moments, ends: Moments) -> tuple[Moments, Moments]:
    """These stretches of time, and those as one that no more than a pause is between."""
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], np.maximum.accumulate(ends[order])
    pauses = np.flatnonzero(starts[1:] - ends[:-1] > PAUSE_SECONDS)
    return np.append(starts[:1], starts[pauses + 1]), np.append(ends[pauses], ends[-1:])


@dataclass(frozen=True, eq=False)
class Account:
    """An experiment's runs, as a summary tells of them.

    Attributes:
        item: of each complete run, in the experiment's order, the number of its item.
        retried: of each, whether another try at its cell had failed or was interrupted before.
        totals: see there.
        call: what the call at hand has done; None: there was none.
    """

    item: Numbers
    retried: Flags
    totals: Totals
    call: Call | None

    @classmethod
    def of(cls, grid: Grid, before: Grid | None = None) -> Account:
        """Of the cells as they are and, if there was a call, as they were before it."""
        done = np.flatnonzero(is_done(grid.states))
        call = Call.of(before, grid) if before is not None and len(before) == len(grid) else None
        return cls(grid.rows(done), grid.retried[done], Totals.of(grid.columns), call)
