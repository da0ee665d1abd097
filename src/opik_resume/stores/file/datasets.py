"""Datasets in the local file: versions share the rows that they have in common, and what was deleted stays readable."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from opik_resume.base.ids import new_id
from opik_resume.base.records import DatasetRecord, Item, VersionRecord, utc_now
from opik_resume.base.text.jsontext import to_json
from opik_resume.exceptions import DatasetAlreadyExists, DatasetNotFound
from opik_resume.stores.file import rows
from opik_resume.stores.file.database import Database

Stored = tuple[Item, str, str]  # an item, its data as text, and what makes it a duplicate
_LIVE = "deleted_name IS NULL"
_RETIRE = "UPDATE dataset_items SET removed_in = ? WHERE dataset_id = ? AND id = ? AND removed_in IS NULL"


class Datasets:
    """See :class:`~opik_resume.stores.protocol.DatasetStore`."""

    def __init__(self, database: Database, label: str) -> None:
        self._database = database
        self._label = label

    def create(self, name: str, description: str | None, project_name: str | None) -> DatasetRecord:
        record = DatasetRecord(new_id(), name, description, utc_now())
        values = (record.id, name, description, record.created_at.isoformat(), project_name)
        insert = "INSERT INTO datasets (id, name, description, created_at, project_name) VALUES (?, ?, ?, ?, ?)"
        try:
            self._database.write(lambda db: db.execute(insert, values))
        except sqlite3.IntegrityError as error:
            raise DatasetAlreadyExists(f"A dataset {name!r} exists: open it with get_dataset({name!r}).") from error
        return record

    def named(self, name: str) -> DatasetRecord:
        found = self._database.read(f"SELECT * FROM datasets WHERE name = ? AND {_LIVE}", (name,))
        if not found:
            names = [row["name"] for row in self._database.read(f"SELECT name FROM datasets WHERE {_LIVE}")]
            raise DatasetNotFound.near("dataset", name, names, self._label)
        return rows.dataset(found[0])

    def of_id(self, dataset_id: str) -> DatasetRecord:
        """One that was deleted and still has experiments is found, too."""
        return rows.dataset(self._row(dataset_id))

    def project_of(self, dataset_id: str) -> str | None:
        project: str | None = self._row(dataset_id)["project_name"]
        return project

    def _row(self, dataset_id: str) -> sqlite3.Row:
        found = self._database.read("SELECT * FROM datasets WHERE id = ?", (dataset_id,))
        if not found:
            raise _gone(dataset_id, self._label)
        return found[0]

    def remove(self, name: str) -> None:
        """Its name is free again. Of one with experiments the items stay, which these cannot be read without."""
        record = self.named(name)

        def job(db: sqlite3.Connection) -> None:
            if db.execute("SELECT 1 FROM experiments WHERE dataset_id = ? LIMIT 1", (record.id,)).fetchone():
                rename = "UPDATE datasets SET deleted_name = name, name = 'deleted ' || id WHERE id = ?"
                db.execute(f"{rename} AND {_LIVE}", (record.id,))
            else:
                db.execute("DELETE FROM datasets WHERE id = ?", (record.id,))

        self._database.write(job)

    # Items

    def insert(self, dataset_id: str, items: Sequence[Item], *, deduplicate: bool) -> VersionRecord | None:
        stored = [(item, to_json(item.data), rows.digest(item)) for item in items]

        def job(db: sqlite3.Connection) -> VersionRecord | None:
            self._require(db, dataset_id)
            return _insert_version(db, dataset_id, stored, deduplicate)

        return self._database.write(job)

    def delete(self, dataset_id: str, item_ids: Sequence[str]) -> VersionRecord | None:
        return self._database.write(lambda db: _delete_items(db, dataset_id, item_ids))

    def _require(self, db: sqlite3.Connection, dataset_id: str) -> None:
        if not db.execute(f"SELECT 1 FROM datasets WHERE id = ? AND {_LIVE}", (dataset_id,)).fetchone():
            raise _gone(dataset_id, self._label)

    # Versions

    def versions(self, dataset_id: str) -> list[VersionRecord]:
        query = "SELECT * FROM dataset_versions WHERE dataset_id = ? ORDER BY number DESC"
        found = self._database.read(query, (dataset_id,))
        return [rows.version(row, is_latest=position == 0) for position, row in enumerate(found)]


def _gone(dataset_id: str, label: str) -> DatasetNotFound:
    return DatasetNotFound(f"The dataset with the id {dataset_id} is not in the {label} any more.")


def _insert_version(
    db: sqlite3.Connection, dataset_id: str, stored: Sequence[Stored], deduplicate: bool
) -> VersionRecord | None:
    live = "SELECT id, digest FROM dataset_items WHERE dataset_id = ? AND removed_in IS NULL"
    there = {row["id"]: row["digest"] for row in db.execute(live, (dataset_id,))}
    fresh = _without_duplicates(stored, set(there.values())) if deduplicate else stored
    if not fresh:
        return None
    number = _next_number(db, dataset_id)
    digests = {item.id: digest for item, _, digest in fresh}
    replaced = [item_id for item_id in digests if item_id in there]
    db.executemany(_RETIRE, [(number, dataset_id, item_id) for item_id in replaced])
    values = [(dataset_id, item.id, number, None, data, item.runs_per_item, digest) for item, data, digest in fresh]
    db.executemany("INSERT OR REPLACE INTO dataset_items VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    modified = sum(there[item_id] != digests[item_id] for item_id in replaced)
    return _new_version(db, dataset_id, number, len(digests) - len(replaced), modified, 0)


def _without_duplicates(stored: Sequence[Stored], seen: set[str]) -> list[Stored]:
    fresh = []
    for item, data, digest in stored:
        if digest not in seen:
            seen.add(digest)
            fresh.append((item, data, digest))
    return fresh


def _delete_items(db: sqlite3.Connection, dataset_id: str, item_ids: Sequence[str]) -> VersionRecord | None:
    number = _next_number(db, dataset_id)
    retired = sum(db.execute(_RETIRE, (number, dataset_id, item_id)).rowcount for item_id in item_ids)
    return _new_version(db, dataset_id, number, 0, 0, retired) if retired else None


def _next_number(db: sqlite3.Connection, dataset_id: str) -> int:
    highest = "SELECT coalesce(max(number), 0) + 1 FROM dataset_versions WHERE dataset_id = ?"
    number: int = db.execute(highest, (dataset_id,)).fetchone()[0]
    return number


def _new_version(
    db: sqlite3.Connection, dataset_id: str, number: int, added: int, modified: int, deleted: int
) -> VersionRecord:
    live = "SELECT count(*) FROM dataset_items WHERE dataset_id = ? AND removed_in IS NULL"
    total = db.execute(live, (dataset_id,)).fetchone()[0]
    values = (new_id(), dataset_id, number, total, utc_now().isoformat(), added, modified, deleted)
    db.execute("INSERT INTO dataset_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
    found = db.execute("SELECT * FROM dataset_versions WHERE id = ?", values[:1]).fetchone()
    return rows.version(found, is_latest=True)
