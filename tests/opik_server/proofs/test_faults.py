"""Each fault does to the client what it says, and to the data too."""

from __future__ import annotations

import json
import threading

import httpx
import pytest

from tests.opik_server import OpikServer
from tests.opik_server.api import PROJECT, Api
from tests.opik_server.faulty import faults as f
from tests.opik_server.serving.wire import now
from tests.opik_server.tables.ids import new_id

BATCH = f.to("POST", "/traces/batch")


def one_trace() -> dict[str, list[dict[str, str]]]:
    return {"traces": [{"id": new_id(), "start_time": now(), "project_name": PROJECT}]}


@pytest.mark.parametrize(
    ("action", "headers"),
    [
        (f.rate_limited(reset=2), {"ratelimit-reset": "2"}),
        (f.rate_limited(retry_after=3), {"retry-after": "3"}),
        (f.rate_limited(), {}),
        (f.Status(413, body="Request Entity Too Large"), {"content-type": "text/plain"}),
        *((f.Status(status), {}) for status in (401, 500, 502, 503, 504)),
    ],
)
def test_status(api: Api, server: OpikServer, action: f.Status, headers: dict[str, str]) -> None:
    server.faults.add(action, BATCH)
    response = api.call("POST", "/traces/batch", one_trace())
    assert response.status_code == action.status
    assert headers.items() <= dict(response.headers).items()
    assert server.state.traces == {}
    assert api.call("POST", "/traces/batch", one_trace()).status_code == 204


def test_times_and_after(api: Api, server: OpikServer) -> None:
    fault = server.faults.add(f.Status(503), f.is_write, times=2, after=1)
    statuses = [api.call("POST", "/traces/batch", one_trace()).status_code for _ in range(4)]
    assert (statuses, fault.hits) == ([204, 503, 503, 204], 2)
    api.ok("POST", "/projects/retrieve", {"name": PROJECT})  # no write
    assert fault.met == 3
    assert [request.fault for request in server.asked("POST", "/traces/batch")] == [None, "Status", "Status", None]


@pytest.mark.parametrize(("action", "stored"), [(f.DropBefore(), 0), (f.DropBefore(reset=True), 0), (f.DropAfter(), 1)])
def test_dropped_connections(api: Api, server: OpikServer, action: f.Action, stored: int) -> None:
    server.faults.add(action)
    with pytest.raises(httpx.TransportError):
        api.call("POST", "/traces/batch", one_trace())
    assert len(server.state.traces) == stored
    assert server.asked("POST")[0].status is None


def test_done_behind_an_error(api: Api, server: OpikServer) -> None:
    server.faults.add(f.Status(502, processed=True))
    assert api.call("POST", "/traces/batch", one_trace()).status_code == 502
    assert len(server.state.traces) == 1


@pytest.mark.parametrize("action", [f.Hold(), f.Delay(60), f.Delay(0.5, processed=True)])
def test_time_outs(server: OpikServer, action: f.Action) -> None:
    server.faults.add(action)
    with Api(server.url, timeout=0.05) as api, pytest.raises(httpx.ReadTimeout):
        api.call("POST", "/traces/batch", one_trace())
    # Nobody waits for the rest of it: the server's end releases what is held.


def test_hold_lets_a_test_act_in_between(api: Api, server: OpikServer) -> None:
    hold = f.Hold()
    server.faults.add(hold, BATCH)
    writer = threading.Thread(target=api.trace)
    writer.start()
    assert hold.arrived.wait(10)
    assert server.state.traces == {}
    hold.released.set()
    writer.join()
    assert len(server.state.traces) == 1


def test_a_stream_cut_short(api: Api, server: OpikServer) -> None:
    api.dataset(count=5)
    body = {"dataset_name": "numbers"}
    server.faults.add(f.CutStream(2))
    rows: list[object] = []
    with (
        pytest.raises(httpx.RemoteProtocolError),
        api.http.stream("POST", "/datasets/items/stream", json=body) as response,
    ):
        rows.extend(json.loads(line) for line in response.iter_lines())
    assert len(rows) == 2
    server.faults.add(f.CutStream(2, clean=True))
    assert len(api.ok("POST", "/datasets/items/stream", body)) == 2


def test_half_an_answer(api: Api, server: OpikServer) -> None:
    server.faults.add(f.CutStream())
    with pytest.raises(httpx.RemoteProtocolError):
        api.call("GET", "/projects")


def test_an_error_line(api: Api, server: OpikServer) -> None:
    api.dataset(count=5)
    server.faults.add(f.ErrorLine(3))
    rows = api.ok("POST", "/datasets/items/stream", {"dataset_name": "numbers"})
    assert len(rows) == 4
    assert rows[-1] == {"code": 500, "message": "Streaming operation timed out"}


def test_a_short_page(api: Api, server: OpikServer) -> None:
    dataset_id = api.dataset(count=5)
    server.faults.add(f.ShortPage(2), f.to("GET", "/items"))
    page = api.ok("GET", f"/datasets/{dataset_id}/items", size=10)
    assert (len(page["content"]), page["size"], page["total"]) == (2, 2, 5)


def test_a_poison_row_refuses_its_batch_whenever_it_comes(api: Api, server: OpikServer) -> None:
    good, bad = one_trace()["traces"][0], one_trace()["traces"][0]
    server.faults.poison(lambda row: row.get("id") == bad["id"], BATCH)
    for _ in range(2):
        assert api.call("POST", "/traces/batch", {"traces": [good, bad]}).status_code == 400
    assert api.call("POST", "/traces/batch", {"traces": [good]}).status_code == 204
    assert list(server.state.traces) == [good["id"]]


def test_latency(api: Api, server: OpikServer) -> None:
    server.latency = 0.05
    assert api.call("GET", "/projects").elapsed.total_seconds() >= 0.05
