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
        same = _began(before) == _began(after)  # the attempt that was there is the one that is there
        whole = after.states == CellState.completed
        repaired = now & same & (~was | (whole & (before.states != CellState.completed)))
        replayed = now & ~was & ~same
        return cls(*(int(np.count_nonzero(each)) for each in (now & ~repaired & ~replayed, replayed, repaired)))


def _began(grid: Grid) -> npt.NDArray[np.float64]:
    began = np.full(len(grid), np.nan)
    there = grid.filled != EMPTY
    began[there] = grid.columns.began[grid.filled[there]]
    return began


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
        seconds, began = np.maximum(columns.seconds[ended], 0.0), columns.began[ended]
        cost, tokens = _known(columns.cost), _known(columns.tokens)
        return cls(
            len(seconds), float(seconds.sum()), _legs(began, seconds), cost, None if tokens is None else round(tokens)
        )


def _known(values: npt.NDArray[np.float64]) -> float | None:
    return None if np.isnan(values).all() else float(np.nansum(values))


def _legs(began: npt.NDArray[np.float64], seconds: npt.NDArray[np.float64]) -> float:
    if not len(began):
        return 0.0
    order = np.argsort(began, kind="stable")
    starts = began[order]
    last_end = np.maximum.accumulate(starts + seconds[order])
    gaps = starts[1:] - last_end[:-1]
    return float(last_end[-1] - starts[0] - gaps[gaps > PAUSE_SECONDS].sum())


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
