"""A plain client for tests: the calls that put an experiment on a server, without the SDK and without ours."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Self

import httpx

from tests.opik_server.serving.wire import Row, now
from tests.opik_server.tables.ids import new_id

PROJECT = "demo"


class Api:
    def __init__(self, url: str, workspace: str = "default", key: str | None = None, timeout: float = 10) -> None:
        headers = {"Comet-Workspace": workspace, **({"Authorization": key} if key else {})}
        self.http = httpx.Client(base_url=url + "v1/private", headers=headers, timeout=timeout, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        return self.http.request(method, path, json=body, params=query)

    def ok(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The decoded answer, of a stream the list of its rows; anything but success is an error here."""
        response = self.call(method, path, body, **query)
        assert response.is_success, (response.status_code, response.text)
        if response.headers.get("content-type") == "application/octet-stream":
            return [json.loads(line) for line in response.text.split("\r\n") if line]
        return response.json() if response.content else None

    # --- an experiment and its parts; each returns the id

    def dataset(self, name: str = "numbers", count: int = 3) -> str:
        location = self.call("POST", "/datasets", {"name": name, "project_name": PROJECT}).headers["location"]
        if count:
            self.insert(name, [{"id": new_id(), "source": "sdk", "data": {"n": n}} for n in range(count)], new_id())
        return str(location.rsplit("/", 1)[1])

    def insert(self, dataset: str, items: list[Row], group: str | None = None) -> None:
        body = {"dataset_name": dataset, "project_name": PROJECT, "batch_group_id": group, "items": items}
        self.ok("PUT", "/datasets/items", body)

    def item_ids(self, dataset_id: str) -> list[str]:
        return [row["id"] for row in self.ok("GET", f"/datasets/{dataset_id}/items", size=2000)["content"]]

    def experiment(self, dataset: str = "numbers", **fields: Any) -> str:
        id_ = new_id()
        body = {"id": id_, "dataset_name": dataset, "project_name": PROJECT, "name": "one", **fields}
        self.ok("POST", "/experiments", body)
        return id_

    def trace(self, **fields: Any) -> str:
        row = {"id": new_id(), "project_name": PROJECT, "start_time": now(), "output": {"output": "x"}, **fields}
        self.ok("POST", "/traces/batch", {"traces": [row]})
        return str(row["id"])

    def run(self, experiment_id: str, item_id: str, **fields: Any) -> str:
        """A run of an item, complete unless the trace's fields say otherwise; the trace's id."""
        trace_id = self.trace(**fields)
        self.link(experiment_id, item_id, trace_id)
        return trace_id

    def link(self, experiment_id: str, item_id: str, trace_id: str) -> str:
        row = {"id": new_id(), "experiment_id": experiment_id, "dataset_item_id": item_id, "trace_id": trace_id}
        self.ok("POST", "/experiments/items", {"experiment_items": [row]})
        return row["id"]

    def score(self, trace_id: str, value: float, name: str = "exact") -> None:
        row = {"id": trace_id, "project_name": PROJECT, "name": name, "value": value, "source": "sdk"}
        self.ok("PUT", "/traces/feedback-scores", {"scores": [row]})

    # --- the three ways to read an experiment's runs

    def compared(self, dataset_id: str, *experiment_ids: str, **query: Any) -> list[Row]:
        query = {"experiment_ids": json.dumps(experiment_ids), "size": 2000, **query}
        content: list[Row] = self.ok("GET", f"/datasets/{dataset_id}/items/experiments/items", **query)["content"]
        return content

    def live(self, experiment_id: str, **body: Any) -> list[Row]:
        wanted = {"field": "experiment_id", "key": "", "type": "string", "operator": "=", "value": experiment_id}
        rows: list[Row] = self.ok("POST", "/traces/search", {"project_name": PROJECT, "filters": [wanted], **body})
        return rows

    def streamed(self, experiment_name: str = "one", **body: Any) -> list[Row]:
        rows: list[Row] = self.ok("POST", "/experiments/items/stream", {"experiment_name": experiment_name, **body})
        return rows
