"""What the versions of task and metrics of each experiment were made of, in the local SQLite file and nowhere else."""

from __future__ import annotations

import sqlite3

from opik_resume.base.records import Json, utc_now
from opik_resume.base.text.jsontext import from_json, to_json
from opik_resume.stores.file.database import Database

MOST_TEXT = 2_000_000  # characters of one experiment
_KEEP = "INSERT OR IGNORE INTO callables VALUES (?, ?, ?, ?, ?)"
_BOUND = """
DELETE FROM callables WHERE rowid IN (
    SELECT number FROM (
        SELECT rowid AS number, sum(length(made_of)) OVER (ORDER BY rowid DESC) AS altogether
        FROM callables WHERE server = ? AND experiment_id = ?
    ) WHERE altogether > ?
)"""


class KeptCallables:
    """Those of one server's experiments or, with ``""``, of the file's own."""

    def __init__(self, database: Database, server: str = "") -> None:
        self._database = database
        self._server = server

    def keep(self, experiment_id: str, version: str, made_of: Json) -> None:
        """With the next group commit. What is there already stays; of too much the oldest goes."""
        values = (self._server, experiment_id, version, to_json(made_of), utc_now().isoformat())

        def job(db: sqlite3.Connection) -> None:
            db.execute(_KEEP, values)
            db.execute(_BOUND, (self._server, experiment_id, MOST_TEXT))

        self._database.write_soon(job)

    def read(self, experiment_id: str) -> dict[str, Json]:
        """By version, the oldest first."""
        query = "SELECT version, made_of FROM callables WHERE server = ? AND experiment_id = ? ORDER BY rowid"
        return {
            row["version"]: from_json(row["made_of"]) for row in self._database.read(query, self._key(experiment_id))
        }

    def forget(self, experiment_id: str) -> None:
        """The experiment is gone."""
        delete = "DELETE FROM callables WHERE server = ? AND experiment_id = ?"
        self._database.write(lambda db: db.execute(delete, self._key(experiment_id)))

    def _key(self, experiment_id: str) -> tuple[str, str]:
        return self._server, experiment_id
