"""One experiment of a server that cannot be read never takes the list with it."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest

from opik_resume import evaluate_resume, experiments, plan_resume
from opik_resume.exceptions import RequestRefused
from opik_resume.stores.opik import OpikStore, wire
from opik_resume.stores.opik.rest import presence
from tests.builders import CountingTask
from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.opik_server.faulty import faults, missing
from tests.opik_server.serving.wire import Answer, Request
from tests.stores.opik.makers import resumable, theirs

READ = ["resumable", 1, 3, 0]


def three(api: Api) -> dict[str, str]:
    """Three experiments of one run each, of the same dataset; their ids by name."""
    first, item_ids = theirs(api)
    ids = {"one": first, "two": resumable(api, "two"), "three": resumable(api, "three")}
    for experiment_id in ids.values():
        api.run(experiment_id, item_ids[0])
    return ids


def listed(store: OpikStore) -> dict[str, list[object]]:
    frame = experiments(store=store)
    return {str(row.name): [row.state, row.done, row.expected, row.failed] for row in frame.itertuples(index=False)}


def reason_of(name: str, store: OpikStore) -> str:
    return str(experiments(store=store).set_index("name").reason[name])


@dataclass(frozen=True)
class DeleteFirst(faults.Action):
    """A colleague was faster than this request."""

    server: OpikServer
    experiment_id: str

    def before(self, request: Request, stopping: threading.Event) -> Answer | None:
        self.server.state.experiments.pop(self.experiment_id, None)
        return None


def test_one_whose_project_was_deleted(api: Api, store: OpikStore, server: OpikServer) -> None:
    ids = three(api)
    elsewhere = api.experiment(name="elsewhere", project_name="gone")
    project_id = api.ok("GET", f"/experiments/{elsewhere}")["project_id"]
    api.ok("DELETE", f"/projects/{project_id}")
    names = [*ids, "elsewhere"]
    found = listed(store)
    assert sorted(found) == sorted(names)
    assert [found[name] for name in ids] == [READ, READ, READ]
    assert found["elsewhere"][0] == "unread"
    assert "project" in reason_of("elsewhere", store)
    assert "deleted" in reason_of("elsewhere", store)
    with pytest.raises(RequestRefused, match="deleted"):
        plan_resume(elsewhere, store=store)
    server.forget_requests()
    listed(store)
    searches = [each for each in server.requests if project_id in str(each.query) + str(each.body)]
    assert len(searches) <= 2 * (1 + len(presence.SECOND_LOOK)), "nobody waits long for what the row says is gone"


def test_one_that_a_colleague_deletes_between_listing_and_reading(
    api: Api, store: OpikStore, server: OpikServer
) -> None:
    ids = three(api)
    path = f"/experiments/{ids['two']}"
    server.faults.add(DeleteFirst(server, ids["two"]), faults.to("GET", path))
    found = listed(store)
    assert (found["one"], found["three"]) == (READ, READ)
    assert found["two"][0] == "unread"
    assert len(server.asked("GET", path)) == 1 + len(presence.AGAIN)
    assert sorted(listed(store)) == ["one", "three"]


def test_one_that_is_missed_for_a_moment_is_read(api: Api, store: OpikStore, server: OpikServer) -> None:
    ids = three(api)
    for experiment_id in ids.values():
        server.faults.add(*missing.experiment(experiment_id), times=2)
        server.faults.add(*missing.row(experiment_id), times=1)
    assert listed(store) == {"one": READ, "two": READ, "three": READ}


@pytest.mark.parametrize("fault", [faults.Status(400), faults.Status(503), faults.DropBefore(), faults.Status(403)])
def test_one_that_the_server_will_not_tell(
    fault: faults.Action, api: Api, store: OpikStore, server: OpikServer
) -> None:
    ids = three(api)
    server.faults.add(fault, faults.to("GET", f"/experiments/{ids['two']}"), times=None)
    found = listed(store)
    assert (found["one"], found["two"][0], found["three"]) == (READ, "unread", READ)


@pytest.mark.parametrize(
    "odd",
    [
        {"created_at": "yesterday"},
        {"created_at": None},
        {"experiment_scores": [{"nome": "x"}]},
        {"experiment_scores": 3},
        {"trace_count": "many"},
        {"last_updated_at": 5},
    ],
)
def test_a_row_that_cannot_be_understood_is_one_with_a_problem(odd: dict[str, object], api: Api) -> None:
    experiment_id, _ = theirs(api)
    row = api.ok("GET", f"/experiments/{experiment_id}")
    assert wire.experiment(row).problem is None
    found = wire.experiment({**row, **odd})
    assert (found.id, found.name, found.dataset_name) == (experiment_id, "one", "numbers")
    assert "cannot be understood" in str(found.problem)


def test_a_plan_is_not_made_of_half_a_reading(api: Api, store: OpikStore, server: OpikServer) -> None:
    ids = three(api)
    project_id = api.ok("GET", f"/experiments/{ids['one']}")["project_id"]
    api.ok("DELETE", f"/projects/{project_id}")
    task = CountingTask()
    with pytest.raises(RequestRefused, match="deleted"):
        evaluate_resume(ids["one"], task, store=store, verbose=0)
    assert task.total == 0
