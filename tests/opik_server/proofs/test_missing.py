"""What is there is not found, as often as a test says; projects that are deleted take less along than one would think."""

from __future__ import annotations

import pytest

from tests.opik_server import OpikServer
from tests.opik_server.api import PROJECT, Api
from tests.opik_server.faulty import missing
from tests.opik_server.tables.ids import new_id


def test_an_experiment(api: Api, server: OpikServer) -> None:
    api.dataset()
    id_, other = api.experiment(), api.experiment()
    server.faults.add(*missing.experiment(id_), times=2)
    paths = (f"/experiments/{other}", *[f"/experiments/{id_}"] * 3)
    assert [api.call("GET", path).status_code for path in paths] == [200, 404, 404, 200]
    server.faults.add(*missing.experiment(id_, "PATCH"))
    answer = api.call("PATCH", f"/experiments/{id_}", {"name": "new"})
    assert answer.json() == {"code": 404, "message": f"Experiment not found: '{id_}'"}
    assert api.ok("GET", f"/experiments/{id_}")["name"] == "one"


def test_a_row_of_the_list(api: Api, server: OpikServer) -> None:
    api.dataset()
    id_, other = api.experiment(), api.experiment()
    server.faults.add(*missing.row(id_))
    first, second = api.ok("GET", "/experiments"), api.ok("GET", "/experiments")
    assert ([row["id"] for row in first["content"]], first["size"], first["total"]) == ([other], 1, 2)
    assert [row["id"] for row in second["content"]] == [other, id_]


def test_a_project_by_id_or_name(api: Api, server: OpikServer) -> None:
    trace_id = api.trace()
    project_id = api.ok("GET", f"/traces/{trace_id}")["project_id"]
    server.faults.add(*missing.project(project_id, PROJECT), times=2)
    by_id = api.call("POST", "/traces/search", {"project_id": project_id})
    assert by_id.json() == {"code": 404, "message": f"Project id: {project_id} not found"}
    by_name = api.call("GET", "/traces", project_name=PROJECT)
    assert by_name.json() == {"code": 404, "message": f"Project name: {PROJECT} not found"}
    assert api.ok("GET", "/traces", project_name=PROJECT)["total"] == 1


def test_a_trace(api: Api, server: OpikServer) -> None:
    id_ = api.trace()
    server.faults.add(*missing.trace(id_))
    assert [api.call("GET", f"/traces/{id_}").status_code for _ in range(2)] == [404, 200]


def test_a_deleted_project_leaves_its_experiments_but_nobody_finds_their_traces(api: Api) -> None:
    dataset_id = api.dataset(count=1)
    id_, (item_id,) = api.experiment(), api.item_ids(dataset_id)
    api.run(id_, item_id)
    project_id = api.ok("GET", f"/experiments/{id_}")["project_id"]
    assert api.call("DELETE", f"/projects/{project_id}").status_code == 204
    for row in (api.ok("GET", f"/experiments/{id_}"), *api.ok("GET", "/experiments")["content"]):
        assert (row["project_id"], row["trace_count"]) == (project_id, 1)
        assert "project_name" not in row
    assert api.call("GET", f"/projects/{project_id}").status_code == 404
    assert api.call("POST", "/traces/search", {"project_name": PROJECT}).status_code == 404
    for path in ("/traces", "/spans"):
        answer = api.call("GET", path, project_id=project_id)
        assert answer.json() == {"code": 404, "message": f"Project id: {project_id} not found"}


@pytest.mark.parametrize("asked", [{"project_name": "nope"}, {"project_id": new_id()}])
def test_a_project_that_never_was(api: Api, asked: dict[str, str]) -> None:
    api.trace()
    (kind, value), *_ = asked.items()
    words = {"code": 404, "message": f"Project {kind.removeprefix('project_')}: {value} not found"}
    assert api.call("POST", "/traces/search", asked).json() == words
    assert api.call("GET", "/traces", **asked).json() == words
