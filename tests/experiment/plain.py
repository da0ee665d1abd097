"""The rules in their plain form, an object an attempt and a loop a cell: what the columns are held against."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from opik_resume.base.records import Attempt, CellKey, CellState, ErrorInfo, ScoreResult
from opik_resume.base.states import DONE as _DONE
from opik_resume.base.states import FAILED as _FAILED
from opik_resume.base.states import state_of
from opik_resume.experiment.failures import causes
from opik_resume.experiment.failures.failure_groups import failure_group, pattern
from opik_resume.experiment.grid import Grid
from opik_resume.experiment.planning import drift
from opik_resume.experiment.planning.plan import PlannedCell, not_given
from opik_resume.experiment.results.failed_runs import Failure

Bytes = npt.NDArray[np.uint8]


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


class PlainGrid:
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

    def __len__(self) -> int:
        """The number of cells."""
        return len(self.attempts)

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


def plain_cells(
    grid: PlainGrid,
    metric_names: Collection[str] | None = None,
    *,
    reuse_outputs: bool = False,
    ignoring: bool = False,
) -> list[PlannedCell]:
    """What ``make_plan`` would run."""

    def planned(key: CellKey, state: CellState, attempt: Attempt | None) -> PlannedCell | None:
        if state is CellState.scores_missing and attempt is not None:
            return _to_be_scored(key, attempt, metric_names, ignoring=ignoring)
        return _replayed(key, state, attempt, reuse_outputs=reuse_outputs)

    everything = zip(grid.keys(), grid.states.tolist(), grid.attempts, strict=True)
    cells = (planned(key, CellState(state), attempt) for key, state, attempt in everything)
    return [cell for cell in cells if cell is not None]


def plain_rescored(grid: PlainGrid, metric_names: Collection[str], *, missing_only: bool) -> list[PlannedCell]:
    """What ``make_rescoring_plan`` would score."""

    def planned(key: CellKey, state: CellState, attempt: Attempt | None) -> PlannedCell | None:
        if attempt is None or not attempt.complete:
            return None
        there = {score.name for score in attempt.scores if not score.scoring_failed} if missing_only else set()
        names = tuple(name for name in metric_names if name not in there)
        return PlannedCell(key, state, "score", f"to be scored: {', '.join(names)}", names) if names else None

    everything = zip(grid.keys(), grid.states.tolist(), grid.attempts, strict=True)
    cells = (planned(key, CellState(state), attempt) for key, state, attempt in everything)
    return [cell for cell in cells if cell is not None]


def _replayed(
    key: CellKey,
    state: CellState,
    attempt: Attempt | None,
    *,
    reuse_outputs: bool,
) -> PlannedCell | None:
    if state is CellState.scoring_failed and reuse_outputs:
        return PlannedCell(key, state, "score", _reason(state, attempt))
    if state is CellState.completed:
        return None
    return PlannedCell(key, state, "run", _reason(state, attempt))


def plain_groups(attempt: Attempt | None, cell: PlannedCell, *, ignoring: bool) -> list[str]:
    """The failure groups of a planned cell, each once."""
    if attempt is None:
        return ["never started"]
    if cell.state is not CellState.scores_missing:
        error = attempt.error
        return [failure_group(error.exception_type, error.message) if error else "stopped while running"]
    groups = [failed_group(score) for score in attempt.scores if score.scoring_failed and score.name in cell.metrics]
    absent = [name for name in attempt.missing_metrics if name in cell.metrics]
    groups += ["not given" for _ in absent]
    groups += ["left out on purpose" for name in attempt.missing_metrics if ignoring and name not in absent]
    return list(dict.fromkeys(groups))


def failed_group(score: ScoreResult) -> str:
    """The failure group of a score as tests make it: without the type of an exception."""
    return pattern(score.reason or "")


def _to_be_scored(
    key: CellKey, attempt: Attempt, metric_names: Collection[str] | None, *, ignoring: bool
) -> PlannedCell | None:
    """A complete run with scores missing: the metrics among those given that raised on it, or were not given to it."""

    def given(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name in names if metric_names is None or name in metric_names))

    raised, absent = given(attempt.failed_metrics), given(attempt.missing_metrics)
    left_out = [name for name in attempt.missing_metrics if ignoring and name not in absent]
    reasons = [f"{', '.join(raised)} raised"] if raised else []
    reasons += [not_given(absent)] if absent else []
    reasons += [f"{drift.listed(left_out)} {_are(left_out)} left out on purpose"] if left_out else []
    if not reasons:
        return None
    return PlannedCell(key, CellState.scores_missing, "score", ", ".join(reasons), (*raised, *absent))


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _reason(state: CellState, attempt: Attempt | None) -> str:
    error = attempt.error if attempt is not None else None
    if error is not None and state is not CellState.interrupted:
        first_line = error.message.strip().partition("\n")[0]
        return f"{error.exception_type}: {first_line[:160]}" if first_line else error.exception_type
    return "never started" if state is CellState.never_run else "stopped while running"


def median_seconds(grid: PlainGrid) -> float | None:
    seconds = [
        (attempt.ended_at - attempt.started_at).total_seconds()
        for attempt in grid.attempts
        if attempt is not None and attempt.complete and attempt.ended_at is not None
    ]
    if not seconds:
        return None
    return statistics.median(seconds)


def plain_failures(grid: Grid) -> list[Failure]:
    """What is missing, cell by cell."""
    filled = zip(grid.keys(), grid.attempts, strict=True)
    ids = list(grid.item_ids)
    cells = [((key.item_id, ids.index(key.item_id), key.trial), attempt) for key, attempt in filled]
    return [failure for key, attempt in cells for failure in _failures(key, attempt)]


def _failures(key: tuple[str, int, int], attempt: Attempt | None) -> Iterator[Failure]:
    if attempt is None:
        yield Failure(*key, CellState.never_run, "", "never started", "", causes.of_cell(CellState.never_run))
        return
    state = state_of(attempt)
    if state is CellState.scores_missing:
        for score in attempt.scores:
            if score.scoring_failed:
                yield _missing_score(key, score)
        for name in attempt.missing_metrics:
            yield Failure(*key, state, "", not_given([name]), "", causes.of_metric(name, causes.NOT_GIVEN))
    elif state is not CellState.completed:
        error = attempt.error or ErrorInfo("", causes.STOPPED, "")
        cause = causes.of_cell(state, error.exception_type, error.message)
        yield Failure(*key, state, error.exception_type, error.message, error.traceback, cause)


def _missing_score(key: tuple[str, int, int], score: ScoreResult) -> Failure:
    info = (score.metadata or {}).get("error_info") or {}
    error_type, message = causes.why_missing(score)
    message, traceback = f"{score.name}: {message}", info.get("traceback") or ""
    return Failure(*key, CellState.scores_missing, error_type, message, traceback, causes.of_score(score))
