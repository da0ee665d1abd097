"""The socket: who may ask, what is logged, what is a problem, up and down."""

from __future__ import annotations

import json
import threading

import httpx
import pytest

from tests.opik_server import OpikServer
from tests.opik_server.api import PROJECT, Api
from tests.opik_server.serving.wire import now
from tests.opik_server.tables.ids import new_id


def test_without_keys_there_is_one_workspace(server: OpikServer) -> None:
    with Api(server.url, workspace="other", key="ignored") as api:
        response = api.call("POST", "/auth")
        assert response.json() == {"code": 404, "message": "Workspace not found"}
    with Api(server.url, key="ignored") as api:
        assert api.call("POST", "/auth").status_code == 204
        assert api.ok("GET", "/auth/workspace") == {"workspace_name": "default"}


def test_with_keys() -> None:
    with OpikServer(api_key="secret", workspaces=("mine", "theirs")) as server:
        for key, workspace, status in [(None, "mine", 401), ("no", "mine", 401), ("secret", "no", 403)]:
            with Api(server.url, workspace, key) as api:
                assert api.call("POST", "/auth").status_code == status
        with Api(server.url, "mine", "secret") as mine, Api(server.url, "theirs", "secret") as theirs:
            mine.dataset()
            foreign = {"id": new_id(), "experiment_id": mine.experiment(), "dataset_item_id": new_id()}
            body = {"experiment_items": [{**foreign, "trace_id": new_id()}]}
            assert theirs.call("POST", "/experiments/items", body).status_code == 409
            assert theirs.ok("GET", "/datasets")["total"] == 0
        assert httpx.get(server.url + "is-alive/ping", trust_env=False).json()["healthy"]
        assert {request.headers.get("authorization") for request in server.requests} == {None, "***"}
        assert server.problems == []


def test_ids_from_another_time_are_refused_where_that_is_switched_on(api: Api, server: OpikServer) -> None:
    server.state.id_window = 24 * 3600
    old = "01890000-0000-7000-8000-000000000000"
    response = api.call("POST", "/traces/batch", {"traces": [{"id": old, "start_time": now()}]})
    assert response.json()["message"] == "Invalid UUID for id"
    api.trace()


def test_requests_are_logged_in_order(api: Api, server: OpikServer) -> None:
    api.dataset()
    trace_id = api.trace()
    (logged,) = server.asked("POST", "/traces/batch")
    assert (logged.status, logged.route) == (204, "/v1/private/traces/batch")
    assert logged.body["traces"][0]["id"] == trace_id
    assert [request.number for request in server.requests] == [1, 2, 3]
    assert server.counts["POST /v1/private/traces/batch"] == 1
    server.forget_requests()
    assert (server.requests, server.counts.total()) == ([], 0)


def test_what_is_not_in_the_api_document_is_a_problem() -> None:
    with OpikServer() as server, Api(server.url) as api:
        api.call("GET", "/teapots")
        api.call("GET", "/projects", colour="red")
        api.call("GET", "/projects", size="many")
        api.trace(outputs={"a": 1})
        api.trace(ttft="late")
        api.call("POST", "/traces/feedback-scores", {})
        unknown, *rest = server.problems
        assert "does not have that endpoint" in unknown
        for part in ("unknown query parameter 'colour'", "size", "'outputs' was unexpected", "is not of type 'number'"):
            assert any(part in problem for problem in rest), part
        assert len(server.problems) == 6  # the last: no such endpoint either, it is a PUT


def test_an_unreadable_body(api: Api) -> None:
    response = api.http.post("/traces/batch", content=b"{", headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["message"][:22]) == (400, "Unable to process JSON")


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("9" * 1000, 204),
        ("9" * 1001, 400),
        ("0." + "1" * 1001, 400),
        ('{"%s": 1}' % ("k" * 50_000), 204),
        ('{"%s": 1}' % ("k" * 50_001), 400),
        ('{"%s": 1}' % ("\\u00e9" * 50_000), 204),
        ('"%s"' % ("9" * 60_000), 204),
        ("[" * 400 + "]" * 400, 204),
        (r'"\u0000\u2028\ud800"', 204),
        ("NaN", 400),
    ],
)
def test_the_limits_of_json(value: str, status: int, api: Api) -> None:
    body = json.dumps({"traces": [{"id": new_id(), "start_time": now(), "output": ["here"]}]}).replace('"here"', value)
    response = api.http.post("/traces/batch", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == status


def test_a_bare_back_end_has_no_api_in_its_addresses() -> None:
    with OpikServer(prefix="") as server, Api(server.url) as api, Api(server.url + "api/") as wrong:
        assert api.ok("GET", "/projects")["total"] == 0
        assert wrong.call("GET", "/projects").json() == {"code": 404, "message": "HTTP 404 Not Found"}
        assert server.problems == []
    with OpikServer() as server, Api(server.url.removesuffix("api/")) as wrong:
        assert wrong.call("GET", "/projects").status_code == 404


def test_down_and_up_again(api: Api, server: OpikServer) -> None:
    api.dataset()
    url = server.url
    with server.down(), pytest.raises(httpx.TransportError):
        api.ok("GET", "/datasets")
    assert server.url == url
    assert api.ok("GET", "/datasets")["total"] == 1


def test_many_clients_at_once(server: OpikServer) -> None:
    with Api(server.url) as api:
        api.dataset(count=1)
        experiment_id = api.experiment()

    def write() -> None:
        with Api(server.url) as client:
            for _ in range(20):
                client.run(experiment_id, new_id())

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with Api(server.url) as api:
        assert len(api.live(experiment_id)) == 80
        assert api.ok("GET", "/projects", name=PROJECT)["total"] == 1
