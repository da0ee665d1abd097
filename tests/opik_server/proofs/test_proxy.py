"""The proxy: what goes through is untouched, and each strike does to one request what it says."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import pytest

from tests.opik_server import OpikServer
from tests.opik_server.api import PROJECT, Api
from tests.opik_server.faulty import proxy
from tests.opik_server.faulty.proxy import Proxy, Strike, after, at

ALL = {"dataset_name": "numbers", "project_name": PROJECT}
DATASET = {"name": "made", "project_name": PROJECT}


@pytest.fixture
def between(server: OpikServer) -> Iterator[Proxy]:
    with Proxy(server.url) as up:
        yield up


@pytest.fixture
def client(between: Proxy) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=between.url + "v1/private", timeout=httpx.Timeout(5, read=0.2), trust_env=False) as up:
        yield up


def test_what_goes_through_is_the_same(server: OpikServer, api: Api, between: Proxy) -> None:
    dataset_id = api.dataset(count=300)
    with Api(between.url) as through:
        streamed = through.ok("POST", "/datasets/items/stream", ALL)
        assert streamed == api.ok("POST", "/datasets/items/stream", ALL)
        assert len(streamed) == 300
        assert through.ok("GET", f"/datasets/{dataset_id}") == api.ok("GET", f"/datasets/{dataset_id}")
        assert through.call("GET", f"/datasets/{dataset_id}").headers["content-encoding"] == "gzip"
    assert between.requests[1:] == [f"GET /api/v1/private/datasets/{dataset_id}"] * 2


def test_connections_are_kept(between: Proxy, client: httpx.Client) -> None:
    ports = set()
    for _ in range(3):
        answer = client.get("/datasets")
        ports.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
    assert len(ports) == 1


@pytest.mark.parametrize(
    ("strike", "error", "done"),
    [
        (proxy.dropped, httpx.RemoteProtocolError, 0),
        (proxy.reset, httpx.ReadError, 0),
        (proxy.silent, httpx.ReadTimeout, 0),
        (proxy.garbage, httpx.RemoteProtocolError, 0),
        (proxy.gone, httpx.RemoteProtocolError, 0),
        (proxy.cut, httpx.RemoteProtocolError, 1),
        (after(proxy.dropped), httpx.RemoteProtocolError, 1),
        (after(proxy.reset), httpx.ReadError, 1),
        (after(proxy.silent), httpx.ReadTimeout, 1),
    ],
)
def test_a_connection_that_ends(
    strike: Strike, error: type[Exception], done: int, server: OpikServer, between: Proxy, client: httpx.Client
) -> None:
    between.strike(strike, at(2))
    assert client.get("/datasets").json()["total"] == 0
    with pytest.raises(error):
        client.post("/datasets", json=DATASET)
    assert len(server.state.datasets) == done
    between.go_up()
    assert client.get("/datasets").json()["total"] == done


def test_half_an_answer(server: OpikServer, api: Api, between: Proxy, client: httpx.Client) -> None:
    api.dataset(count=300)
    between.strike(proxy.cut, at(1))
    received = b""
    with (
        pytest.raises(httpx.RemoteProtocolError, match="incomplete"),
        client.stream("POST", "/datasets/items/stream", json=ALL) as answer,
    ):
        assert answer.status_code == 200
        for part in answer.iter_bytes():
            received += part
    assert 0 < received.count(b"\r\n") < 300


@pytest.mark.parametrize(
    ("strike", "status", "done"),
    [
        (proxy.answered(429, {"Retry-After": "3"}), 429, 0),
        (proxy.portal(), 200, 0),
        (after(proxy.answered(502)), 502, 1),
    ],
)
def test_an_answer_of_its_own(
    strike: Strike, status: int, done: int, server: OpikServer, between: Proxy, client: httpx.Client
) -> None:
    between.strike(strike, at(1))
    answer = client.post("/datasets", json=DATASET)
    assert (answer.status_code, len(server.state.datasets)) == (status, done)
    assert answer.headers.get("retry-after") == ("3" if status == 429 else None)
    assert client.get("/datasets").json()["total"] == done


def test_what_is_late_arrives_after_its_client_has_given_it_up(server: OpikServer) -> None:
    with Proxy(server.url) as between, httpx.Client(base_url=between.url, timeout=0.1, trust_env=False) as client:
        between.strike(proxy.late, at(1))
        with pytest.raises(httpx.ReadTimeout):
            client.post("v1/private/datasets", json=DATASET)
    assert len(server.state.datasets) == 1


def test_gone_until_it_comes_back(between: Proxy, client: httpx.Client) -> None:
    between.strike(proxy.gone, at(1))
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/datasets")
    for _ in range(3):
        with pytest.raises(httpx.ConnectError):
            client.get("/datasets")
    between.go_up()
    assert client.get("/datasets").is_success
    assert len(between.requests) == 2


def test_every_request_has_a_number_of_its_own(between: Proxy) -> None:
    def ask() -> None:
        with httpx.Client(base_url=between.url + "v1/private", trust_env=False) as own:
            seen.extend(own.get("/datasets").status_code for _ in range(10))

    seen: list[int] = []
    between.strike(proxy.answered(500), at(17))
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(between.requests), seen.count(500), seen.count(200)) == (40, 1, 39)
