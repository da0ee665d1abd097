"""The attempts of one experiment as columns, read from an index alone; their objects when one is looked at."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from opik_resume.base.columns.attempts import NO_TRIAL, AttemptColumns, Gathering, Metrics
from opik_resume.base.columns.ids import Numbers
from opik_resume.base.columns.merging import merged
from opik_resume.base.columns.scores import Told
from opik_resume.base.numeric import np
from opik_resume.base.records import LIGHT_MESSAGE, Attempt, CellState, ErrorInfo, Json, ScoreResult
from opik_resume.base.states import INTERRUPTIONS
from opik_resume.base.text.jsontext import from_json
from opik_resume.exceptions import ExperimentNotFound
from opik_resume.stores.file import rows as records
from opik_resume.stores.file.database import Database, placeholders

_TYPES = ", ".join(f"'{name}'" for name in ("", *INTERRUPTIONS))
STATE = f"""
CASE WHEN complete THEN
         CASE WHEN failed_metrics IS NULL AND missing_metrics IS NULL
         THEN {CellState.completed:d} ELSE {CellState.scores_missing:d} END
     WHEN returned THEN {CellState.scoring_failed:d}
     WHEN coalesce(error_type, '') IN ({_TYPES}) THEN {CellState.interrupted:d}
     ELSE {CellState.task_failed:d} END"""
"""The state that an attempt gives to the cell that it fills: see ``base.states``."""
_TRIAL = f"CASE WHEN trial IS NULL THEN {NO_TRIAL} WHEN trial BETWEEN 0 AND 2147483646 THEN trial ELSE 2147483647 END"
# JSON text has no line break: one text says all that an attempt says of what made it.
_SAID = " || char(10) || ".join(
    f"coalesce({column}, '')" for column in ("failed_metrics", "missing_metrics", "scored_by", "version")
)
_ALL = f"""
SELECT CAST(item_id AS BLOB), {_TRIAL}, {STATE}, seconds, began, cost, NULL, rowid, coalesce(error_type, ''), {_SAID}
FROM attempts WHERE experiment_id = ? ORDER BY item_id, id"""
_AT_ONCE = 500  # rows asked for by their numbers
_KNOWN = 10_000  # texts of scores that are decoded once

T = TypeVar("T")


def read(database: Database, experiment_id: str, *, heavy: bool) -> AttemptColumns:
    """As :meth:`~opik_resume.stores.protocol.ExperimentStore.columns`."""
    # Starts first: one that ends between the two reads is then seen twice, never not at all.
    begun = database.read("SELECT * FROM starts WHERE experiment_id = ?", (experiment_id,))
    gathering = Gathering()
    for stretch in database.stretches(_ALL, (experiment_id,)):
        gathering.add(*zip(*stretch, strict=True))
    source = Recorded(database, experiment_id, heavy=heavy)
    columns = gathering.columns(source, [_metrics(str(text)) for text in gathering.said])
    return merged(columns, _by_now(source, [records.started(row) for row in begun]))


def _by_now(source: Recorded, begun: Sequence[Attempt]) -> Iterator[Attempt]:
    """The starts, those that have ended as what they are by now."""
    rows = source.rows([start.id for start in begun])
    ended = iter(source.attempts(np.array([row for row in rows if row is not None], dtype=np.int64)))
    for start, row in zip(begun, rows, strict=True):
        yield start if row is None else next(ended)


def _metrics(text: str) -> Metrics:
    *listed, version = (text or "\n\n\n").split("\n")
    failed, missing, scored_by = (tuple(from_json(part)) if part else None for part in listed)
    return Metrics(failed or (), missing or (), scored_by, version or None)


@dataclass(frozen=True)
class Recorded:
    """The recorded attempts of one experiment, by the numbers of their rows.

    ``heavy``: with outputs, tracebacks and reasons.
    """

    database: Database
    experiment_id: str
    heavy: bool

    def attempts(self, rows: Numbers) -> list[Attempt]:
        columns = records.ATTEMPT_COLUMNS if self.heavy else records.LIGHT_ATTEMPT_COLUMNS
        return list(self._found(columns, rows, lambda row: records.attempt(row, light=not self.heavy)))

    def errors(self, rows: Numbers) -> list[tuple[str, str]]:
        columns = (
            f"coalesce(error_type, '') AS type, substr(coalesce(error_message, ''), 1, {LIGHT_MESSAGE}) AS message"
        )
        return list(self._found(columns, rows, lambda row: (row["type"], row["message"])))

    def whole_errors(self, rows: Numbers) -> Iterator[ErrorInfo | None]:
        return self._found("error_type, error_message, error_traceback", rows, records.error)

    def scores(self, rows: Numbers) -> Iterator[tuple[ScoreResult, ...]]:
        return self._found("scores", rows, lambda row: records.scores(row["scores"]))

    def values(self, rows: Numbers) -> Iterator[Sequence[Told]]:
        """Scores without a reason often are the same text."""
        known: dict[str, Sequence[Told]] = {}

        def made(row: sqlite3.Row) -> Sequence[Told]:
            text = row["scores"]
            told = known.get(text)
            if told is None:
                told = records.values(text)
                if len(known) < _KNOWN:
                    known[text] = told
            return told

        return self._found("scores", rows, made)

    def outputs(self, rows: Numbers) -> Iterator[Json]:
        return self._found("task_output", rows, lambda row: from_json(row["task_output"] or "{}"))

    def ids(self, rows: Numbers) -> list[str]:
        return list(self._found("id", rows, lambda row: str(row["id"])))

    def rows(self, ids: Sequence[str]) -> list[int | None]:
        found: dict[str, int] = {}
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            where = f"experiment_id = ? AND id IN {placeholders(1, len(some))}"
            read = self.database.read(f"SELECT id, rowid FROM attempts WHERE {where}", (self.experiment_id, *some))
            found.update((row["id"], row["rowid"]) for row in read)
        return [found.get(attempt_id) for attempt_id in ids]

    def _found(self, columns: str, rows: Numbers, made: Callable[[sqlite3.Row], T]) -> Iterator[T]:
        """What is made of each of these rows. The number of a deleted one may be another experiment's by now."""
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE].tolist()
            where = f"rowid IN {placeholders(1, len(some))} AND +experiment_id = ?"
            read = self.database.read(
                f"SELECT rowid, id, {columns} FROM attempts WHERE {where}", (*some, self.experiment_id)
            )
            found = {row["rowid"]: row for row in read}
            if len(found) < len(set(some)):
                raise ExperimentNotFound("These runs are not there any more: their experiment was deleted meanwhile.")
            for number in some:
                yield records.part(found[number], made)
