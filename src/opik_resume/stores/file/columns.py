"""The attempts of one experiment as columns, read from an index alone; their objects when one is looked at."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from opik_resume.base.columns.attempts import NO_TRIAL, AttemptColumns, Gathering, Metrics
from opik_resume.base.columns.ids import Numbers
from opik_resume.base.columns.merging import merged
from opik_resume.base.records import Attempt, CellState, ScoreResult
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
# JSON text has no line break: one text says all that an attempt says of metrics.
_SAID = (
    "coalesce(failed_metrics, '') || char(10) || coalesce(missing_metrics, '') || char(10) || coalesce(scored_by, '')"
)
_ALL = f"""
SELECT CAST(item_id AS BLOB), {_TRIAL}, {STATE}, seconds, began, cost, NULL, rowid, coalesce(error_type, ''), {_SAID}
FROM attempts WHERE experiment_id = ? ORDER BY item_id, id"""
_AT_ONCE = 500  # rows asked for by their numbers


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
    failed, missing, scored_by = (tuple(from_json(part)) if part else None for part in (text or "\n\n").split("\n"))
    return Metrics(failed or (), missing or (), scored_by)


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
        return self._found(columns, rows, lambda row: records.attempt(row, light=not self.heavy))

    def errors(self, rows: Numbers) -> list[tuple[str, str]]:
        columns = f"coalesce(error_type, '') AS type, substr(coalesce(error_message, ''), 1, {records.LIGHT_MESSAGE}) AS message"
        return self._found(columns, rows, lambda row: (row["type"], row["message"]))

    def scores(self, rows: Numbers) -> list[tuple[ScoreResult, ...]]:
        return self._found("scores", rows, lambda row: records.scores(row["scores"], light=not self.heavy))

    def ids(self, rows: Numbers) -> list[str]:
        return self._found("id", rows, lambda row: str(row["id"]))

    def rows(self, ids: Sequence[str]) -> list[int | None]:
        found: dict[str, int] = {}
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            where = f"experiment_id = ? AND id IN {placeholders(1, len(some))}"
            read = self.database.read(f"SELECT id, rowid FROM attempts WHERE {where}", (self.experiment_id, *some))
            found.update((row["id"], row["rowid"]) for row in read)
        return [found.get(attempt_id) for attempt_id in ids]

    def _found(self, columns: str, rows: Numbers, made: Callable[[sqlite3.Row], Any]) -> list[Any]:
        """What is made of each of these rows. The number of a deleted one may be another experiment's by now."""
        numbers = rows.tolist()
        found: dict[int, Any] = {}
        for start in range(0, len(numbers), _AT_ONCE):
            some = numbers[start : start + _AT_ONCE]
            where = f"rowid IN {placeholders(1, len(some))} AND +experiment_id = ?"
            read = self.database.read(
                f"SELECT rowid, {columns} FROM attempts WHERE {where}", (*some, self.experiment_id)
            )
            found.update((row["rowid"], made(row)) for row in read)
        if len(found) < len(set(numbers)):
            raise ExperimentNotFound("These runs are not there any more: their experiment was deleted meanwhile.")
        return [found[number] for number in numbers]
