"""A server that remembers what it has answered tells the same as one that does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.opik_server import OpikServer
from tests.opik_server.api import PROJECT, Api
from tests.opik_server.faulty import faults
from tests.opik_server.serving.wire import Row

Write = Callable[[Api, str, str], object]  # of an experiment and a run of it

WRITES: dict[str, Write] = {
    "a run": lambda api, experiment_id, run_id: api.run(experiment_id, api.dataset("more", count=0)),
    "a score": lambda api, experiment_id, run_id: api.score(run_id, 0.5),
    "a change": lambda api, experiment_id, run_id: api.ok(
        "PATCH", f"/traces/{run_id}", {"output": {"a": "later"}, "project_name": PROJECT}
    ),
    "a change of the experiment": lambda api, experiment_id, run_id: api.ok(
        "PATCH", f"/experiments/{experiment_id}", {"name": "two"}
    ),
    "less": lambda api, experiment_id, run_id: api.ok("DELETE", f"/traces/{run_id}"),
}


@pytest.fixture
def server() -> Iterator[OpikServer]:
    with OpikServer(remember=True) as running:
        yield running
    assert running.problems == []


def filled(api: Api) -> tuple[str, str]:
    items = api.item_ids(api.dataset())
    experiment_id = api.experiment()
    run_ids = [api.run(experiment_id, item) for item in items]
    return experiment_id, run_ids[0]


def read(api: Api, experiment_id: str) -> list[object]:
    """By a page, by a stream, and by ids."""
    page = api.ok("GET", "/traces", project_name=PROJECT, size=100)["content"]
    return [page, api.live(experiment_id), api.ok("GET", f"/experiments/{experiment_id}")]


@pytest.mark.parametrize("write", WRITES)
def test_what_is_written_is_told(write: str, api: Api, server: OpikServer) -> None:
    experiment_id, run_id = filled(api)
    before = read(api, experiment_id)
    assert read(api, experiment_id) == before
    WRITES[write](api, experiment_id, run_id)
    told = read(api, experiment_id)
    server._remembered = None
    assert told == read(api, experiment_id) != before


def test_it_is_sent_again_as_it_was_compressed_or_not(api: Api, server: OpikServer) -> None:
    experiment_id, _ = filled(api)

    def sent(**headers: str) -> list[tuple[bytes, Row]]:
        asked = [("GET", "/experiments/" + experiment_id, None), ("POST", "/traces/search", {"project_name": PROJECT})]
        answers = [api.http.request(method, path, json=body, headers=headers) for method, path, body in asked]
        return [
            (each.content, {name: each.headers[name] for name in each.headers if name != "date"}) for each in answers
        ]

    for encoding in ("gzip", "identity", "gzip"):
        once = sent(**{"Accept-Encoding": encoding})
        assert sent(**{"Accept-Encoding": encoding}) == once
        assert all(headers.get("content-encoding", "identity") == encoding for _, headers in once)
        server._remembered, kept = None, server._remembered
        assert sent(**{"Accept-Encoding": encoding}) == once
        server._remembered = kept
    assert server.counts["GET /v1/private/experiments/{id}"] == 9


def test_a_fault_strikes_what_is_sent_again(api: Api, server: OpikServer) -> None:
    experiment_id, _ = filled(api)
    read(api, experiment_id)
    server.faults.add(faults.ShortPage(1), faults.to("GET", "/traces"))
    assert [len(rows) for rows in read(api, experiment_id)[:2]] == [1, 3]  # type: ignore[arg-type]


def test_nobody_is_told_what_another_was() -> None:
    with OpikServer(api_key="secret", workspaces=("mine", "theirs"), remember=True) as server:
        with Api(server.url, "mine", "secret") as mine, Api(server.url, "theirs", "secret") as theirs:
            mine.dataset()
            assert mine.ok("GET", "/datasets")["total"] == 1
            assert theirs.ok("GET", "/datasets")["total"] == 0
        with Api(server.url, "mine", "wrong") as wrong:
            assert wrong.call("GET", "/datasets").status_code == 401
