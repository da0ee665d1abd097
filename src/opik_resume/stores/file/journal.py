"""The journal: finished attempts that a server has not acknowledged yet, and starts, in the local SQLite file.

Rows are keyed by the server's URL and workspace, never by a key. An attempt is ``waiting`` until the server has taken
it, ``delivered`` until a live read has shown it, and gone after that; ``refused`` when the server will not take it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from opik_resume.base.records import Attempt, Undelivered
from opik_resume.base.text.jsontext import clean, from_json, to_json
from opik_resume.stores.file import rows
from opik_resume.stores.file.database import Database, placeholders

_COLUMNS = f"server, {rows.ATTEMPT_COLUMNS}, steps, revision, state"
_WIDTH = len(_COLUMNS.split(","))
_OR_REPLACE = """
ON CONFLICT (server, id) DO UPDATE SET
    ended_at = excluded.ended_at, returned = excluded.returned, complete = excluded.complete,
    task_output = excluded.task_output, scores = excluded.scores, error_type = excluded.error_type,
    error_message = excluded.error_message, error_traceback = excluded.error_traceback,
    task_seconds = excluded.task_seconds, scoring_seconds = excluded.scoring_seconds,
    notes = excluded.notes, prints = excluded.prints,
    scored_by = excluded.scored_by, missing_metrics = excluded.missing_metrics, version = excluded.version,
    cost = excluded.cost, tries = excluded.tries,
    steps = excluded.steps,
    revision = max(excluded.revision, revision + 1), state = excluded.state, problem = NULL
WHERE excluded.complete >= complete
"""
_WAITING = "server = ? AND state = 'waiting'"
BATCH_CHARACTERS = 16_000_000  # of what tasks returned: a batch is whole in memory, several times over
_AT_ONCE = 100  # rows of one statement
_KNOWS = """
SELECT 1 FROM journal WHERE server = ?1 AND (id = ?2 OR experiment_id = ?2)
UNION ALL SELECT 1 FROM journal_starts WHERE server = ?1 AND (id = ?2 OR experiment_id = ?2)
UNION ALL SELECT 1 FROM leases WHERE experiment_id = ?2
LIMIT 1
"""
_BATCH = f"SELECT * FROM journal WHERE {_WAITING} ORDER BY revision LIMIT ?"


@dataclass(frozen=True, slots=True)
class Entry:
    """One attempt in the journal, as of a revision (microseconds since 1970, of its last recording)."""

    attempt: Attempt
    revision: int
    state: str


class Journal:
    """The journal of one server. Safe to use from any thread and process."""

    def __init__(self, database: Database, server: str) -> None:
        self.server = server
        self._database = database

    def start(self, attempt: Attempt) -> None:
        """Note that an attempt has begun, with the next group commit."""
        self._database.write_rows_soon(self._keep, [attempt])

    def record(self, attempts: Sequence[Attempt]) -> None:
        """Keep ended attempts until they are delivered: durable on return, idempotent, never complete → incomplete."""
        revision = time.time_ns() // 1000
        values = [(self.server, *rows.of_attempt(a), _steps(a), revision, "waiting") for a in attempts]
        self._database.write_rows(self._keep, values)

    def _keep(self, db: sqlite3.Connection, told: Sequence[Attempt | tuple[Any, ...]]) -> None:
        """Starts and ended attempts that commit together. A start whose end is among them is not written at all."""
        starts = [each for each in told if isinstance(each, Attempt)]
        ended = [each for each in told if not isinstance(each, Attempt)]
        self._keep_starts(db, starts, {values[1] for values in ended})
        for part in _parts(ended):
            insert = f"INSERT INTO journal ({_COLUMNS}) VALUES {placeholders(len(part), _WIDTH)} {_OR_REPLACE}"
            db.execute(insert, [value for values in part for value in values])
            ids = [values[1] for values in part]
            delete = f"DELETE FROM journal_starts WHERE server = ? AND id IN {placeholders(1, len(ids))}"
            db.execute(delete, [self.server, *ids])

    def _keep_starts(self, db: sqlite3.Connection, starts: Sequence[Attempt], ended: Container[str]) -> None:
        values = [
            (self.server, start.id, start.experiment_id, start.item_id, start.trial, start.started_at.isoformat())
            for start in starts
            if start.id not in ended
        ]
        for part in _parts(values):
            insert = f"INSERT OR IGNORE INTO journal_starts VALUES {placeholders(len(part), 6)}"
            db.execute(insert, [value for row in part for value in row])

    def batch(self, limit: int) -> tuple[list[Entry], bool]:
        """The oldest of those that wait, and whether more may wait: so many, or fewer when their outputs are large."""
        room = BATCH_CHARACTERS

        def full(row: sqlite3.Row) -> bool:
            nonlocal room
            room -= len(row["task_output"] or "")
            return room <= 0

        found = self._database.read(_BATCH, (self.server, limit), until=full)
        return [_entry(row) for row in found], len(found) == limit or room <= 0

    def entries(self, experiment_id: str) -> list[Entry]:
        """Every attempt of an experiment that is kept here, whatever its state."""
        query = "SELECT * FROM journal WHERE server = ? AND experiment_id = ?"
        return [_entry(row) for row in self._database.read(query, (self.server, experiment_id))]

    def starts(self, experiment_id: str) -> list[Attempt]:
        """Every start on this machine that never reported back."""
        query = "SELECT * FROM journal_starts WHERE server = ? AND experiment_id = ?"
        return [rows.started(row) for row in self._database.read(query, (self.server, experiment_id))]

    def find(self, attempt_id: str) -> Entry | Attempt | None:
        """One attempt that is kept here, or its start."""
        key = (self.server, attempt_id)
        for row in self._database.read("SELECT * FROM journal WHERE server = ? AND id = ?", key):
            return _entry(row)
        for row in self._database.read("SELECT * FROM journal_starts WHERE server = ? AND id = ?", key):
            return rows.started(row)
        return None

    def knows(self, id_: str) -> bool:
        """Whether this file has anything of that attempt or experiment, be it only that its cells were run from here."""
        return bool(self._database.read(_KNOWS, (self.server, id_)))

    def delivered(self, entries: Iterable[Entry]) -> None:
        """The server has taken these, as of their revisions."""
        self._mark("UPDATE journal SET state = 'delivered', problem = NULL", entries)

    def refused(self, entry: Entry, words: str) -> None:
        """The server will not take this one; its words are kept for people."""
        update = "UPDATE journal SET state = 'refused', problem = ? WHERE server = ? AND id = ? AND revision = ?"
        values = (clean(words), self.server, entry.attempt.id, entry.revision)
        self._database.write(lambda db: db.execute(update, values))

    def shown(self, entries: Iterable[Entry]) -> None:
        """A live read has shown these: they need not be kept. None of them waits any more when this returns."""
        shown = list(entries)
        self._mark("DELETE FROM journal", shown, soon=all(entry.state == "delivered" for entry in shown))

    def lost(self, entries: Iterable[Entry]) -> None:
        """The server has taken these and does not have them: they wait once more."""
        self._mark("UPDATE journal SET state = 'waiting'", entries)

    def forget(self, experiment_id: str) -> None:
        """The experiment is gone."""
        key = (self.server, experiment_id)

        def job(db: sqlite3.Connection) -> None:
            for table in ("journal", "journal_starts"):
                db.execute(f"DELETE FROM {table} WHERE server = ? AND experiment_id = ?", key)

        self._database.write(job)

    def try_again(self) -> None:
        """Let what was refused wait once more: the server may have changed its mind."""
        update = "UPDATE journal SET state = 'waiting' WHERE server = ? AND state = 'refused'"
        self._database.write(lambda db: db.execute(update, (self.server,)))

    def undelivered(self, experiment_id: str | None = None, problem: str | None = None) -> Undelivered:
        """What the server does not have yet, of one experiment or of all."""
        query = "SELECT id, state, problem FROM journal WHERE server = ? AND state != 'delivered'"
        values = [self.server]
        if experiment_id is not None:
            query, values = f"{query} AND experiment_id = ?", [self.server, experiment_id]
        found = self._database.read(query, values)
        refused = {row["id"]: row["problem"] or "" for row in found if row["state"] == "refused"}
        return Undelivered(len(found) - len(refused), refused, problem)

    def waiting(self) -> bool:
        """Whether anything waits to be delivered."""
        return bool(self._database.read(f"SELECT 1 FROM journal WHERE {_WAITING} LIMIT 1", (self.server,)))

    def _mark(self, change: str, entries: Iterable[Entry], *, soon: bool = False) -> None:
        keys = [(self.server, entry.attempt.id, entry.revision) for entry in entries]
        if not keys:
            return
        write = self._database.write_soon if soon else self._database.write
        write(lambda db: db.executemany(f"{change} WHERE server = ? AND id = ? AND revision = ?", keys))


def _parts(listed: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(listed), _AT_ONCE):
        yield listed[start : start + _AT_ONCE]


def _steps(attempt: Attempt) -> str | None:
    return None if attempt.steps is None else to_json(attempt.steps)


def _entry(row: sqlite3.Row) -> Entry:
    steps = None if row["steps"] is None else from_json(row["steps"])
    return Entry(replace(rows.attempt(row), steps=steps), row["revision"], row["state"])
