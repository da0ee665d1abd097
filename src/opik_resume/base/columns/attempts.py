"""Attempts as columns, in the order in which they fill cells: by item, then by id. The objects are made when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from opik_resume.base.columns.ids import Ids, Numbers, Texts, texts_of
from opik_resume.base.columns.scores import Told, told
from opik_resume.base.numeric import np, npt
from opik_resume.base.records import Attempt, ErrorInfo, Json, ScoreResult
from opik_resume.base.states import state_of

T = TypeVar("T")

NO_TRIAL = -1  # stated by an attempt of another program
_NOWHERE = 2**31 - 1  # stated, and of no cell: the largest of a column


class Source(Protocol):
    """Where the objects come from."""

    def attempts(self, rows: Numbers) -> list[Attempt]:
        """The attempts of these rows, in that order. Raises ExperimentNotFound when one is not there any more."""

    def errors(self, rows: Numbers) -> list[tuple[str, str]]:
        """The type and the message of their errors; both empty of one without."""

    def whole_errors(self, rows: Numbers) -> Iterator[ErrorInfo | None]:
        """Their errors, with all that they are."""

    def scores(self, rows: Numbers) -> Iterator[tuple[ScoreResult, ...]]:
        """Their scores; those that failed with the error."""

    def values(self, rows: Numbers) -> Iterator[Sequence[Told]]:
        """What their scores are for who reckons with them."""

    def outputs(self, rows: Numbers) -> Iterator[Json]:
        """What their tasks returned; empty when that is nothing."""

    def ids(self, rows: Numbers) -> list[str]:
        """Their ids."""

    def rows(self, ids: Sequence[str]) -> list[int | None]:
        """The row of each that it has by now."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """What an attempt says of what made it: see :class:`~opik_resume.base.records.Attempt`. Many say the same."""

    failed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    scored_by: tuple[str, ...] | None = None
    version: str | None = None


@dataclass(frozen=True)
class AttemptColumns:
    """Every attempt of an experiment, sorted by item and id, as arrays of one length.

    Attributes:
        item_ids: the items that have attempts.
        item: the place of each attempt's item in ``item_ids``.
        trial: the trial that it states, or ``NO_TRIAL``.
        state: the :class:`CellState` of a cell that it fills.
        seconds: from its start to its end, NaN when it has none.
        began: the moment of its start, in seconds since 1970, NaN when nobody knows.
        cost: in US dollars, NaN when nobody knows.
        tokens: how many it used, NaN when nobody knows.
        row: its number at ``source``.
        error: the place of its error's type in ``error_types``; of no error, the place of the empty string.
        said: the place in ``metrics`` of what it says of metrics.
    """

    item_ids: Ids
    item: npt.NDArray[np.int32]
    trial: npt.NDArray[np.int32]
    state: npt.NDArray[np.uint8]
    seconds: npt.NDArray[np.float64]
    began: npt.NDArray[np.float64]
    cost: npt.NDArray[np.float64]
    tokens: npt.NDArray[np.float64]
    row: Numbers
    error: npt.NDArray[np.int32]
    said: npt.NDArray[np.int32]
    error_types: Sequence[str]
    metrics: Sequence[Metrics]
    source: Source

    def __len__(self) -> int:
        return len(self.item)

    def by_item(self) -> dict[str, int]:
        """How many attempts each item has had."""
        return dict(zip(self.item_ids, np.bincount(self.item, minlength=len(self.item_ids)).tolist(), strict=True))

    @classmethod
    def of(cls, attempts: Iterable[Attempt]) -> AttemptColumns:
        """Of objects, which are its source."""
        ordered = sorted(attempts, key=lambda attempt: (attempt.item_id, attempt.id))
        gathered = Gathering()
        gathered.add(
            [attempt.item_id.encode("utf-8", "surrogatepass") for attempt in ordered],
            [numbered(attempt.trial) for attempt in ordered],
            [state_of(attempt) for attempt in ordered],
            [_seconds(attempt) for attempt in ordered],
            [attempt.started_at.timestamp() for attempt in ordered],
            [attempt.cost for attempt in ordered],
            [attempt.tokens for attempt in ordered],
            range(len(ordered)),
            [attempt.error.exception_type if attempt.error is not None else "" for attempt in ordered],
            [_said(attempt) for attempt in ordered],
        )
        return gathered.columns(Objects(ordered))


class Made:
    """A source that makes an attempt of each row that is asked for, and tells all else from that."""

    def attempts(self, rows: Numbers) -> list[Attempt]:
        raise NotImplementedError

    def errors(self, rows: Numbers) -> list[tuple[str, str]]:
        return [_error(attempt) for attempt in self.attempts(rows)]

    def whole_errors(self, rows: Numbers) -> Iterator[ErrorInfo | None]:
        return (attempt.error for attempt in self.attempts(rows))

    def scores(self, rows: Numbers) -> Iterator[tuple[ScoreResult, ...]]:
        return (attempt.scores for attempt in self.attempts(rows))

    def values(self, rows: Numbers) -> Iterator[Sequence[Told]]:
        return map(told, self.scores(rows))

    def outputs(self, rows: Numbers) -> Iterator[Json]:
        return (attempt.task_output or {} for attempt in self.attempts(rows))

    def ids(self, rows: Numbers) -> list[str]:
        return [attempt.id for attempt in self.attempts(rows)]

    def rows(self, ids: Sequence[str]) -> list[int | None]:
        """None: what is there is there, and a later attempt of the same id is another object."""
        return [None] * len(ids)


@dataclass(frozen=True)
class Objects(Made):
    """A source of attempts that are there already: the row of each is its place."""

    there: Sequence[Attempt]

    def attempts(self, rows: Numbers) -> list[Attempt]:
        return [self.there[row] for row in rows.tolist()]


@dataclass(frozen=True)
class Overlaid:
    """A source with attempts beside it that it does not have: their rows are -1, -2, …"""

    source: Source
    beside: Sequence[Attempt]

    def attempts(self, rows: Numbers) -> list[Attempt]:
        return list(self._laid(rows, self.source.attempts, lambda attempt: attempt))

    def errors(self, rows: Numbers) -> list[tuple[str, str]]:
        return list(self._laid(rows, self.source.errors, _error))

    def whole_errors(self, rows: Numbers) -> Iterator[ErrorInfo | None]:
        return self._laid(rows, self.source.whole_errors, lambda attempt: attempt.error)

    def scores(self, rows: Numbers) -> Iterator[tuple[ScoreResult, ...]]:
        return self._laid(rows, self.source.scores, lambda attempt: attempt.scores)

    def values(self, rows: Numbers) -> Iterator[Sequence[Told]]:
        return self._laid(rows, self.source.values, lambda attempt: told(attempt.scores))

    def outputs(self, rows: Numbers) -> Iterator[Json]:
        return self._laid(rows, self.source.outputs, lambda attempt: attempt.task_output or {})

    def ids(self, rows: Numbers) -> list[str]:
        return list(self._laid(rows, self.source.ids, lambda attempt: attempt.id))

    def _laid(self, rows: Numbers, read: Callable[[Numbers], Iterable[T]], made: Callable[[Attempt], T]) -> Iterator[T]:
        """What the source has of its rows, and what is made of the others."""
        found = iter(read(rows[rows >= 0]))
        for row in rows.tolist():
            yield next(found) if row >= 0 else made(self.beside[-1 - row])

    def rows(self, ids: Sequence[str]) -> list[int | None]:
        return self.source.rows(ids)


class Places(dict[object, int]):
    """The place of each of a few different values, in the order in which they came."""

    def __missing__(self, value: object) -> int:
        self[value] = place = len(self)
        return place


class Gathering:
    """Columns, as they come in stretches: each a sequence a column, sorted by item and id over all stretches.

    An item's id is kept once, and what nobody knows of any attempt takes no room: of a million, each would be megabytes.
    """

    def __init__(self) -> None:
        self._texts: list[Texts] = []  # of the items, each once
        self._last: bytes | None = None  # the item at the end of what has come
        self._first: list[npt.NDArray[np.bool_]] = []  # where an item begins
        self._parts: list[list[npt.NDArray[Any]]] = [[] for _ in range(9)]  # of each other column
        self._errors = Places()
        self._said = Places()

    def add(
        self,
        item: Sequence[bytes],
        trial: Sequence[int],
        state: Sequence[int],
        seconds: Sequence[float | None],
        began: Sequence[float | None],
        cost: Sequence[float | None],
        tokens: Sequence[int | None],
        row: Sequence[int],
        error: Sequence[str],
        said: Sequence[object],
    ) -> None:
        """One stretch of attempts. ``said`` may be anything that stands for one of ``Metrics``."""
        number = len(row)
        self._add_items(texts_of(item))
        stretch = (
            np.fromiter(trial, np.int32, number),
            np.fromiter(state, np.uint8, number),
            np.array(seconds, np.float64),
            np.array(began, np.float64),
            _sparing(np.array(cost, np.float64)),
            _sparing(np.array(tokens, np.float64)),
            np.fromiter(row, np.int64, number),
            np.fromiter(map(self._errors.__getitem__, error), np.int32, number),
            np.fromiter(map(self._said.__getitem__, said), np.int32, number),
        )
        for column, part in enumerate(stretch):
            self._parts[column].append(part)  # type: ignore[arg-type]

    def _add_items(self, texts: Texts) -> None:
        if not len(texts):
            return
        first = np.ones(len(texts), dtype=np.bool_)
        first[1:] = texts[1:] != texts[:-1]
        first[0] = texts[0] != self._last
        self._texts.append(texts[first])
        self._first.append(first)
        self._last = texts[-1]

    @property
    def said(self) -> list[object]:
        """What stood for ``Metrics``, each once."""
        return list(self._said)

    def columns(self, source: Source, metrics: Sequence[Metrics] | None = None) -> AttemptColumns:
        """All of it, once. ``metrics``: what :attr:`said` stands for, if it is not itself."""
        if not self._texts:
            self.add(*[()] * 10)
        first = np.concatenate(self._first) if self._first else np.zeros(0, dtype=np.bool_)
        self._first.clear()
        trial, state, seconds, began, cost, tokens, row, error, said = (_taken(parts) for parts in self._parts)
        return AttemptColumns(
            Ids(np.concatenate(self._texts) if self._texts else texts_of(())),
            np.cumsum(first, dtype=np.int32) - np.int32(1),
            trial, state, seconds, began, cost, tokens, row, error, said,
            list(map(str, self._errors)),
            self.said if metrics is None else metrics,  # type: ignore[arg-type]
            source,
        )  # fmt: skip


def _sparing(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The same; one NaN for all of them, if they are."""
    return np.broadcast_to(np.nan, values.shape) if len(values) and np.isnan(values).all() else values


def _taken(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """The parts as one, and none of them is kept: each column is there twice, but no two columns are at a time."""
    number = sum(map(len, parts))
    if number and all(part.strides == (0,) for part in parts):
        whole = np.broadcast_to(parts[0][0], (number,))
    else:
        whole = np.concatenate(parts)
    parts.clear()
    return whole


def _said(attempt: Attempt) -> Metrics:
    return Metrics(attempt.failed_metrics, attempt.missing_metrics, attempt.scored_by, attempt.version)


def numbered(trial: int | None) -> int:
    """A trial as columns have it."""
    if trial is None:
        return NO_TRIAL
    return trial if 0 <= trial < _NOWHERE else _NOWHERE


def _seconds(attempt: Attempt) -> float | None:
    return (attempt.ended_at - attempt.started_at).total_seconds() if attempt.ended_at is not None else None


def _error(attempt: Attempt) -> tuple[str, str]:
    return (attempt.error.exception_type, attempt.error.message) if attempt.error is not None else ("", "")
