"""The embedded store: datasets, experiments and attempts in one SQLite file. Nothing to install or start."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from opik_resume.base.ids import new_id
from opik_resume.base.records import (
    Attempt,
    DatasetRecord,
    Experiment,
    Item,
    RunDetails,
    ScoreResult,
    Undelivered,
    VersionRecord,
    utc_now,
)
from opik_resume.base.text.jsontext import to_json
from opik_resume.exceptions import DatasetAlreadyExists, DatasetNotFound, ExperimentNotFound
from opik_resume.stores.file import rows
from opik_resume.stores.file.database import Database, placeholders
from opik_resume.stores.file.lease.leases import Completed, SqliteLeases
from opik_resume.stores.protocol import Reader

_EXPERIMENTS = f"SELECT {rows.EXPERIMENT_COLUMNS} FROM experiments e JOIN datasets d ON d.id = e.dataset_id"
_MATCHES = "WHERE e.name LIKE ? ESCAPE '\\' OR d.name LIKE ? ESCAPE '\\'"
_RECORD = f"""
INSERT INTO attempts ({rows.ATTEMPT_COLUMNS}) VALUES {placeholders(1, len(rows.ATTEMPT_COLUMNS.split(",")))}
ON CONFLICT (id) DO UPDATE SET
    ended_at = excluded.ended_at, returned = excluded.returned, complete = excluded.complete,
    task_output = excluded.task_output, scores = excluded.scores, error_type = excluded.error_type,
    error_message = excluded.error_message, error_traceback = excluded.error_traceback,
    task_seconds = excluded.task_seconds, scoring_seconds = excluded.scoring_seconds, notes = excluded.notes,
    scored_by = excluded.scored_by, missing_metrics = excluded.missing_metrics
WHERE excluded.complete >= complete
"""


_ORDERS = {
    "-created_at": "e.id DESC",  # an id begins with its time
    "created_at": "e.id",
    "-updated_at": "e.updated_at DESC, e.id DESC",
    "updated_at": "e.updated_at, e.id",
    "name": "e.name COLLATE NOCASE, e.id DESC",
    "-name": "e.name COLLATE NOCASE DESC, e.id DESC",
}
_LATEST = 50  # unfinished experiments that are looked at
_RETIRE = "UPDATE dataset_items SET removed_in = ? WHERE dataset_id = ? AND id = ? AND removed_in IS NULL"


class LocalStore:
    """A :class:`~opik_resume.stores.protocol.Store` in one local file."""

    label = "local store"
    remote = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = Database(path)
        self.leases = SqliteLeases(self._database, Completed())

    def __repr__(self) -> str:
        return f"<{self.label} {self.path}>"

    def close(self) -> None:
        self.leases.close()
        self._database.close()

    @property
    def moved(self) -> bool:
        """Whether the path leads to another file by now, or to none."""
        return self._database.moved

    def verify(self) -> None:
        self._database.verify()

    def checkpoint(self) -> None:
        self._database.checkpoint()

    # Datasets

    def create_dataset(self, name: str, description: str | None = None) -> DatasetRecord:
        record = DatasetRecord(new_id(), name, description, utc_now())
        values = (record.id, name, description, record.created_at.isoformat())
        try:
            self._database.write(lambda db: db.execute("INSERT INTO datasets VALUES (?, ?, ?, ?)", values))
        except sqlite3.IntegrityError as error:
            raise DatasetAlreadyExists(f"A dataset {name!r} exists: open it with get_dataset({name!r}).") from error
        return record

    def dataset(self, name: str) -> DatasetRecord:
        found = self._database.read("SELECT * FROM datasets WHERE name = ?", (name,))
        if not found:
            names = [row["name"] for row in self._database.read("SELECT name FROM datasets")]
            raise DatasetNotFound.near("dataset", name, names, self.label)
        return rows.dataset(found[0])

    def insert_items(self, dataset_id: str, items: Sequence[Item]) -> VersionRecord | None:
        stored = [(item, to_json(item.data), rows.digest(item)) for item in items]
        return self._database.write(lambda db: _insert_version(db, dataset_id, stored))

    def delete_items(self, dataset_id: str, item_ids: Sequence[str]) -> VersionRecord | None:
        return self._database.write(lambda db: _delete_items(db, dataset_id, item_ids))

    def versions(self, dataset_id: str) -> list[VersionRecord]:
        query = "SELECT * FROM dataset_versions WHERE dataset_id = ? ORDER BY number DESC"
        return [rows.version(row) for row in self._database.read(query, (dataset_id,))]

    def items(self, dataset_id: str, version: str) -> list[Item]:
        query = """SELECT * FROM dataset_items WHERE dataset_id = ? AND added_in <= ?
                   AND (removed_in IS NULL OR removed_in > ?) ORDER BY id DESC"""
        number = int(version.removeprefix("v"))
        return [rows.item(row) for row in self._database.read(query, (dataset_id, number, number))]

    # Experiments

    def create(self, experiment: Experiment) -> None:
        values = rows.of_experiment(experiment)
        insert = f"INSERT INTO experiments VALUES ({', '.join('?' * len(values))})"
        self._database.write(lambda db: db.execute(insert, values))

    def get(self, experiment_id: str) -> Experiment:
        found = self._database.read(f"{_EXPERIMENTS} WHERE e.id = ?", (experiment_id,))
        if not found:
            raise ExperimentNotFound(f"There is no experiment with the id {experiment_id} in {self.label}.")
        return rows.experiment(found[0])

    def named(self, name: str) -> list[Experiment]:
        found = self._database.read(f"{_EXPERIMENTS} WHERE e.name = ? ORDER BY e.id DESC", (name,))
        return [rows.experiment(row) for row in found]

    def find(
        self, search: str = "", offset: int = 0, limit: int = 50, sort: str = "-created_at"
    ) -> tuple[list[Experiment], int]:
        pattern = f"%{_escaped(search)}%"
        page = f"{_EXPERIMENTS} {_MATCHES} ORDER BY {_ORDERS[sort]} LIMIT ? OFFSET ?"
        count = f"SELECT count(*) FROM experiments e JOIN datasets d ON d.id = e.dataset_id {_MATCHES}"
        found = self._database.read(page, (pattern, pattern, limit, offset))
        total: int = self._database.read(count, (pattern, pattern))[0][0]
        return [rows.experiment(row) for row in found], total

    def unfinished(self, dataset_id: str, version: str) -> list[Experiment]:
        those = "WHERE e.dataset_id = ? AND e.version_number = ? AND e.status = 'running' ORDER BY e.id DESC LIMIT ?"
        number = int(version.removeprefix("v"))
        found = self._database.read(f"{_EXPERIMENTS} {those}", (dataset_id, number, _LATEST))
        return [rows.experiment(row) for row in found]

    def done(self, experiment_id: str) -> int | None:
        cells = "SELECT DISTINCT item_id, trial FROM attempts WHERE experiment_id = ? AND complete"
        number: int = self._database.read(f"SELECT count(*) FROM ({cells})", (experiment_id,))[0][0]
        return number

    def complete(self, experiment_id: str) -> int | None:
        """Nothing is told beforehand: the file is read at once."""
        return None

    def update(
        self, experiment_id: str, *, status: str | None = None, scores: Sequence[ScoreResult] | None = None
    ) -> None:
        update = """UPDATE experiments SET status = coalesce(?, status), scores = coalesce(?, scores), updated_at = ?
                    WHERE id = ?"""
        values = (status, rows.of_scores(scores) if scores is not None else None, utc_now().isoformat(), experiment_id)
        self._database.write(lambda db: db.execute(update, values))

    def mark(self, experiment_id: str, run_id: str | None) -> None:
        """Nothing: whoever sees this file sees its leases."""

    def delete(self, experiment_id: str) -> None:
        self._database.write(lambda db: db.execute("DELETE FROM experiments WHERE id = ?", (experiment_id,)))

    # Attempts

    def start(self, attempt: Attempt) -> None:
        self._database.verify()
        values = (attempt.id, attempt.experiment_id, attempt.item_id, attempt.trial, attempt.started_at.isoformat())
        insert = "INSERT OR IGNORE INTO starts VALUES (?, ?, ?, ?, ?)"
        self._database.write_soon(lambda db: db.execute(insert, values))

    def record(self, attempts: Sequence[Attempt]) -> None:
        values = [rows.of_attempt(attempt) for attempt in attempts]
        touched = {(utc_now().isoformat(), attempt.experiment_id) for attempt in attempts}

        def job(db: sqlite3.Connection) -> None:
            db.executemany(_RECORD, values)
            db.executemany("DELETE FROM starts WHERE id = ?", [(value[0],) for value in values])
            db.executemany("UPDATE experiments SET updated_at = ? WHERE id = ?", touched)

        self._database.write(job)

    def attempts(self, experiment_id: str, *, heavy: bool = False) -> list[Attempt]:
        columns = rows.ATTEMPT_COLUMNS if heavy else rows.LIGHT_ATTEMPT_COLUMNS
        # Starts first: one that ends between the two reads is then seen twice, never not at all.
        starts = self._database.read("SELECT * FROM starts WHERE experiment_id = ?", (experiment_id,))
        ended = self._database.read(f"SELECT {columns} FROM attempts WHERE experiment_id = ?", (experiment_id,))
        by_id = {row["id"]: rows.started(row) for row in starts}
        by_id.update((row["id"], rows.attempt(row, light=not heavy)) for row in ended)
        return [by_id[attempt_id] for attempt_id in sorted(by_id)]

    def note(self, experiment_id: str) -> str | None:
        """Nothing: the file tells all."""
        return None

    def attempt(self, attempt_id: str) -> Attempt:
        found = self._database.read(f"SELECT {rows.ATTEMPT_COLUMNS} FROM attempts WHERE id = ?", (attempt_id,))
        if found:
            return rows.attempt(found[0])
        starts = self._database.read("SELECT * FROM starts WHERE id = ?", (attempt_id,))
        if not starts:
            raise KeyError(attempt_id)
        return rows.started(starts[0])

    def details(self, attempt_id: str) -> RunDetails | None:
        return None

    def changes(self, experiment_id: str, cursor: str | None = None) -> tuple[list[Attempt], str]:
        marks = """SELECT (SELECT updated_at FROM experiments WHERE id = ?) AS recorded,
                   (SELECT max(rowid) FROM starts WHERE experiment_id = ?) AS started"""
        now = "/".join(str(mark) for mark in self._database.read(marks, (experiment_id, experiment_id))[0])
        return ([] if now == cursor else self.attempts(experiment_id)), now

    def pending(self, experiment_id: str | None = None) -> Undelivered:
        return Undelivered()

    def refusal(self, score: ScoreResult) -> str | None:
        return None

    def flush(self, timeout: float) -> bool:
        return True

    def unseen(self, experiment_id: str, attempts: Sequence[Attempt]) -> int:
        return 0

    def link(self, experiment: Experiment) -> str | None:
        return None

    def offline(self, experiment_id: str) -> Reader | None:
        return self


def _insert_version(
    db: sqlite3.Connection, dataset_id: str, stored: Sequence[tuple[Item, str, str]]
) -> VersionRecord | None:
    live = "SELECT digest FROM dataset_items WHERE dataset_id = ? AND removed_in IS NULL"
    seen = {row["digest"] for row in db.execute(live, (dataset_id,))}
    fresh = []
    for item, data, digest in stored:
        if digest not in seen:
            seen.add(digest)
            fresh.append((item, data, digest))
    if not fresh:
        return None
    number = _next_number(db, dataset_id)
    _replace_rows(db, dataset_id, number, fresh)
    return _new_version(db, dataset_id, number)


def _delete_items(db: sqlite3.Connection, dataset_id: str, item_ids: Sequence[str]) -> VersionRecord | None:
    number = _next_number(db, dataset_id)
    retired = sum(db.execute(_RETIRE, (number, dataset_id, item_id)).rowcount for item_id in item_ids)
    return _new_version(db, dataset_id, number) if retired else None


def _next_number(db: sqlite3.Connection, dataset_id: str) -> int:
    highest = "SELECT coalesce(max(number), 0) + 1 FROM dataset_versions WHERE dataset_id = ?"
    number: int = db.execute(highest, (dataset_id,)).fetchone()[0]
    return number


def _replace_rows(db: sqlite3.Connection, dataset_id: str, number: int, fresh: Sequence[tuple[Item, str, str]]) -> None:
    db.executemany(_RETIRE, [(number, dataset_id, item.id) for item, _, _ in fresh])
    values = [(dataset_id, item.id, number, None, data, item.runs_per_item, digest) for item, data, digest in fresh]
    db.executemany("INSERT OR REPLACE INTO dataset_items VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def _new_version(db: sqlite3.Connection, dataset_id: str, number: int) -> VersionRecord:
    live = "SELECT count(*) FROM dataset_items WHERE dataset_id = ? AND removed_in IS NULL"
    total = db.execute(live, (dataset_id,)).fetchone()[0]
    version = VersionRecord(new_id(), dataset_id, number, total, utc_now())
    values = (version.id, dataset_id, number, total, version.created_at.isoformat())
    db.execute("INSERT INTO dataset_versions VALUES (?, ?, ?, ?, ?)", values)
    return version


def _escaped(search: str) -> str:
    return search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
