"""Datasets: versions by group, reads at a version, cursors, refusals."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tests.opik_server import OpikServer
from tests.opik_server.api import PROJECT, Api
from tests.opik_server.tables.ids import new_id


def item(**data: Any) -> dict[str, Any]:
    return {"id": new_id(), "source": "sdk", "data": data}


def stream(api: Api, **body: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = api.ok("POST", "/datasets/items/stream", {"dataset_name": "numbers", **body})
    return rows


def test_one_version_for_each_group_named_by_rank(api: Api) -> None:
    dataset_id, group = api.dataset(count=0), new_id()
    assert api.ok("GET", f"/datasets/{dataset_id}/versions")["content"] == []
    api.insert("numbers", [item(n=0)], group)
    api.insert("numbers", [item(n=1)], group)
    api.insert("numbers", [item(n=2)], new_id())
    second, first = api.ok("GET", f"/datasets/{dataset_id}/versions")["content"]
    assert [second["version_name"], first["version_name"]] == ["v2", "v1"]
    assert [second["items_total"], first["items_total"]] == [3, 2]
    assert (second["is_latest"], second["tags"], first["tags"]) == (True, ["latest"], [])
    assert second["version_hash"] == second["id"][-8:]
    assert api.ok("POST", f"/datasets/{dataset_id}/versions/retrieve", {"version_name": "v1"}) == first


def test_a_write_without_a_group_changes_the_latest_version(api: Api) -> None:
    dataset_id = api.dataset(count=2)
    api.insert("numbers", [item(n=2)])
    (only,) = api.ok("GET", f"/datasets/{dataset_id}/versions")["content"]
    assert only["items_total"] == 3


def test_items_are_replaced_by_id_and_old_versions_keep_theirs(api: Api) -> None:
    dataset_id = api.dataset(count=0)
    row = item(n=0)
    api.insert("numbers", [row], new_id())
    api.insert("numbers", [{**row, "data": {"n": 1}}], new_id())
    old = api.ok("POST", f"/datasets/{dataset_id}/versions/retrieve", {"version_name": "v1"})["version_hash"]
    assert [row["data"] for row in stream(api)] == [{"n": 1}]
    assert [row["data"] for row in stream(api, dataset_version=old)] == [{"n": 0}]
    page = api.ok("GET", f"/datasets/{dataset_id}/items", version=old)
    assert (page["total"], page["content"][0]["data"]) == (1, {"n": 0})


def test_deleting_items_makes_a_version(api: Api) -> None:
    dataset_id = api.dataset(count=3)
    ids = api.item_ids(dataset_id)
    api.ok("POST", "/datasets/items/delete", {"item_ids": ids[:2], "batch_group_id": new_id()})
    newest, oldest = api.ok("GET", f"/datasets/{dataset_id}/versions")["content"]
    assert (newest["items_total"], newest["items_deleted"], oldest["items_total"]) == (1, 2, 3)


def test_equal_puts_make_versions_and_deletions_of_nothing_do_not(api: Api) -> None:
    dataset_id, rows = api.dataset(count=0), [item(n=0), item(n=1)]
    for put in (rows, rows, [{**rows[0], "data": {"n": 9}}, item(n=2)]):
        api.insert("numbers", put, new_id())
    api.ok("POST", "/datasets/items/delete", {"item_ids": [new_id()], "batch_group_id": new_id()})
    versions = api.ok("GET", f"/datasets/{dataset_id}/versions")["content"]
    told = [(v["version_name"], v["items_added"], v["items_modified"], v["items_total"]) for v in versions]
    assert told == [("v3", 1, 1, 3), ("v2", 0, 0, 2), ("v1", 2, 0, 2)]


def test_streams_go_down_from_the_newest_id_below_the_cursor(api: Api) -> None:
    ids = api.item_ids(api.dataset(count=5))
    assert ids == sorted(ids, reverse=True)
    assert [row["id"] for row in stream(api, steam_limit=2)] == ids[:2]
    assert [row["id"] for row in stream(api, steam_limit=2, last_retrieved_id=ids[1])] == ids[2:4]


def test_lines_end_with_crlf_and_gzip_is_spoken_both_ways(api: Api, server: OpikServer) -> None:
    api.dataset(count=20)
    with api.http.stream("POST", "/datasets/items/stream", json={"dataset_name": "numbers"}) as response:
        assert response.headers["content-encoding"] == "gzip"
        assert response.headers["transfer-encoding"] == "chunked"
        text = response.read()
    assert text.count(b"\r\n") == 20
    assert text.endswith(b"}\r\n")
    body = gzip.compress(json.dumps({"dataset_name": "numbers"}).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert api.http.post("/datasets/retrieve", content=body, headers=headers).json()["name"] == "numbers"


def test_a_stream_of_something_unknown_is_an_empty_200(api: Api) -> None:
    api.dataset()
    assert stream(api, dataset_name="other") == []
    assert stream(api, dataset_version="00000000") == []


def test_filters(api: Api) -> None:
    api.dataset(count=3)
    wanted = [{"field": "data", "key": "n", "type": "map", "operator": "=", "value": "2"}]
    assert [row["data"] for row in stream(api, filters=json.dumps(wanted))] == [{"n": 2}]
    unknown = json.dumps([{"field": "colour", "operator": "=", "value": "red"}])
    assert api.call("POST", "/datasets/items/stream", {"dataset_name": "x", "filters": unknown}).status_code == 400


def test_a_dataset_of_another_project_is_found_with_a_warning(api: Api) -> None:
    api.dataset()
    body = {"dataset_name": "numbers", "project_name": PROJECT}
    assert "x-opik-deprecation" not in api.call("POST", "/datasets/retrieve", body).headers
    found = api.call("POST", "/datasets/retrieve", {**body, "project_name": "elsewhere"})
    assert (found.status_code, "x-opik-deprecation" in found.headers) == (200, True)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "answer"),
    [
        ("POST", "/datasets/retrieve", {"dataset_name": "no"}, 404, {"errors": ["Dataset not found"]}),
        (
            "POST",
            "/datasets",
            {"name": "numbers", "project_name": PROJECT},
            409,
            {"errors": ["Dataset already exists with name 'numbers'"]},
        ),
        ("POST", "/datasets", {"name": " "}, 422, {"errors": ["name must not be blank"]}),
        ("POST", "/projects/retrieve", {"name": "no"}, 404, {"errors": ["Project not found"]}),
        (
            "PUT",
            "/datasets/items",
            {"dataset_name": "numbers", "items": [{"id": "0b5e5f1e-7d43-4f0e-a7a1-111111111111", **item()}]},
            422,
            {"errors": ["items[0].data must not be empty"]},
        ),
        (
            "PUT",
            "/datasets/items",
            {"dataset_name": "numbers", "items": [{**item(n=1), "id": "0b5e5f1e-7d43-4f0e-a7a1-111111111111"}]},
            400,
            {
                "code": 400,
                "message": "Invalid UUID for id",
                "details": "dataset_item id must be a version 7 UUID",
            },
        ),
        (
            "PUT",
            "/datasets/items",
            {"dataset_name": "numbers", "items": [item(n=1)] * 1001},
            422,
            {"errors": ["items size must be between 1 and 1000"]},
        ),
    ],
)
def test_refusals(api: Api, method: str, path: str, body: Any, status: int, answer: Any) -> None:
    api.dataset()
    response = api.call(method, path, body)
    assert (response.status_code, response.json()) == (status, answer)


def test_names_of_projects_have_no_case(api: Api) -> None:
    api.dataset()
    assert api.ok("POST", "/projects/retrieve", {"name": PROJECT.upper()})["name"] == PROJECT


def test_without_versioning_there_are_none(api: Api, server: OpikServer) -> None:
    server.state.versioning = False
    response = api.call("GET", f"/datasets/{api.dataset()}/versions")
    assert response.json() == {"code": 403, "message": "Dataset versioning feature is not enabled"}
