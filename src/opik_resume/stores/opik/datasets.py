"""Datasets on the server: the dataset half of the store."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from opik_resume.base.columns.items import Items
from opik_resume.base.ids import new_id
from opik_resume.base.process.forks import in_each_process
from opik_resume.base.records import DatasetRecord, Item, Json, VersionRecord
from opik_resume.exceptions import DatasetAlreadyExists, DatasetNotFound, RequestRefused, ServerError, StoreError
from opik_resume.stores.file import rows
from opik_resume.stores.opik import wire
from opik_resume.stores.opik.items import Listing, read_page
from opik_resume.stores.opik.rest.batches import MOST_ROWS, batches
from opik_resume.stores.opik.rest.client import Client
from opik_resume.stores.opik.rest.paging import all_pages, each_page

T = TypeVar("T")
_REMEMBERED = 4  # versions whose items are kept in memory: a version does not change


class Datasets:
    """See :class:`~opik_resume.stores.protocol.DatasetStore`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        in_each_process(self._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()  # guards all below
        self._items: OrderedDict[tuple[Any, ...], Listing] = OrderedDict()
        # Into those, by the id of a dataset and a version's name.
        self._keys: dict[tuple[str, str], tuple[Any, ...]] = {}
        self._version_ids: dict[tuple[str, str], str] = {}  # by the id of a dataset and a version's name
        self._project_ids: dict[str, str] = {}  # by the id of a dataset
        self._projects: dict[str, str] = {}  # names by id

    @property
    def _project(self) -> str:
        return self._client.settings.project or "Default Project"

    def create(
        self,
        name: str,
        description: str | None = None,
        dataset_id: str | None = None,
        project_name: str | None = None,
    ) -> DatasetRecord:
        made = dataset_id or new_id()
        body = {
            "id": made,
            "name": name,
            "project_name": project_name or self._project,
            "description": description or None,
        }
        try:
            self._client.call("POST", "datasets", body)
        except RequestRefused as error:
            if error.status != 409:
                raise
            if not self._is_there(made):  # else an earlier try of ours made it, whose answer was lost
                raise DatasetAlreadyExists(f"A dataset {name!r} exists: open it with get_dataset({name!r}).") from error
        return wire.dataset(self.row(made))

    def named(self, name: str, project_name: str | None = None) -> DatasetRecord:
        found = self._of_name("datasets/retrieve", name, project_name)
        self._remember_project(found)
        return wire.dataset(found)

    def remove(self, name: str, project_name: str | None) -> None:
        """Experiments on it stay, without their items."""
        self._of_name("datasets/delete", name, project_name)

    def _of_name(self, path: str, name: str, project_name: str | None) -> Any:
        try:
            return self._client.call(
                "POST", path, {"dataset_name": name, "project_name": project_name or self._project}
            )
        except RequestRefused as error:
            if error.status != 404:
                raise
            listed = self._client.call("GET", "datasets", query={"page": 1, "size": 500})
            names = [row["name"] for row in listed["content"]]
            raise DatasetNotFound.near("dataset", name, names, self._client.settings.label) from error

    def row(self, dataset_id: str) -> Json:
        """A dataset as the server tells it. Raises DatasetNotFound."""
        found: Json = self._there(dataset_id, lambda: self._client.call("GET", f"datasets/{dataset_id}"))
        self._remember_project(found)
        return found

    def _there(self, dataset_id: str, call: Callable[[], T]) -> T:
        """What is asked of a dataset that was there. Raises DatasetNotFound."""
        try:
            return self._client.presence.ask(dataset_id, call)
        except RequestRefused as error:
            if error.status != 404:
                raise
            raise DatasetNotFound(
                f"The dataset with the id {dataset_id} is not in {self._client.settings.label} any more."
            ) from error

    def _is_there(self, dataset_id: str) -> bool:
        try:
            return bool(self.row(dataset_id))
        except DatasetNotFound:
            return False

    def project_of(self, dataset_id: str) -> str | None:
        """The name of the project that a dataset belongs to."""
        with self._lock:
            project_id = self._project_ids.get(dataset_id)
        project_id = project_id or self.row(dataset_id).get("project_id")
        if project_id is None:
            return None
        with self._lock:
            known = self._projects.get(project_id)
        if known is None:
            path = f"projects/{project_id}"
            known = str(self._client.presence.ask(project_id, lambda: self._client.call("GET", path))["name"])
            with self._lock:
                self._projects[project_id] = known
        return known

    def _remember_project(self, row: Json) -> None:
        self._client.presence.saw(row["id"])
        if row.get("project_id") is not None:
            with self._lock:
                self._project_ids[row["id"]] = row["project_id"]

    # Items

    def insert(self, dataset_id: str, items: Sequence[Item], *, deduplicate: bool = True) -> VersionRecord | None:
        """Only what is new is sent, in requests of one group, which is what makes them one version."""
        fresh = _without_duplicates(items, self._newest(dataset_id)) if deduplicate else items
        if not fresh:
            return None
        self._there(dataset_id, lambda: self.put(dataset_id, fresh, new_id()))
        return self._latest(dataset_id)

    def _newest(self, dataset_id: str) -> list[Item]:
        latest = self._latest(dataset_id)
        return self.items(dataset_id, latest.name) if latest is not None else []

    def put(self, dataset_id: str, items: Sequence[Item], group: str) -> None:
        """Write items into the version of that group."""
        of_all = {"dataset_id": dataset_id, "batch_group_id": group}
        for body in batches("items", [wire.of_item(item) for item in items], of_all):
            self._client.call("PUT", "datasets/items", body)

    def delete(self, dataset_id: str, item_ids: Sequence[str], group: str | None = None) -> VersionRecord | None:
        there = {item.id for item in self._newest(dataset_id)}
        doomed = [item_id for item_id in dict.fromkeys(item_ids) if item_id in there]
        group = group or new_id()
        for start in range(0, len(doomed), MOST_ROWS):
            body = {"item_ids": doomed[start : start + MOST_ROWS], "batch_group_id": group}
            self._client.call("POST", "datasets/items/delete", body)
        return self._latest(dataset_id) if doomed else None

    # Versions

    def versions(self, dataset_id: str) -> list[VersionRecord]:
        path = f"datasets/{dataset_id}/versions"
        found = self._there(dataset_id, lambda: self._versions_call(lambda: all_pages(self._client, path, size=500)))
        self._remember_versions(dataset_id, found)
        return [wire.version(row, dataset_id) for row in found]

    def version(self, dataset_id: str, name: str) -> Json:
        """One version as the server tells it. Raises DatasetNotFound."""
        path = f"datasets/{dataset_id}/versions/retrieve"
        try:
            found: Json = self._versions_call(
                lambda: self._client.presence.ask(
                    wire.version_key(dataset_id, name), lambda: self._client.call("POST", path, {"version_name": name})
                )
            )
        except RequestRefused as error:
            if error.status not in (404, 422):
                raise
            raise DatasetNotFound(f"The dataset has no version {name!r} any more ({error}).") from error
        self._remember_versions(dataset_id, [found])
        return found

    def version_id(self, dataset_id: str, name: str) -> str:
        """The id of a version, which does not change. Raises DatasetNotFound."""
        with self._lock:
            known = self._version_ids.get((dataset_id, name))
        return known or str(self.version(dataset_id, name)["id"])

    def _remember_versions(self, dataset_id: str, found: Sequence[Json]) -> None:
        self._client.presence.saw(*(wire.version_key(dataset_id, row["version_name"]) for row in found))
        with self._lock:
            self._version_ids.update(((dataset_id, row["version_name"]), row["id"]) for row in found)

    def items(self, dataset_id: str, version_name: str) -> list[Item]:
        """The items of a version; without a name those of the present."""
        return list(self._listing(dataset_id, version_name).items)

    def listed(self, dataset_id: str, version_name: str) -> Items:
        """As ``items``, each made when it is looked at."""
        return self._listing(dataset_id, version_name).by_id

    def _listing(self, dataset_id: str, version_name: str) -> Listing:
        """Kept in memory for the next reading."""
        row = self.version(dataset_id, version_name) if version_name else {}
        # Programs of old can still write into the newest version: its totals are part of what names it.
        key = (dataset_id, row.get("version_hash"), row.get("items_total"), row.get("last_updated_at"))
        with self._lock:
            found = self._items.get(key)
        if found is None or not row:
            found = self._download(dataset_id, row)
            with self._lock:
                self._items[key] = found
                self._keys[dataset_id, version_name] = key
                while len(self._items) > _REMEMBERED:
                    self._items.popitem(last=False)
        return found

    def remembered(self, dataset_id: str, version_name: str) -> list[Item] | None:
        """The items of that version as last read, or None when they are not in memory."""
        with self._lock:
            found = self._items.get(self._keys.get((dataset_id, version_name), ()))
        return found.items if found is not None else None

    def _download(self, dataset_id: str, version: Json) -> Listing:
        query = {"truncate": "false", **({"version": version["version_hash"]} if version.get("version_hash") else {})}
        about = int(version.get("items_total") or 0)
        path = f"datasets/{dataset_id}/items"
        return Listing(each_page(self._client, path, query, about=about, read=read_page))

    def _latest(self, dataset_id: str) -> VersionRecord | None:
        query = {"page": 1, "size": 1}
        path = f"datasets/{dataset_id}/versions"
        page = self._there(dataset_id, lambda: self._versions_call(lambda: self._client.call("GET", path, query=query)))
        return next((wire.version(row, dataset_id) for row in page["content"]), None)

    def _versions_call(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except ServerError as error:
            if error.status == 403 and "versioning" in str(error).lower():
                raise StoreError(
                    f"{self._client.settings.label} keeps no dataset versions (the server's dataset versioning is "
                    "switched off): an evaluation on it could not be resumed on the same items."
                ) from error
            raise


def _without_duplicates(items: Sequence[Item], there: Sequence[Item]) -> list[Item]:
    seen = {rows.digest(item) for item in there}
    fresh = []
    for item in items:
        digest = rows.digest(item)
        if digest not in seen:
            seen.add(digest)
            fresh.append(item)
    return fresh
