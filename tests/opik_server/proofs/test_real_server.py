"""What a real server (2.1.24) answered, asked of the stand-in: the same statuses, errors, and shapes of answers.

The recordings are those in which the two once differed, in the order in which they were made. What was done in between,
in which nothing differed, is done here again, with the recorded ids; those that a server mints differ in each run.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.opik_server.serving.wire import Row
from tests.opik_server.tables.ids import new_id

DATASET, PROJECT = "both-8993e1", "pb-8993e1"
ITEMS = ("01a217e6-c5f5-74f6-8ebe-326c1d1c02bd", "01a217e6-c5f5-7555-a443-45fa879b23ed")
LATER_ITEM = "01a217e6-ce1c-73d7-a1df-f3a71c8caddf"
EXPERIMENT = "01a217e6-d63c-7ee8-a82e-bcc2d62a605c"
TRACE = "01a217e6-f571-7d04-b9ca-a7a426d90020"
NO_OUTPUT, EMPTY_OUTPUT = "01a217e7-1b9e-7b4c-93c4-446c1bb30ac9", "01a217e7-1e62-76d8-bc33-92dc4552fc97"
SPANS = ("01a217e7-2030-78b2-ab07-3fc909f826ab", "01a217e7-20ad-7bb3-812c-b75d5f335c1c")
MOMENT = "2026-11-26T11:50:00.000000Z"
BY_DATASET = "/v1/private/datasets/01a217e6-c5b7-7613-9b2c-6aef0b911501"

RECORDED: list[Row] = [
    json.loads(line)
    for line in (Path(__file__).parent / "recordings" / "real-server.jsonl").read_text("utf-8").splitlines()
]
OF_EXPERIMENT = {"field": "experiment_id", "key": "", "type": "string", "operator": "=", "value": EXPERIMENT}
QUERIES: dict[str, Row] = {
    "page 0": {"page": 0},
    "compare": {"experiment_ids": json.dumps([EXPERIMENT])},
    "traces page": {"project_name": PROJECT, "filters": json.dumps([OF_EXPERIMENT])},
    "spans page": {"project_name": PROJECT, "trace_id": TRACE},
}


# What was done in between


def put_items(api: Api, *rows: Row) -> None:
    body = {"dataset_name": DATASET, "project_name": PROJECT, "batch_group_id": new_id(), "items": rows}
    api.ok("PUT", "/datasets/items", body)


def insert(api: Api) -> None:
    policy = {"execution_policy": {"runs_per_item": 3, "pass_threshold": 1}}
    first, second = ({"id": id_, "source": "sdk", "data": {"n": n}} for n, id_ in enumerate(ITEMS, 1))
    put_items(api, first, {**second, **policy})


def insert_again(api: Api) -> None:
    put_items(api, {"id": ITEMS[0], "source": "sdk", "data": {"n": 1}})


def delete_unknown(api: Api) -> None:
    api.ok("POST", "/datasets/items/delete", {"item_ids": [new_id()], "batch_group_id": new_id()})


def insert_more(api: Api) -> None:
    put_items(api, {"id": LATER_ITEM, "source": "sdk", "data": {"a": 1}})


def create_experiment(api: Api) -> None:
    body = {"id": EXPERIMENT, "dataset_name": DATASET, "project_name": PROJECT, "name": "x", "status": "running"}
    api.ok("POST", "/experiments", {**body, "metadata": {"a": 1}})


def trace(api: Api, id_: str, **fields: Any) -> None:
    row = {"id": id_, "project_name": PROJECT, "name": "evaluation_task", "start_time": MOMENT, "source": "experiment"}
    api.ok("POST", "/traces/batch", {"traces": [{**row, **fields}]})


def fail(api: Api) -> None:
    error = {"exception_type": "X", "message": "m", "traceback": "t"}
    trace(api, TRACE, input={"n": 1}, metadata={"k": 1}, error_info=error)
    api.link(EXPERIMENT, ITEMS[0], TRACE)


def complete(api: Api) -> None:
    trace(api, TRACE, output={"o": 1}, metadata={"k": 2}, end_time=MOMENT)
    row = {"id": TRACE, "project_name": PROJECT, "name": "eq", "value": 1 / 3, "reason": "r", "source": "sdk"}
    api.ok("PUT", "/traces/feedback-scores", {"scores": [row]})


def more_spans(api: Api) -> None:
    row = {"trace_id": TRACE, "project_name": PROJECT, "name": "s", "start_time": MOMENT}
    api.ok("POST", "/spans/batch", {"spans": [{**row, "id": SPANS[0]}]})
    api.ok("POST", "/spans/batch", {"spans": [{**row, "id": SPANS[1], "type": "general", "output": {"a": 1}}]})


BEFORE: dict[str, Callable[[Api], object]] = {
    "dataset twice": lambda api: api.ok("POST", "/datasets", {"name": DATASET, "project_name": PROJECT}),
    "versions": insert,
    "versions after same content": insert_again,
    "versions after delete unknown": delete_unknown,
    "version v1": insert_more,
    "exp get new": create_experiment,
    "trace get failed": fail,
    "trace get complete": complete,
    "output null get": lambda api: trace(api, NO_OUTPUT, output=None),
    "output {} get": lambda api: trace(api, EMPTY_OUTPUT, output={}),
    "spans page": more_spans,
    "exp after nonsense": lambda api: api.ok("PATCH", f"/experiments/{EXPERIMENT}", {"status": "nonsense"}),
}


@pytest.fixture(scope="module")
def answers() -> dict[str, httpx.Response]:
    """The stand-in's answers to all that was recorded, by case."""
    found: dict[str, httpx.Response] = {}
    with OpikServer() as server, Api(server.url) as api:
        for recorded in RECORDED:
            if recorded["case"] in BEFORE:
                BEFORE[recorded["case"]](api)
            dataset_id = next(iter(server.state.datasets))
            path = (
                recorded["path"].replace(BY_DATASET, f"/v1/private/datasets/{dataset_id}").removeprefix("/v1/private")
            )
            query = QUERIES.get(recorded["case"], {})
            found[recorded["case"]] = api.call(recorded["method"], path, recorded["request"], **query)
        known = ("'nonsense' is not one of", "'dataset_name' was unexpected")  # that nobody but these recordings sends
        assert [problem for problem in server.problems if not any(words in problem for words in known)] == []
    return found


@pytest.mark.parametrize("recorded", RECORDED, ids=[each["case"] for each in RECORDED])
def test_the_stand_in_answers_as_the_real_server_did(recorded: Row, answers: dict[str, httpx.Response]) -> None:
    answer = answers[recorded["case"]]
    assert answer.status_code == recorded["status"], answer.text
    if "rows" in recorded:
        assert answer.headers["content-type"] == "application/octet-stream"
        assert shape([json.loads(line) for line in answer.text.split("\r\n") if line]) == shape(recorded["rows"])
    elif "answer" in recorded:
        assert answer.headers["content-type"] == recorded.get("kind", "application/json")
        assert shape(answer.json()) == shape(recorded["answer"])
    else:
        assert answer.content == b""


def test_every_recording_was_made_once() -> None:
    cases = [recorded["case"] for recorded in RECORDED]
    assert len(set(cases)) == len(cases)
    assert BEFORE.keys() | QUERIES.keys() <= {*cases}


def shape(value: Any, within: str = "") -> Any:
    """Keys and kinds of values; words of errors and names of fields as they are, but for what a parser says."""
    if isinstance(value, dict):
        return {key: shape(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each, within) for each in value]
    if within in {"errors", "sortable_by", "code", "message", "details", "status", "output", "version_name"} | COUNTS:
        return value if not str(value).startswith("Unable to process JSON") else "Unable to process JSON"
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


COUNTS = {"total", "size", "page", "items_total", "items_added", "items_modified", "items_deleted", "trace_count"} | {
    "span_count",
    "value",
    "types",
}
