"""The embedded store: datasets, experiments and attempts in one SQLite file. Nothing to install or start."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from opik_resume.base.columns.attempts import AttemptColumns
from opik_resume.base.columns.items import Items
from opik_resume.base.records import (
    Attempt,
    DatasetRecord,
    Experiment,
    Item,
    Json,
    RunDetails,
    ScoreResult,
    Undelivered,
    VersionRecord,
    utc_now,
)
from opik_resume.base.tallies import Expectation, Tally
from opik_resume.exceptions import ExperimentNotFound
from opik_resume.stores.file import columns, items, rows, tallies
from opik_resume.stores.file.callables import KeptCallables
from opik_resume.stores.file.database import Database, placeholders
from opik_resume.stores.file.datasets import Datasets
from opik_resume.stores.file.lease.leases import Completed, SqliteLeases
from opik_resume.stores.protocol import Reader

_EXPERIMENTS = f"SELECT {rows.EXPERIMENT_COLUMNS} FROM experiments e JOIN datasets d ON d.id = e.dataset_id"
_MATCHES = "WHERE e.name LIKE ? ESCAPE '\\' OR coalesce(d.deleted_name, d.name) LIKE ? ESCAPE '\\'"
_RECORDED = f"{rows.ATTEMPT_COLUMNS}, {rows.DERIVED_COLUMNS}"
_RECORD = f"""
INSERT INTO attempts ({_RECORDED}) VALUES {placeholders(1, len(_RECORDED.split(",")))}
ON CONFLICT (id) DO UPDATE SET
    ended_at = excluded.ended_at, returned = excluded.returned, complete = excluded.complete,
    task_output = excluded.task_output, scores = excluded.scores, error_type = excluded.error_type,
    error_message = excluded.error_message, error_traceback = excluded.error_traceback,
    task_seconds = excluded.task_seconds, scoring_seconds = excluded.scoring_seconds, notes = excluded.notes,
    scored_by = excluded.scored_by, missing_metrics = excluded.missing_metrics, version = excluded.version,
    cost = excluded.cost, prints = excluded.prints, tries = excluded.tries,
    seconds = excluded.seconds, failed_metrics = excluded.failed_metrics
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


class LocalStore:
    """A :class:`~opik_resume.stores.protocol.Store` in one local file."""

    label = "local store"
    remote = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = Database(path)
        self._datasets = Datasets(self._database, self.label)
        self._callables = KeptCallables(self._database)
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

    def create_dataset(
        self, name: str, description: str | None = None, project_name: str | None = None
    ) -> DatasetRecord:
        return self._datasets.create(name, description, project_name)

    def dataset(self, name: str, project_name: str | None = None) -> DatasetRecord:
        """The one of that name: there is one in all projects."""
        return self._datasets.named(name)

    def dataset_of_id(self, dataset_id: str) -> DatasetRecord:
        return self._datasets.of_id(dataset_id)

    def delete_dataset(self, name: str, project_name: str | None = None) -> None:
        self._datasets.remove(name)

    def project_of(self, dataset_id: str) -> str | None:
        return self._datasets.project_of(dataset_id)

    def insert_items(self, dataset_id: str, items: Sequence[Item], *, deduplicate: bool = True) -> VersionRecord | None:
        return self._datasets.insert(dataset_id, items, deduplicate=deduplicate)

    def delete_items(self, dataset_id: str, item_ids: Sequence[str]) -> VersionRecord | None:
        return self._datasets.delete(dataset_id, item_ids)

    def versions(self, dataset_id: str) -> list[VersionRecord]:
        return self._datasets.versions(dataset_id)

    def items(self, dataset_id: str, version: str) -> list[Item]:
        return items.read(self._database, dataset_id, version)

    def listed(self, dataset_id: str, version: str) -> Items:
        return items.listed(self._database, dataset_id, version)

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
        self._callables.forget(experiment_id)

    def keep_callables(self, experiment_id: str, version: str, made_of: Json) -> None:
        self._callables.keep(experiment_id, version, made_of)

    def callables(self, experiment_id: str) -> dict[str, Json]:
        return self._callables.read(experiment_id)

    # Attempts

    def start(self, attempt: Attempt) -> None:
        self._database.verify()
        values = (attempt.id, attempt.experiment_id, attempt.item_id, attempt.trial, attempt.started_at.isoformat())
        insert = "INSERT OR IGNORE INTO starts VALUES (?, ?, ?, ?, ?)"
        self._database.write_soon(lambda db: db.execute(insert, values))

    def record(self, attempts: Sequence[Attempt]) -> None:
        values = [(*rows.of_attempt(attempt), *rows.derived(attempt)) for attempt in attempts]
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

    def columns(self, experiment_id: str, *, heavy: bool = False) -> AttemptColumns:
        return columns.read(self._database, experiment_id, heavy=heavy)

    def tallies(self, wanted: Sequence[Expectation]) -> dict[str, Tally]:
        return tallies.tallies(self._database, wanted)

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


def _escaped(search: str) -> str:
    return search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
