"""Traces: three ways to write, each with its own way to merge."""

from __future__ import annotations

from typing import Any

import pytest

from tests.opik_server.api import PROJECT, Api
from tests.opik_server.serving.wire import now
from tests.opik_server.tables.ids import new_id

ERROR = {"exception_type": "ValueError", "message": "boom", "traceback": "Traceback"}


def read(api: Api, id_: str) -> dict[str, Any]:
    row: dict[str, Any] = api.ok("GET", f"/traces/{id_}")
    return row


def test_a_batch_replaces_the_row_whole(api: Api) -> None:
    id_ = api.trace(error_info=ERROR, tags=["x"])
    created = read(api, id_)["created_at"]
    api.trace(id=id_, output={"output": "y"})
    row = read(api, id_)
    assert row["output"] == {"output": "y"}
    assert not {"error_info", "tags"} & row.keys()
    assert row["created_at"] == created


def test_a_batch_that_is_older_than_the_row_loses(api: Api) -> None:
    id_ = api.trace(output={"output": "new"}, last_updated_at="2026-01-02T00:00:00Z")
    api.trace(id=id_, output={"output": "old"}, last_updated_at="2026-01-01T00:00:00Z")
    assert read(api, id_)["output"] == {"output": "new"}


def test_a_patch_merges_and_cannot_clear(api: Api) -> None:
    id_ = api.trace(error_info=ERROR, output=None)
    api.ok("PATCH", f"/traces/{id_}", {"project_name": PROJECT, "output": {"output": "y"}, "error_info": None})
    row = read(api, id_)
    assert (row["output"], row["error_info"]) == ({"output": "y"}, ERROR)
    api.ok("PATCH", f"/traces/{id_}", {"project_name": PROJECT, "output": None})
    assert read(api, id_)["output"] == {"output": "y"}


def test_a_patch_before_the_create_leaves_a_partial_row(api: Api) -> None:
    id_ = new_id()
    api.ok("PATCH", f"/traces/{id_}", {"project_name": PROJECT, "output": {"output": "y"}})
    row = read(api, id_)
    assert (row["output"], row["start_time"], "name" in row) == ({"output": "y"}, "1970-01-01T00:00:00Z", False)


def test_a_single_post_of_an_id_that_exists_is_refused_and_changes_nothing(api: Api) -> None:
    id_ = new_id()
    body = {"id": id_, "project_name": PROJECT, "start_time": now(), "name": "old"}
    assert api.call("POST", "/traces", body).status_code == 201
    before = read(api, id_)
    response = api.call("POST", "/traces", {**body, "name": "new", "tags": ["x"]})
    assert (response.status_code, response.json()) == (409, {"errors": ["Trace already exists"]})
    assert read(api, id_) == before


def test_the_same_id_in_another_project_is_a_second_row(api: Api) -> None:
    api.dataset(count=1)
    experiment_id = api.experiment()
    id_ = api.run(experiment_id, new_id(), name="first")
    api.trace(id=id_, name="second", project_name="another")
    assert read(api, id_)["name"] == "second"
    assert [row["name"] for row in api.live(experiment_id)] == ["first"]
    assert [row["name"] for row in api.live(experiment_id, project_name="another")] == ["second"]
    api.trace(id=id_, name="third")
    assert [row["name"] for row in api.live(experiment_id)] == ["third"]


def test_an_invalid_element_refuses_the_whole_batch(api: Api) -> None:
    good = {"id": new_id(), "start_time": now()}
    for bad in ({"id": "0b5e5f1e-7d43-4f0e-a7a1-111111111111", "start_time": now()}, {"id": new_id()}):
        assert api.call("POST", "/traces/batch", {"traces": [good, bad]}).status_code in {400, 422}
    assert api.call("GET", f"/traces/{good['id']}").json() == {
        "code": 404,
        "message": f"Trace id: {good['id']} not found",
    }


@pytest.mark.parametrize("error", [{"exception_type": "ValueError", "traceback": " "}, {"message": "boom"}])
def test_error_infos_are_not_looked_at(api: Api, error: dict[str, str]) -> None:
    id_ = api.trace(error_info=error)
    assert read(api, id_)["error_info"] == error
    span = {"id": new_id(), "trace_id": id_, "project_name": PROJECT, "start_time": now(), "error_info": error}
    api.ok("POST", "/spans/batch", {"spans": [span]})
    assert api.ok("GET", f"/spans/{span['id']}")["error_info"] == error


@pytest.mark.parametrize("count", [0, 1001])
def test_batches_have_1_to_1000_elements(api: Api, count: int) -> None:
    traces = [{"id": new_id(), "start_time": now()} for _ in range(count)]
    response = api.call("POST", "/traces/batch", {"traces": traces})
    assert response.json() == {"errors": ["traces size must be between 1 and 1000"]}


def test_a_trace_shows_its_spans_costs_scores_and_experiment(api: Api) -> None:
    dataset_id = api.dataset(count=1)
    (item_id,) = api.item_ids(dataset_id)
    experiment_id = api.experiment()
    id_ = api.run(experiment_id, item_id, start_time="2026-01-01T00:00:00Z", end_time="2026-01-01T00:00:01.500000Z")
    span = {"id": new_id(), "trace_id": id_, "project_name": PROJECT, "start_time": now(), "type": "llm"}
    costly = {**span, "usage": {"total_tokens": 7}, "total_estimated_cost": 0.5}
    api.ok("POST", "/spans/batch", {"spans": [costly, {**costly, "id": new_id()}]})
    api.score(id_, 1.0)
    row = read(api, id_)
    assert (row["duration"], row["span_count"], row["llm_span_count"]) == (1500.0, 2, 2)
    assert (row["usage"], row["total_estimated_cost"]) == ({"total_tokens": 14}, 1.0)
    assert row["experiment"] == {
        "id": experiment_id,
        "name": "one",
        "dataset_id": dataset_id,
        "dataset_item_id": item_id,
    }
    found = api.ok("GET", "/spans", project_name=PROJECT, trace_id=id_)
    assert (found["total"], found["content"][0]["trace_id"]) == (2, id_)


def test_search_pages_down_and_leaves_out_what_is_excluded(api: Api) -> None:
    api.dataset(count=1)
    experiment_id = api.experiment()
    ids = [api.run(experiment_id, new_id(), output={"output": "x" * 20_000}) for _ in range(3)]
    api.trace()  # of no experiment
    first = api.live(experiment_id, limit=2)
    rest = api.live(experiment_id, limit=2, last_retrieved_id=first[-1]["id"], truncate=False, exclude=["input"])
    assert [row["id"] for row in first + rest] == ids[::-1]
    assert isinstance(first[0]["output"], str)  # truncate is the default, and what it leaves is no JSON
    assert rest[0]["output"] == {"output": "x" * 20_000}
    assert "output" not in api.live(experiment_id, exclude=["output"])[0]
    assert api.call("POST", "/traces/search", {}).status_code == 400


def test_truncation_leaves_text_in_searches_and_cuts_values_in_compare(api: Api) -> None:
    dataset_id = api.dataset(count=1)
    experiment_id, (item_id,) = api.experiment(), api.item_ids(dataset_id)
    long: dict[str, Any] = {"output": "x" * 20_000, "short": 1, "deep": [{"text": "y" * 2_000}]}
    id_ = api.run(experiment_id, item_id, output=long, input={"n": 1}, metadata={"long": "m" * 30_000})
    page = api.ok("GET", "/traces", project_name=PROJECT, truncate="true")["content"]
    for row in (*page, *api.live(experiment_id, truncate=True)):
        assert (type(row["output"]), len(row["output"])) == (str, 10_001)
        assert (row["input"], row["metadata"]) == ({"n": 1}, {"long": "m" * 30_000})
    assert read(api, id_)["output"] == long
    (item,) = api.compared(dataset_id, experiment_id, truncate="true")
    cut = item["experiment_items"][0]["output"]
    assert cut == {"output": "x" * 1_000, "short": 1, "deep": [{"text": "y" * 1_000}]}
    (item,) = api.compared(dataset_id, experiment_id, truncate="false")
    assert item["experiment_items"][0]["output"] == long
