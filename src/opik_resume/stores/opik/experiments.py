"""Experiments on the server: made, found, completed, deleted."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from opik_resume.base.metadata import checkpoints
from opik_resume.base.process.forks import in_each_process
from opik_resume.base.records import NO_VERSION, Experiment, Json, RunMark, ScoreResult, utc_now
from opik_resume.exceptions import ExperimentNotFound, RequestRefused
from opik_resume.stores.opik import wire
from opik_resume.stores.opik.datasets import Datasets
from opik_resume.stores.opik.rest.client import Client
from opik_resume.stores.opik.rest.paging import all_pages, page

_REMEMBERED = 2000
_MOMENT = 0.5  # seconds for which nobody asks for an experiment again that was asked for in order to read it
_PAGE = 500
_NEWEST = "-created_at"
_SORT_FIELDS = {"created_at": "created_at", "updated_at": "last_updated_at", "name": "name"}


class Experiments:
    """The experiments of one workspace or, when a project was configured, of that project."""

    def __init__(self, client: Client, datasets: Datasets) -> None:
        self._client = client
        self._datasets = datasets
        in_each_process(self._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()  # guards the two below
        self._rows: dict[str, Json] = {}  # as last read, by id
        self._project_id: str | None = None
        self._told = threading.local()  # the row that each thread was told last, and when
        self._marked: set[str] = set()  # experiments on which this process has put a mark

    def create(self, record: Experiment) -> None:
        """Kept running until it is complete. Doing it twice changes nothing."""
        # The dataset's project comes first, as in the SDK, which looks for the runs there.
        project = self._datasets.project_of(record.dataset_id) or record.project_name
        version_id = (
            self._datasets.version_id(record.dataset_id, record.version_name)
            if record.version_name != NO_VERSION
            else None
        )
        if record.item_ids is not None:
            checkpoints.write(record.id, record.item_ids)
        self._client.call("POST", "experiments", wire.of_experiment(record, project, version_id))
        self._client.presence.saw(record.id)

    def row(self, experiment_id: str) -> Json:
        """The experiment as the server tells it now. Raises ExperimentNotFound: it is not there, or not any more."""
        path = f"experiments/{experiment_id}"
        try:
            found: Json = self._client.presence.ask(experiment_id, lambda: self._client.call("GET", path))
        except RequestRefused as error:
            if error.status != 404:
                raise
            label = self._client.settings.label
            raise ExperimentNotFound(f"There is no experiment with the id {experiment_id} in {label}.") from error
        self._remember([found])
        self._told.row, self._told.at = found, time.monotonic()
        return found

    def just_told(self, experiment_id: str) -> Json | None:
        """The experiment as this thread was told it a moment ago, once: who asks again wants to know it anew."""
        row, self._told.row = getattr(self._told, "row", None), None
        recent = row is not None and row["id"] == experiment_id and time.monotonic() - self._told.at < _MOMENT
        return row if recent else None

    def last_row(self, experiment_id: str) -> Json:
        """The experiment as it was last told; asked for when it never was."""
        return self.recalled(experiment_id) or self.row(experiment_id)

    def recalled(self, experiment_id: str) -> Json | None:
        """The experiment as it was last told, without asking."""
        with self._lock:
            return self._rows.get(experiment_id)

    def named(self, name: str) -> list[Experiment]:
        """The server finds names that contain the text: only those that are the text count.

        Pages, not the stream of that purpose: they say how many there are, so that a cut answer is no empty one.
        """
        listed = all_pages(self._client, "experiments", self._wanted(name, _NEWEST), _PAGE)
        found = [row for row in listed if row.get("name") == name]
        self._remember(found)
        return [wire.experiment(row) for row in found]

    def find(self, search: str, offset: int, limit: int, sort: str) -> tuple[list[Experiment], int]:
        query = self._wanted(search, sort)
        first, skipped = divmod(offset, limit)
        found, total = page(self._client, "experiments", query, first + 1, limit)
        if skipped and total > offset - skipped + limit:
            found = found + page(self._client, "experiments", query, first + 2, limit)[0]
        self._remember(found)
        return [wire.experiment(row) for row in found[skipped : skipped + limit]], total

    def unfinished(self, dataset_id: str, version_name: str) -> list[Experiment]:
        """Those that are running, or were left so, on that version, newest first, of all that were told so far."""
        with self._lock:
            rows = [row for row in self._rows.values() if row.get("status") == "running"]
        listed = [wire.experiment(row) for row in rows if row.get("dataset_id") == dataset_id]
        of_version = [record for record in listed if record.version_name == version_name]
        return sorted(of_version, key=lambda record: record.id, reverse=True)

    def _wanted(self, search: str, sort: str) -> dict[str, Any]:
        """A server with many experiments sorts only when it is made to; newest first it does by itself."""
        query: dict[str, Any] = {"name": search} if search else {}
        if self._client.settings.project:
            query["project_id"] = self._id_of_project(self._client.settings.project)
        if sort != _NEWEST:
            field, direction = _SORT_FIELDS[sort.removeprefix("-")], "DESC" if sort.startswith("-") else "ASC"
            query["sorting"] = json.dumps([{"field": field, "direction": direction}])
            query["force_sorting"] = "true"
        return query

    def _id_of_project(self, name: str) -> str:
        if self._project_id is None:

            def call() -> Json:
                found: Json = self._client.call("POST", "projects/retrieve", {"name": name})
                return found

            try:
                self._project_id = str(self._client.presence.ask(f"project {name}", call)["id"])
            except RequestRefused as error:
                if error.status != 404:
                    raise
                source = self._client.settings.source("project_name")
                raise ExperimentNotFound(
                    f"There is no project {name!r} (from {source}) in {self._client.settings.label}."
                ) from error
        return self._project_id

    def update(
        self,
        experiment_id: str,
        status: str | None,
        scores: Sequence[ScoreResult] | None,
        extent: Callable[[Json], Json | None] = lambda row: None,
    ) -> None:
        """Change what is to change. Only ours are ``running``, which keeps the server's pictures of them as they are.

        Completing tells the server that it may compute its averages now (``finish``), as the SDK does, and keeps with the
        experiment what its runs are then (``extent``).
        """
        row = self.row(experiment_id)
        not_ours = row.get("status") != "running" and not wire.is_ours(row)
        wanted = "completed" if status == "running" and not_ours else status
        body: Json = {"status": wanted} if wanted is not None and wanted != row.get("status") else {}
        if scores is not None:
            body["experiment_scores"] = wire.of_experiment_scores(scores)
        if experiment_id in self._marked or ("status" in body and wire.is_ours(row)):
            body["metadata"] = wire.concluded(row, extent(row) if wanted == "completed" else None)
        if wanted == "completed":
            self._marked.discard(experiment_id)
        if body:
            self._change(experiment_id, body)
            if wanted == "completed":
                self._client.call("POST", "experiments/finish", {"ids": [experiment_id]})
        with self._lock:
            self._rows.pop(experiment_id, None)

    def mark(self, experiment_id: str, run_id: str | None) -> None:
        """Only on one that is running, as ours are: changing a completed one makes the server compute its views anew."""
        if run_id is None and experiment_id not in self._marked:
            return
        row = self.row(experiment_id) if run_id is None else self.last_row(experiment_id)
        if row.get("status") != "running":
            return
        mark = RunMark(run_id, socket.gethostname(), utc_now()) if run_id is not None else None
        metadata = wire.marked(row, mark)
        self._change(experiment_id, {"metadata": metadata})
        self._remember([{**row, "metadata": metadata}])
        (self._marked.discard if mark is None else self._marked.add)(experiment_id)

    def _change(self, experiment_id: str, body: Json) -> None:
        path = f"experiments/{experiment_id}"
        self._client.presence.ask(experiment_id, lambda: self._client.call("PATCH", path, body))

    def delete(self, experiment_id: str) -> None:
        """Delete it; its traces stay on the server."""
        self._client.call("POST", "experiments/delete", {"ids": [experiment_id]})
        self._client.presence.gone(experiment_id)
        with self._lock:
            self._rows.pop(experiment_id, None)

    # Links

    def page(self, record: Experiment) -> str:
        """The web page of an experiment."""
        settings = self._client.settings
        chosen = quote(json.dumps([record.id]))
        return f"{settings.ui}{settings.workspace}/experiments/{record.dataset_id}/compare?experiments={chosen}"

    def page_of_trace(self, trace_id: str, project_id: str) -> str:
        """The web page of a run: the address to which the server's own redirect of a trace leads."""
        settings = self._client.settings
        where = f"{settings.ui}{settings.workspace}/projects/{project_id}/traces"
        return f"{where}?tab=logs&logsType=traces&trace={trace_id}"

    def _remember(self, found: Sequence[Json]) -> None:
        self._client.presence.saw(*_there(found))
        with self._lock:
            if len(self._rows) > _REMEMBERED:
                self._rows.clear()
            self._rows.update((row["id"], row) for row in found)


def _there(rows: Sequence[Json]) -> Iterator[str]:
    """What a row tells to be there: itself, and the dataset, version and project that the server can still name."""
    for row in rows:
        yield row["id"]
        for kind in ("dataset", "project"):
            if row.get(f"{kind}_id") and row.get(f"{kind}_name"):
                yield row[f"{kind}_id"]
        version = wire.object_of(row.get("dataset_version_summary")).get("version_name")
        if version and row.get("dataset_name"):
            yield wire.version_key(row["dataset_id"], version)
