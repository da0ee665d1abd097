"""What is missing from a result, as columns: one row for each thing. Each different error is kept once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from opik_resume.base.columns.attempts import Places
from opik_resume.base.columns.ids import Ids, Numbers
from opik_resume.base.numeric import np, npt
from opik_resume.base.records import CellKey, CellState, ErrorInfo, ScoreResult
from opik_resume.experiment.failures import causes
from opik_resume.experiment.failures.causes import Cause
from opik_resume.experiment.grid import EMPTY, Bytes, Grid
from opik_resume.experiment.planning.plan import not_given

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["item_id", "position", "trial", "state", "error_type", "message", "traceback", "failure_group"]
GROUP_COLUMNS = ["group", "kind", "count", "first_cell", "example"]
_AT_ONCE = 1_000


@dataclass(frozen=True)
class Failure:
    """A cell that is not complete, or complete with a score missing. ``cause`` is why, in the words of plans.

    ``position`` is that of the item in the experiment's order.
    """

    item_id: str
    position: int
    trial: int
    state: CellState
    error_type: str
    message: str
    traceback: str
    cause: Cause = field(repr=False)

    @property
    def failure_group(self) -> str:
        """What it has in common with those that differ only in numbers, ids, paths, quoted values."""
        return self.cause.group


class _Why(NamedTuple):
    error_type: str
    message: str
    traceback: str
    cause: Cause


_NEVER_STARTED = _Why("", causes.NEVER_STARTED, "", causes.of_cell(CellState.never_run))


@dataclass(frozen=True, eq=False, repr=False)
class FailedRuns(Sequence[Failure]):
    """Failures in the experiment's order. The objects are made when they are looked at.

    Attributes:
        item_ids: of each.
        position: of its item in the experiment's order.
        trial: its trial.
        states: its :class:`CellState`.
        why: the place of its error in ``reasons``.
    """

    item_ids: Sequence[str]
    position: Numbers
    trial: Numbers
    states: Bytes
    why: Numbers
    reasons: Sequence[_Why]

    @classmethod
    def of(cls, grid: Grid) -> FailedRuns:
        """Of all cells of a grid. The errors of those that failed are read, and nothing else of them."""
        reasons = Places()
        incomplete = np.flatnonzero(~np.isin(grid.states, (CellState.completed, CellState.scores_missing)))
        lacking = np.flatnonzero(grid.states == CellState.scores_missing)
        repeats, listed = _of_scores(grid, lacking, reasons)
        cells = np.concatenate([incomplete, np.repeat(lacking, repeats)])
        why = np.concatenate([_of_errors(grid, incomplete, reasons), listed])
        order = np.argsort(cells, kind="stable")
        cells, why = cells[order], why[order]
        rows = grid.rows(cells)
        return cls(
            Ids(grid.item_ids.texts[rows]),
            rows,
            cells - grid.offsets[rows],
            grid.states[cells],
            why,
            list(reasons),  # type: ignore[arg-type]  # it holds nothing else
        )

    @classmethod
    def gathered(cls, failures: Sequence[Failure]) -> FailedRuns:
        """Of objects."""
        if isinstance(failures, FailedRuns):
            return failures
        reasons = Places()
        why = [reasons[_Why(each.error_type, each.message, each.traceback, each.cause)] for each in failures]
        return cls(
            tuple(each.item_id for each in failures),
            np.array([each.position for each in failures], dtype=np.int64),
            np.array([each.trial for each in failures], dtype=np.int64),
            np.array([each.state for each in failures], dtype=np.uint8),
            np.array(why, dtype=np.int64),
            list(reasons),  # type: ignore[arg-type]  # it holds nothing else
        )

    def __len__(self) -> int:
        return len(self.why)

    @property
    def _numbers(self) -> tuple[npt.NDArray[Any], ...]:
        return self.position, self.trial, self.states, self.why

    @overload
    def __getitem__(self, at: int) -> Failure: ...
    @overload
    def __getitem__(self, at: slice) -> FailedRuns: ...
    def __getitem__(self, at: int | slice) -> Failure | FailedRuns:
        if isinstance(at, slice):
            places, trials, states, whys = (each[at] for each in self._numbers)
            return FailedRuns(self.item_ids[at], places, trials, states, whys, self.reasons)
        position, trial, state, why = (int(each[at]) for each in self._numbers)
        return Failure(self.item_ids[at], position, trial, CellState(state), *self.reasons[why])

    def __iter__(self) -> Iterator[Failure]:
        for start in range(0, len(self), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            rest = zip(*(each[part].tolist() for each in self._numbers), strict=True)
            for item_id, (position, trial, state, why) in zip(self.item_ids[part], rest, strict=True):
                yield Failure(item_id, position, trial, CellState(state), *self.reasons[why])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FailedRuns | list) and len(self) == len(other) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as of a list

    def __repr__(self) -> str:
        return repr(list(self))

    def retold(self, messages: Mapping[CellKey, str]) -> FailedRuns:
        """With these messages for those of the cells that have failed."""
        why, reasons = self.why.copy(), list(self.reasons)
        for at, failure in enumerate(self if messages else ()):
            message = messages.get(CellKey(failure.item_id, failure.trial))
            if message is not None:
                why[at] = len(reasons)
                reasons.append(self.reasons[int(self.why[at])]._replace(message=message))
        return replace(self, why=why, reasons=reasons)

    def counts(self) -> dict[CellState, int]:
        """How many of them are in each state."""
        return dict(zip(CellState, np.bincount(self.states, minlength=len(CellState)).tolist(), strict=True))

    def to_pandas(self) -> pd.DataFrame:
        """One row for each. A text that many have in common is one object."""
        import pandas as pd

        names = np.array([state.name for state in CellState], dtype=object)
        told = [(why.error_type, why.message, why.traceback, why.cause.group) for why in self.reasons]
        reasons = np.array(told, dtype=object).reshape(-1, len(_Why._fields))[self.why]
        ids = np.array(list(self.item_ids), dtype=object)
        columns = (ids, self.position, self.trial, names[self.states], *reasons.T)
        frame = pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
        return frame.infer_objects() if len(self) else pd.DataFrame([], columns=COLUMNS)

    def groups(self) -> pd.DataFrame:
        """One row for each group and kind, the most frequent first."""
        import pandas as pd

        named = Places()
        codes = np.array([named[why.cause.group, why.cause.kind] for why in self.reasons], dtype=np.int64)[self.why]
        _, firsts, counts = np.unique(codes, return_index=True, return_counts=True)
        rows = []
        for count, at in sorted(
            zip(counts.tolist(), firsts.tolist(), strict=True), key=lambda each: (-each[0], each[1])
        ):
            first = self[at]
            cell = CellKey(first.item_id, first.trial)
            rows.append((first.cause.group, first.cause.kind, count, cell, first.message))
        return pd.DataFrame(rows, columns=GROUP_COLUMNS)


def _of_errors(grid: Grid, cells: Numbers, reasons: Places) -> Numbers:
    """Why each of these is not complete."""
    codes = np.full(len(cells), reasons[_NEVER_STARTED], dtype=np.int64)
    filled = grid.filled[cells]
    there = np.flatnonzero(filled != EMPTY)
    columns = grid.columns
    errors = columns.source.whole_errors(columns.row[filled[there]])
    told = zip(grid.states[cells[there]].tolist(), errors, strict=True)
    codes[there] = np.fromiter((reasons[_told(CellState(state), error)] for state, error in told), np.int64, len(there))
    return codes


def _told(state: CellState, error: ErrorInfo | None) -> _Why:
    if error is None:
        return _Why("", causes.STOPPED, "", causes.of_cell(state))
    cause = causes.of_cell(state, error.exception_type, error.message)
    return _Why(error.exception_type, error.message, error.traceback, cause)


def _of_scores(grid: Grid, cells: Numbers, reasons: Places) -> tuple[Numbers, Numbers]:
    """What is missing of each of these complete ones: how much, and why. Scores are read where one has failed."""
    columns = grid.columns
    filled = grid.filled[cells]
    said = [columns.metrics[code] for code in columns.said[filled].tolist()]
    broken = np.array([bool(each.failed) for each in said], dtype=np.bool_)
    scores = iter(columns.source.scores(columns.row[filled[broken]]))
    counts, listed = [], []
    for each in said:
        whys = [_of_score(score) for score in next(scores) if score.scoring_failed] if each.failed else []
        whys += [_Why("", not_given([name]), "", causes.of_metric(name, causes.NOT_GIVEN)) for name in each.missing]
        counts.append(len(whys))
        listed += [reasons[why] for why in whys]
    return np.array(counts, dtype=np.int64), np.array(listed, dtype=np.int64)


def _of_score(score: ScoreResult) -> _Why:
    info = (score.metadata or {}).get("error_info") or {}
    error_type, message = causes.why_missing(score)
    return _Why(
        error_type, f"{score.name}: {message or error_type}", info.get("traceback") or "", causes.of_score(score)
    )
