"""One immutable version of a dataset, read-only. An experiment is pinned to one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from opik_resume.base.process.doors import shielded
from opik_resume.base.records import NO_VERSION, DatasetRecord, Item, VersionRecord
from opik_resume.datasets.reading import Readable

if TYPE_CHECKING:
    from opik_resume.base.columns.items import Items
    from opik_resume.stores.protocol import Store


class DatasetVersion(Readable):
    """One immutable version of a dataset, read-only. What it says of itself is as of when it was opened."""

    def __init__(self, record: DatasetRecord, version: VersionRecord, store: Store) -> None:
        self._record = record
        self._version = version
        self._store = store

    @property
    def name(self) -> str:
        """The dataset's name."""
        return self._record.name

    @property
    def dataset_name(self) -> str:
        """The dataset's name."""
        return self._record.name

    @property
    def id(self) -> str:
        """The dataset's id."""
        return self._record.id

    @property
    def dataset_id(self) -> str:
        """The dataset's id."""
        return self._record.id

    @property
    def project_name(self) -> str | None:
        """The project that the dataset belongs to."""
        return shielded(self._store.project_of)(self.id)

    @property
    def version_name(self) -> str:
        """``v1``, ``v2``, …"""
        return self._version.name

    @property
    def version_id(self) -> str:
        """The id of this version."""
        return self._version.id

    @property
    def version_hash(self) -> str:
        """What a server calls this version by in requests."""
        return self._version.version_hash

    @property
    def tags(self) -> list[str]:
        """The tags of this version."""
        return list(self._version.tags)

    @property
    def is_latest(self) -> bool:
        """Whether it was the newest."""
        return self._version.is_latest

    @property
    def items_total(self) -> int:
        """How many items it holds."""
        return self._version.items_total

    @property
    def dataset_items_count(self) -> int:
        """How many items it holds."""
        return self._version.items_total

    @property
    def items_added(self) -> int:
        """How many of them the version before did not hold."""
        return self._version.items_added

    @property
    def items_modified(self) -> int:
        """How many of them replaced one of the version before."""
        return self._version.items_modified

    @property
    def items_deleted(self) -> int:
        """How many items of the version before it does not hold."""
        return self._version.items_deleted

    @property
    def change_description(self) -> str | None:
        """What a server says about how it was made."""
        return self._version.change_description

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return self._version.created_at

    @property
    def created_by(self) -> str | None:
        """Who made it, if the store keeps that."""
        return self._version.created_by

    def get_version_info(self) -> VersionRecord:
        """All of that as one record."""
        return self._version

    def records(self) -> list[Item]:
        """Its items as records, newest id first, which is Opik's order."""
        return shielded(self._store.items)(self.id, self.version_name) if self.version_name != NO_VERSION else []

    def listed(self) -> Items:
        """Its items by their ids, newest first: each is read when it is looked at."""
        from opik_resume.base.columns.items import (
            Items as _Items,
        )  # with numpy, which who only makes datasets does not need

        empty = self.version_name == NO_VERSION
        return _Items.of(()) if empty else shielded(self._store.listed)(self.id, self.version_name)

    def __len__(self) -> int:
        return self.items_total

    def __repr__(self) -> str:
        return f"<DatasetVersion {self.name!r} {self.version_name}: {self.items_total} items, {self._store.label}>"
