"""The items of one dataset version: whole, or by their ids from an index alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from opik_resume.base.columns.ids import Ids, texts_of
from opik_resume.base.columns.items import Items
from opik_resume.base.numeric import np
from opik_resume.base.records import Item, ItemFacts
from opik_resume.stores.file import rows
from opik_resume.stores.file.database import Database, placeholders

_OF_VERSION = "dataset_id = ?1 AND added_in <= ?2 AND (removed_in IS NULL OR removed_in > ?2)"
NEWEST_FIRST = f"FROM dataset_items WHERE {_OF_VERSION} ORDER BY id DESC"
_AT_ONCE = 500
# A field by its path ?3, whatever else is in the row; nothing of one that is broken.
_FIELD = f"""SELECT CAST(id AS BLOB), kind, CASE WHEN kind NOT IN ('object', 'array') THEN json_extract(data, ?3) END FROM (
    SELECT id, data, CASE WHEN json_valid(data) THEN json_type(data, ?3) END AS kind {NEWEST_FIRST}
)"""
_TRUTHS = {"true": True, "false": False}


def read(database: Database, dataset_id: str, version: str) -> list[Item]:
    """Every item, newest first."""
    found = database.read(f"SELECT * {NEWEST_FIRST}", (dataset_id, number_of(version)))
    facts = _facts(database, dataset_id)
    return [rows.item(row, facts[row["added_in"]]) for row in found]


def listed(database: Database, dataset_id: str, version: str) -> Items:
    """As :meth:`~opik_resume.stores.protocol.DatasetStore.listed`."""
    query = f"SELECT CAST(id AS BLOB), coalesce(runs_per_item, 0) {NEWEST_FIRST}"
    texts, own_runs = [texts_of(())], [np.empty(0, dtype=np.int64)]
    for stretch in database.stretches(query, (dataset_id, number_of(version))):
        ids, runs = zip(*stretch, strict=True)
        texts.append(texts_of(ids))
        own_runs.append(np.fromiter(runs, np.int64, len(runs)))
    load = partial(_some, database, dataset_id, number_of(version))
    return Items(
        Ids(np.concatenate(texts)), np.concatenate(own_runs), load, partial(_field, database, dataset_id, version)
    )


def _some(database: Database, dataset_id: str, number: int, ids: Sequence[str]) -> list[Item]:
    found: dict[str, Item] = {}
    facts = _facts(database, dataset_id)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        query = f"SELECT * FROM dataset_items WHERE {_OF_VERSION} AND id IN {placeholders(1, len(some))}"
        read = database.read(query, (dataset_id, number, *some))
        found.update((row["id"], rows.item(row, facts[row["added_in"]])) for row in read)
    return [found[item_id] for item_id in ids]


def _field(database: Database, dataset_id: str, version: str, name: str) -> Iterator[list[tuple[bytes, Any]]]:
    path = f'$."{name}"'
    for stretch in database.stretches(_FIELD, (dataset_id, number_of(version), path)):
        yield [(item_id, _TRUTHS.get(kind, value)) for item_id, kind, value in stretch]


def _facts(database: Database, dataset_id: str) -> dict[int, ItemFacts]:
    """What is known of an item by the number of the version that brought it."""
    query = "SELECT number, created_at FROM dataset_versions WHERE dataset_id = ?"
    times = {row["number"]: rows.moment(row["created_at"]) for row in database.read(query, (dataset_id,))}
    return {number: ItemFacts(when, when) for number, when in times.items()}


def number_of(version: str) -> int:
    """The number of a version by its name, ``v3``."""
    return int(version.removeprefix("v"))
