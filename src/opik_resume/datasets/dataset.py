"""Datasets with versions: ``create_dataset``, ``get_dataset``, ``get_or_create_dataset``.

Every ``insert`` that brings something new makes one new, immutable version; an experiment is pinned to one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opik_resume.base.process.doors import shielded
from opik_resume.base.records import DatasetRecord, Item, Json, VersionRecord
from opik_resume.base.text.jsontext import clean
from opik_resume.datasets.filters import parse
from opik_resume.datasets.items import checked_ids, checked_items
from opik_resume.exceptions import ArgumentError, DatasetAlreadyExists, DatasetNotFound
from opik_resume.stores.connections import default_store

if TYPE_CHECKING:
    import pandas as pd

    from opik_resume.stores.protocol import Store


class DatasetVersion:
    """One immutable version of a dataset, read-only."""

    def __init__(self, record: DatasetRecord, version: VersionRecord, store: Store) -> None:
        self._record = record
        self._version = version
        self._store = store

    @property
    def name(self) -> str:
        """The dataset's name."""
        return self._record.name

    @property
    def id(self) -> str:
        """The dataset's id."""
        return self._record.id

    @property
    def version_name(self) -> str:
        """``v1``, ``v2``, …"""
        return self._version.name

    @property
    def version_id(self) -> str:
        """The id of this version."""
        return self._version.id

    @property
    def items_total(self) -> int:
        """How many items it holds."""
        return self._version.items_total

    @property
    def store(self) -> Store:
        """Where it lives."""
        return self._store

    def records(self) -> list[Item]:
        """Its items as records, newest id first, which is Opik's order."""
        return shielded(self._store.items)(self.id, self.version_name)

    def get_items(self, nb_samples: int | None = None, filter_string: str | None = None) -> list[Json]:
        """Its items as dicts with their ``id``, newest first.

        Args:
            nb_samples: only the first that many of them.
            filter_string: only those that match, in Opik's filter language (``data.category = "test"``).
        """
        wanted = parse(filter_string, "filter_string") if filter_string is not None else None
        chosen = [item for item in self.records() if wanted is None or wanted.matches(item)]
        return [item.content for item in chosen[:nb_samples]]

    def to_pandas(self) -> pd.DataFrame:
        """One row an item: ``id`` and a column for each key of the data."""
        import pandas as pd

        return pd.DataFrame([{"id": item.id, **item.data} for item in self.records()])

    def __len__(self) -> int:
        return self.items_total

    def __repr__(self) -> str:
        return f"<DatasetVersion {self.name!r} {self.version_name}: {self.items_total} items, {self._store.label}>"


class Dataset:
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
    def store(self) -> Store:
        """Where it lives."""
        return self._store

    def insert(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add items as one new version; those whose content is there already are skipped.

        Args:
            items: dicts that JSON can hold, or that become so as with Opik's SDK: dates, Decimal, UUID, sets, bytes (base64),
                Enum, dataclasses and pydantic models; numpy's numbers become Python's. Keys whose value is missing to
                pandas (NaN, NA, NaT) are left out. Two keys are the item's own, as in Opik, and not part of its data:
                ``id`` (a UUID; an item of that id is replaced) and ``execution_policy`` (``{"runs_per_item": 3}``).

        Raises:
            ArgumentError: an item cannot be used, and which, where, why; nothing is inserted.
        """
        shielded(self._store.insert_items)(self.id, checked_items(items))

    def update(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Replace items, each a whole dict with the ``id`` of the one it replaces, as one new version.

        Raises:
            ArgumentError: an item has no id or cannot be used; nothing is changed.
        """
        shielded(self._store.insert_items)(self.id, checked_items(items, need_ids=True))

    def insert_from_pandas(
        self,
        dataframe: pd.DataFrame,
        keys_mapping: Mapping[str, str] | None = None,
        ignore_keys: Sequence[str] | None = None,
    ) -> None:
        """Insert the rows of a DataFrame, as Opik does.

        Args:
            dataframe: one row an item, its values as in ``insert``: numbers exactly, missing ones left out.
            keys_mapping: column name → key of the item, for columns that are to be renamed.
            ignore_keys: columns to leave out.
        """
        ignored, names = set(ignore_keys or ()), dict(keys_mapping or {})
        columns = [
            (position, names.get(key, key)) for position, key in enumerate(dataframe.columns) if key not in ignored
        ]
        # Rows as such would have the integers beside a column of floats as floats.
        rows = dataframe.itertuples(index=False, name=None)
        self.insert({key: row[position] for position, key in columns} for row in rows)

    def delete(self, items_ids: Iterable[str]) -> None:
        """Leave items out of a new version; older versions, and experiments on them, keep theirs."""
        shielded(self._store.delete_items)(self.id, checked_ids(items_ids))

    def clear(self) -> None:
        """Leave every item out of a new version."""
        latest = self.latest()
        shielded(self._store.delete_items)(self.id, [item.id for item in latest.records()] if latest else [])

    def versions(self) -> list[DatasetVersion]:
        """Every version, newest first."""
        return [
            DatasetVersion(self._record, version, self._store) for version in shielded(self._store.versions)(self.id)
        ]

    def latest(self) -> DatasetVersion | None:
        """The newest version, or None while nothing was ever inserted."""
        return next(iter(self.versions()), None)

    def get_version_view(self, version_name: str) -> DatasetVersion:
        """One version by name, ``"v2"``. Raises DatasetNotFound with the names there are."""
        versions = self.versions()
        for version in versions:
            if version.version_name == version_name:
                return version
        there = ", ".join(version.version_name for version in versions) or "none yet"
        raise DatasetNotFound(f"Dataset {self.name!r} has no version {version_name!r}; there are: {there}.")

    def get_items(self, nb_samples: int | None = None, filter_string: str | None = None) -> list[Json]:
        """The items of the newest version; see :meth:`DatasetVersion.get_items`."""
        latest = self.latest()
        return latest.get_items(nb_samples, filter_string) if latest is not None else []

    def to_pandas(self) -> pd.DataFrame:
        """The items of the newest version as a DataFrame, one row an item."""
        import pandas as pd

        latest = self.latest()
        return latest.to_pandas() if latest is not None else pd.DataFrame(columns=["id"])

    def __len__(self) -> int:
        latest = self.latest()
        return latest.items_total if latest is not None else 0

    def __repr__(self) -> str:
        latest = self.latest()
        version = f"{latest.version_name}, {latest.items_total} items" if latest else "empty"
        return f"<Dataset {self.name!r}: {version}, {self._store.label}>"


@shielded
def create_dataset(name: str, description: str | None = None, *, store: Store | None = None) -> Dataset:
    """Make a new, empty dataset. Raises DatasetAlreadyExists."""
    where = store or default_store()
    return Dataset(where.create_dataset(_name(name), None if description is None else clean(description)), where)


@shielded
def get_dataset(name: str, version: str | None = None, *, store: Store | None = None) -> Dataset | DatasetVersion:
    """Open a dataset, or one ``version`` of it (``"v2"``). Raises DatasetNotFound with near matches."""
    where = store or default_store()
    dataset = Dataset(where.dataset(_name(name)), where)
    return dataset if version is None else dataset.get_version_view(version)


@shielded
def get_or_create_dataset(name: str, description: str | None = None, *, store: Store | None = None) -> Dataset:
    """Open the dataset of that name, or make it."""
    where = store or default_store()
    try:
        return Dataset(where.dataset(_name(name)), where)
    except DatasetNotFound:
        pass
    try:
        return create_dataset(name, description, store=where)
    except DatasetAlreadyExists:  # made by another thread or process just now
        return Dataset(where.dataset(_name(name)), where)


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ArgumentError(f"name must be a non-empty string, got {name!r}")
    return clean(name)
