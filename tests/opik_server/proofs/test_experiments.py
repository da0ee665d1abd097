"""Experiments and their items: defaults, upserts, pinned versions, what is read from what."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.opik_server.api import PROJECT, Api
from tests.opik_server.tables.ids import new_id


def test_an_experiment_is_completed_unless_it_says_otherwise(api: Api) -> None:
    api.dataset()
    plain, running = api.experiment(), api.experiment(status="running")
    assert [api.ok("GET", f"/experiments/{id_}")["status"] for id_ in (plain, running)] == ["completed", "running"]
    api.ok("PATCH", f"/experiments/{running}", {"status": "completed"})
    assert api.ok("GET", f"/experiments/{running}")["status"] == "completed"


def test_posting_again_changes_nothing(api: Api) -> None:
    api.dataset()
    id_ = api.experiment(name="first")
    api.ok("POST", "/experiments", {"id": id_, "dataset_name": "numbers", "name": "second"})
    assert api.ok("GET", f"/experiments/{id_}")["name"] == "first"


def test_a_patch_replaces_metadata_whole(api: Api) -> None:
    api.dataset()
    id_ = api.experiment(metadata={"a": 1}, tags=["x"])
    api.ok("PATCH", f"/experiments/{id_}", {"metadata": {"b": 2}, "tags_to_add": ["y"], "tags_to_remove": ["x"]})
    found = api.ok("GET", f"/experiments/{id_}")
    assert (found["metadata"], found["tags"]) == ({"b": 2}, ["y"])


def test_names_are_found_by_a_part_of_them(api: Api) -> None:
    api.dataset()
    for name in ("run", "run-2", "other"):
        api.experiment(name=name)
    streamed = api.ok("POST", "/experiments/stream", {"name": "RUN", "project_name": PROJECT})
    assert [row["name"] for row in streamed] == ["run-2", "run"]
    page = api.ok("GET", "/experiments", name="run", sorting=json.dumps([{"field": "name", "direction": "ASC"}]))
    assert ([row["name"] for row in page["content"]], page["total"]) == (["run", "run-2"], 2)


def test_the_version_is_pinned_and_wrong_ones_are_refused(api: Api) -> None:
    dataset_id = api.dataset()
    id_ = api.experiment()
    api.insert("numbers", [{"id": new_id(), "source": "sdk", "data": {"n": 9}}], new_id())
    assert api.ok("GET", f"/experiments/{id_}")["dataset_version_summary"]["version_name"] == "v1"
    body = {"id": new_id(), "dataset_name": "numbers", "dataset_version_id": new_id()}
    response = api.call("POST", "/experiments", body)
    assert response.json() == {"code": 409, "message": "Dataset version not found"}
    api.ok("DELETE", f"/datasets/{dataset_id}")
    assert api.ok("GET", f"/experiments/{id_}")["dataset_name"] is None


def test_compare_has_items_with_runs_only_and_data_of_the_pinned_version(api: Api) -> None:
    dataset_id = api.dataset(count=3)
    newest, middle, _ = api.item_ids(dataset_id)
    id_ = api.experiment()
    api.insert("numbers", [{"id": newest, "source": "sdk", "data": {"n": "changed"}}], new_id())
    for item_id in (middle, newest, newest, stranger := new_id()):
        api.run(id_, item_id)
    rows = api.compared(dataset_id, id_)
    assert [row["id"] for row in rows] == [stranger, newest, middle]
    assert [row["data"] for row in rows] == [{}, {"n": 2}, {"n": 1}]
    assert [len(row["experiment_items"]) for row in rows] == [1, 2, 1]


def test_what_is_absent_is_left_out_and_what_is_null_or_empty_is_not(api: Api) -> None:
    dataset_id = api.dataset(count=1)
    (item_id,) = api.item_ids(dataset_id)
    id_ = api.experiment()
    outputs: list[Any] = [None, {}, [], 5, False, ""]
    runs = {api.run(id_, item_id, output=output): output for output in outputs}
    api.link(id_, item_id, unsent := new_id())
    (row,) = api.compared(dataset_id, id_)
    entries = {entry["trace_id"]: entry for entry in row["experiment_items"]}
    assert "output" not in entries.pop(unsent)
    assert {trace_id: entry["output"] for trace_id, entry in entries.items()} == runs
    assert {trace_id: api.ok("GET", f"/traces/{trace_id}")["output"] for trace_id in runs} == runs
    for entry in entries.values():
        assert not {"feedback_scores", "error_info", "project_id", "input"} & entry.keys()


def test_an_experiment_without_a_project_gets_that_of_its_runs(api: Api) -> None:
    api.dataset()
    id_ = new_id()
    api.ok("POST", "/experiments", {"id": id_, "dataset_name": "numbers"})
    assert "project_id" not in api.ok("GET", f"/experiments/{id_}")
    api.run(id_, new_id(), project_name="another")
    assert api.ok("GET", f"/experiments/{id_}")["project_name"] == "another"


def test_traces_are_counted_by_their_links(api: Api) -> None:
    dataset_id = api.dataset(count=1)
    (item_id,) = api.item_ids(dataset_id)
    id_ = api.experiment()
    twice, deleted = api.run(id_, item_id), api.run(id_, item_id)
    api.link(id_, item_id, twice)
    api.link(id_, item_id, new_id())
    api.ok("DELETE", f"/traces/{deleted}")
    assert api.ok("GET", f"/experiments/{id_}")["trace_count"] == 3
    assert [row["id"] for row in api.live(id_)] == [twice]
    assert "output" not in next(entry for entry in api.streamed() if entry["trace_id"] == deleted)


def test_scores_are_one_for_each_name_and_may_come_before_the_trace(api: Api) -> None:
    dataset_id = api.dataset(count=1)
    (item_id,) = api.item_ids(dataset_id)
    id_, trace_id = api.experiment(), new_id()
    api.score(trace_id, 0.0)
    api.score(trace_id, 1.0)
    api.score(trace_id, 0.5, "other")
    api.run(id_, item_id, id=trace_id)
    (row,) = api.compared(dataset_id, id_)
    scores = {score["name"]: score["value"] for score in row["experiment_items"][0]["feedback_scores"]}
    assert scores == {"exact": 1.0, "other": 0.5}
    shown = api.ok("GET", f"/experiments/{id_}")
    assert (shown["trace_count"], {score["name"]: score["value"] for score in shown["feedback_scores"]}) == (1, scores)


def test_items_are_replaced_by_id_and_can_be_deleted(api: Api) -> None:
    dataset_id = api.dataset(count=1)
    (item_id,) = api.item_ids(dataset_id)
    id_, first, second = api.experiment(), api.trace(), api.trace()
    link = api.link(id_, item_id, first)
    row = {"id": link, "experiment_id": id_, "dataset_item_id": item_id, "trace_id": second}
    api.ok("POST", "/experiments/items", {"experiment_items": [row]})
    assert [entry["trace_id"] for entry in api.streamed()] == [second]
    assert [trace["id"] for trace in api.live(id_)] == [second]
    api.ok("POST", "/experiments/items/delete", {"ids": [link]})
    assert (api.streamed(), api.live(id_)) == ([], [])
    assert api.ok("GET", f"/traces/{second}")["id"] == second


def test_an_unknown_experiment(api: Api) -> None:
    id_ = new_id()
    response = api.call("GET", f"/experiments/{id_}")
    assert response.json() == {"code": 404, "message": f"Not found experiment with id '{id_}'"}
    response = api.call("PATCH", f"/experiments/{id_}", {"name": "new"})
    assert response.json() == {"code": 404, "message": f"Experiment not found: '{id_}'"}


@pytest.mark.parametrize("size", ["0", "-1"])
def test_page_sizes_are_positive(api: Api, size: str) -> None:
    response = api.call("GET", "/experiments", size=size)
    assert response.status_code == 400
    assert response.json() == {"errors": ["query param size must be greater than or equal to 1"]}
