"""The items of one dataset version: whole, or by their ids from an index alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from opik_resume.base.columns.ids import Ids, texts_of
from opik_resume.base.columns.items import Items
from opik_resume.base.records import Item
from opik_resume.stores.file import rows
from opik_resume.stores.file.database import Database, placeholders

_OF_VERSION = "dataset_id = ?1 AND added_in <= ?2 AND (removed_in IS NULL OR removed_in > ?2)"
NEWEST_FIRST = f"FROM dataset_items WHERE {_OF_VERSION} ORDER BY id DESC"
_AT_ONCE = 500


def read(database: Database, dataset_id: str, version: str) -> list[Item]:
    """Every item, newest first."""
    return [rows.item(row) for row in database.read(f"SELECT * {NEWEST_FIRST}", (dataset_id, number_of(version)))]


def listed(database: Database, dataset_id: str, version: str) -> Items:
    """As :meth:`~opik_resume.stores.protocol.DatasetStore.listed`."""
    query = f"SELECT CAST(id AS BLOB), coalesce(runs_per_item, 0) {NEWEST_FIRST}"
    texts, own_runs = [texts_of(())], [np.empty(0, dtype=np.int64)]
    for stretch in database.stretches(query, (dataset_id, number_of(version))):
        ids, runs = zip(*stretch, strict=True)
        texts.append(texts_of(ids))
        own_runs.append(np.fromiter(runs, np.int64, len(runs)))
    load = partial(_some, database, dataset_id, number_of(version))
    return Items(Ids(np.concatenate(texts)), np.concatenate(own_runs), load)


def _some(database: Database, dataset_id: str, number: int, ids: Sequence[str]) -> list[Item]:
    found: dict[str, Item] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        query = f"SELECT * FROM dataset_items WHERE {_OF_VERSION} AND id IN {placeholders(1, len(some))}"
        found.update((row["id"], rows.item(row)) for row in database.read(query, (dataset_id, number, *some)))
    return [found[item_id] for item_id in ids]


def number_of(version: str) -> int:
    """The number of a version by its name, ``v3``."""
    return int(version.removeprefix("v"))
