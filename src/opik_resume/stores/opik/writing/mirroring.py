"""A dataset of the embedded store, with its versions and ids, on a server."""

from __future__ import annotations

from collections.abc import Sequence

from opik_resume.base.records import DatasetRecord, Item, VersionRecord
from opik_resume.exceptions import DatasetAlreadyExists, DatasetNotFound
from opik_resume.stores.opik.datasets import Datasets


def mirror(datasets: Datasets, record: DatasetRecord, versions: Sequence[tuple[VersionRecord, list[Item]]]) -> None:
    """Make the server's dataset have these versions, oldest first; those that it has are left as they are.

    Each is written as a group of the version's own id, so that one that broke off is finished, not made twice.

    Raises:
        DatasetAlreadyExists: the server has another dataset of that name, or other items in one of these versions.
    """
    _found_or_made(datasets, record)
    there = len(datasets.versions(record.id))
    before: list[Item] = []
    for version, items in versions:
        if version.number > there or not _same(datasets, record, version, items):
            if version.number < there:
                raise _other_items(record, version)
            _write(datasets, record, version, before, items)
        before = items


def _found_or_made(datasets: Datasets, record: DatasetRecord) -> None:
    try:
        datasets.row(record.id)
    except DatasetNotFound:
        try:
            datasets.create(record.name, record.description, record.id)
        except DatasetAlreadyExists as error:
            raise DatasetAlreadyExists(
                f"The server has another dataset {record.name!r}: rename or delete it there, or evaluate on that one."
            ) from error


def _write(
    datasets: Datasets, record: DatasetRecord, version: VersionRecord, before: list[Item], items: list[Item]
) -> None:
    old = {item.id: item for item in before}
    gone = old.keys() - {item.id for item in items}
    datasets.put(record.id, [item for item in items if old.get(item.id) != item], version.id)
    if gone:
        datasets.delete(record.id, sorted(gone), version.id)
    if not _same(datasets, record, version, items):
        raise _other_items(record, version)


def _same(datasets: Datasets, record: DatasetRecord, version: VersionRecord, items: list[Item]) -> bool:
    try:
        return datasets.items(record.id, version.name) == items
    except DatasetNotFound:
        return False


def _other_items(record: DatasetRecord, version: VersionRecord) -> DatasetAlreadyExists:
    return DatasetAlreadyExists(
        f"The server's dataset {record.name!r} has other items in its version {version.name}: somebody changed it "
        "there. Rename it there and push again."
    )
