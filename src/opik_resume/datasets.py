"""Datasets with versions: ``create_dataset``, ``get_dataset``, ``get_or_create_dataset``.

Every ``insert`` that brings something new makes one new, immutable version; an experiment is pinned to one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from opik_resume.exceptions import ArgumentError, DatasetAlreadyExists, DatasetNotFound
from opik_resume.ids import is_id, new_id
from opik_resume.jsontext import NOT_JSON, to_json
from opik_resume.records import DatasetRecord, Item, Json, VersionRecord
from opik_resume.stores import default_store

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
        return self._store.items(self.id, self.version_name)

    def get_items(self, nb_samples: int | None = None) -> list[Json]:
        """Its items as dicts with their ``id``, newest first; the first ``nb_samples`` of them when given."""
        return [item.content for item in self.records()[:nb_samples]]

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
            items: dicts that JSON can hold. Two keys are the item's own, as in Opik, and not part of its data: ``id``
                (a UUID; an item of that id is replaced) and ``execution_policy`` (``{"runs_per_item": 3}``).

        Raises:
            ArgumentError: an item cannot be used; nothing is inserted.
        """
        records = [_item(position, item) for position, item in enumerate(items)]
        self._store.insert_items(self.id, records)

    def latest(self) -> DatasetVersion | None:
        """The newest version, or None while nothing was ever inserted."""
        versions = self._store.versions(self.id)
        return DatasetVersion(self._record, versions[0], self._store) if versions else None

    def get_version_view(self, version_name: str) -> DatasetVersion:
        """One version by name, ``"v2"``. Raises DatasetNotFound with the names there are."""
        versions = self._store.versions(self.id)
        for version in versions:
            if version.name == version_name:
                return DatasetVersion(self._record, version, self._store)
        there = ", ".join(version.name for version in versions) or "none yet"
        raise DatasetNotFound(f"Dataset {self.name!r} has no version {version_name!r}; there are: {there}.")

    def get_items(self, nb_samples: int | None = None) -> list[Json]:
        """The items of the newest version; see :meth:`DatasetVersion.get_items`."""
        latest = self.latest()
        return latest.get_items(nb_samples) if latest is not None else []

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


def create_dataset(name: str, description: str | None = None, *, store: Store | None = None) -> Dataset:
    """Make a new, empty dataset. Raises DatasetAlreadyExists."""
    where = store or default_store()
    return Dataset(where.create_dataset(_name(name), description), where)


def get_dataset(name: str, version: str | None = None, *, store: Store | None = None) -> Dataset | DatasetVersion:
    """Open a dataset, or one ``version`` of it (``"v2"``). Raises DatasetNotFound with near matches."""
    where = store or default_store()
    dataset = Dataset(where.dataset(name), where)
    return dataset if version is None else dataset.get_version_view(version)


def get_or_create_dataset(name: str, description: str | None = None, *, store: Store | None = None) -> Dataset:
    """Open the dataset of that name, or make it."""
    where = store or default_store()
    try:
        return Dataset(where.dataset(name), where)
    except DatasetNotFound:
        pass
    try:
        return create_dataset(name, description, store=where)
    except DatasetAlreadyExists:  # made by another thread or process just now
        return Dataset(where.dataset(name), where)


def _name(name: str) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ArgumentError(f"name must be a non-empty string, got {name!r}")
    return name


def _item(position: int, given: Mapping[str, Any]) -> Item:
    where = f"items[{position}]"
    if not isinstance(given, Mapping):
        raise ArgumentError(f"{where} must be a dict, got {type(given).__name__}. Nothing was inserted.")
    data = {key: value for key, value in given.items() if key not in ("id", "execution_policy")}
    if not data or not all(isinstance(key, str) for key in data):
        raise ArgumentError(f"{where} must have at least one key, and keys that are strings. Nothing was inserted.")
    try:
        to_json(data)
    except NOT_JSON as error:
        raise ArgumentError(f"{where} cannot be stored as JSON ({error}). Nothing was inserted.") from error
    return Item(_id(where, given.get("id")), data, _runs(where, given.get("execution_policy")))


def _id(where: str, value: Any) -> str:
    if value is None:
        return new_id()
    if not isinstance(value, str) or not is_id(value):
        raise ArgumentError(f"{where}['id'] must be a UUID, got {value!r}. Nothing was inserted.")
    return value.lower()


def _runs(where: str, policy: Any) -> int | None:
    if policy is None:
        return None
    runs = policy.get("runs_per_item") if isinstance(policy, Mapping) else None
    if not isinstance(runs, int) or isinstance(runs, bool) or runs < 1:
        raise ArgumentError(
            f"{where}['execution_policy'] must be like {{'runs_per_item': 3}}, got {policy!r}. Nothing was inserted."
        )
    return runs
