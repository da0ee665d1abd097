"""A dataset: every ``insert`` that brings something new makes one new, immutable version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opik_resume.base.process.doors import shielded
from opik_resume.base.records import DatasetRecord, Item, VersionRecord
from opik_resume.datasets.converting import of_dataframe, of_json, of_jsonl
from opik_resume.datasets.items import checked_ids, checked_items
from opik_resume.datasets.reading import Readable, checked_writing
from opik_resume.datasets.version import DatasetVersion
from opik_resume.exceptions import DatasetVersionNotFound

if TYPE_CHECKING:
    from os import PathLike

    import pandas as pd

    from opik_resume.stores.protocol import Store

WRITING_THREADS = 8  # the SDK's default; ours are the store's business


class Dataset(Readable):
    """A dataset: insert into it, open its versions. Reading it reads the newest version."""

    def __init__(self, record: DatasetRecord, store: Store) -> None:
        self._record = record
        self._store = store

    @property
    def name(self) -> str:
        """Its name."""
        return self._record.name

    @property
    def id(self) -> str:
        """Its id."""
        return self._record.id

    @property
    def description(self) -> str | None:
        """Its description."""
        return self._record.description

    @property
    def project_name(self) -> str | None:
        """The project that it belongs to; in a local file it has one when it was made with one."""
        return shielded(self._store.project_of)(self.id)

    @property
    def dataset_items_count(self) -> int:
        """How many items its newest version holds."""
        return len(self)

    def get_tags(self) -> list[str]:
        """Its tags, as they are now. They are given in Opik's pages; in a local file there are none."""
        return list(shielded(self._store.dataset_of_id)(self.id).tags)

    # Writing

    def insert(
        self, items: Iterable[Mapping[str, Any]], num_threads: int = WRITING_THREADS, deduplication: bool = True
    ) -> None:
        """Add items as one new version; those whose content is there already are skipped.

        Args:
            items: dicts that JSON can hold, or that become so as with Opik's SDK: dates, Decimal, UUID, sets, bytes (base64),
                Enum, dataclasses and pydantic models; numpy's numbers become Python's. Keys whose value is missing to
                pandas (NaN, NA, NaT) are left out. Two keys are the item's own, as in Opik, and not part of its data:
                ``id`` (a UUID; an item of that id is replaced) and ``execution_policy`` (``{"runs_per_item": 3}``).
                Items of the ``opik`` package (``DatasetItem``) are taken, too.
            num_threads: taken for the SDK's sake; what is sent to a server is one version whatever it is.
            deduplication: False inserts every item as it is, without looking at what is there.

        Raises:
            ArgumentError: an item cannot be used, and which, where, why; nothing is inserted.
        """
        checked_writing(num_threads, deduplication)
        shielded(self._store.insert_items)(self.id, checked_items(items), deduplicate=deduplication)

    def update(self, items: Iterable[Mapping[str, Any]], deduplication: bool = True) -> None:
        """Replace items, each a whole dict with the ``id`` of the one it replaces, as one new version.

        Raises:
            DatasetItemUpdateOperationRequiresItemId: an item has no id; nothing is changed.
            ArgumentError: an item cannot be used; nothing is changed.
        """
        checked_writing(1, deduplication)
        shielded(self._store.insert_items)(self.id, checked_items(items, need_ids=True), deduplicate=deduplication)

    def insert_from_json(
        self,
        json_array: str,
        keys_mapping: Mapping[str, str] | None = None,
        ignore_keys: Sequence[str] | None = None,
        deduplication: bool = True,
    ) -> None:
        """Insert the objects of a JSON list.

        Args:
            json_array: its text, ``[{…}, {…}]``.
            keys_mapping: key there → key of the item, for keys that are to be renamed.
            ignore_keys: keys to leave out.
            deduplication: as for ``insert``.
        """
        self.insert(of_json(json_array, keys_mapping, ignore_keys), deduplication=deduplication)

    def read_jsonl_from_file(
        self,
        file_path: str | PathLike[str],
        keys_mapping: Mapping[str, str] | None = None,
        ignore_keys: Sequence[str] | None = None,
        deduplication: bool = True,
        validate_before_upload: bool = True,
    ) -> None:
        """Insert the objects of a file with one JSON object a line; empty lines are skipped.

        Args:
            file_path: the file.
            keys_mapping, ignore_keys, deduplication: as for ``insert_from_json``.
            validate_before_upload: taken for the SDK's sake: here all lines are always checked before any is inserted.

        Raises:
            ArgumentError: a line cannot be used, and which; nothing is inserted.
        """
        self.insert(of_jsonl(file_path, keys_mapping, ignore_keys), deduplication=deduplication)

    def insert_from_pandas(
        self,
        dataframe: pd.DataFrame,
        keys_mapping: Mapping[str, str] | None = None,
        ignore_keys: Sequence[str] | None = None,
        deduplication: bool = True,
    ) -> None:
        """Insert the rows of a DataFrame, as Opik does.

        Args:
            dataframe: one row an item, its values as in ``insert``: numbers exactly, missing ones left out.
            keys_mapping: column name → key of the item, for columns that are to be renamed.
            ignore_keys: columns to leave out.
            deduplication: as for ``insert``.
        """
        self.insert(of_dataframe(dataframe, keys_mapping, ignore_keys), deduplication=deduplication)

    def delete(self, items_ids: Iterable[str]) -> None:
        """Leave items out of a new version; older versions, and experiments on them, keep theirs."""
        shielded(self._store.delete_items)(self.id, checked_ids(items_ids))

    def clear(self) -> None:
        """Leave every item out of a new version."""
        shielded(self._store.delete_items)(self.id, [item.id for item in self.records()])

    # Versions

    def versions(self) -> list[DatasetVersion]:
        """Every version, newest first."""
        return [
            DatasetVersion(self._record, version, self._store) for version in shielded(self._store.versions)(self.id)
        ]

    def latest(self) -> DatasetVersion | None:
        """The newest version, or None while nothing was ever inserted."""
        return next(iter(self.versions()), None)

    def pinned(self) -> DatasetVersion:
        """The newest version or, while nothing was ever inserted, one without items that stands for it."""
        latest = self.latest()
        if latest is not None:
            return latest
        return DatasetVersion(self._record, VersionRecord("", self.id, 0, 0, self._record.created_at), self._store)

    def get_version_info(self) -> VersionRecord | None:
        """What is known of the newest version, or None while nothing was ever inserted."""
        latest = self.latest()
        return latest.get_version_info() if latest is not None else None

    def get_current_version_name(self) -> str | None:
        """The name of the newest version, ``"v2"``, or None while nothing was ever inserted."""
        latest = self.latest()
        return latest.version_name if latest is not None else None

    def get_version_view(self, version_name: str) -> DatasetVersion:
        """One version by name, ``"v2"``. Raises DatasetVersionNotFound with the names there are."""
        versions = self.versions()
        for version in versions:
            if version.version_name == version_name:
                return version
        there = ", ".join(version.version_name for version in versions) or "none yet"
        raise DatasetVersionNotFound(f"Dataset {self.name!r} has no version {version_name!r}; there are: {there}.")

    def records(self) -> list[Item]:
        """The items of the newest version as records, newest id first, which is Opik's order."""
        latest = self.latest()
        return latest.records() if latest is not None else []

    def __len__(self) -> int:
        latest = self.latest()
        return latest.items_total if latest is not None else 0

    def __repr__(self) -> str:
        latest = self.latest()
        version = f"{latest.version_name}, {latest.items_total} items" if latest is not None else "empty"
        return f"<Dataset {self.name!r}: {version}, {self._store.label}>"
