"""Runs in other projects than their experiment's: all are found, in a handful of requests."""

from __future__ import annotations

from collections import Counter

import pytest

from opik_resume import evaluate_resume, plan_resume
from opik_resume.base.ids import new_id
from opik_resume.stores.opik import OpikStore
from tests.builders import CountingTask
from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.opik_server.endpoints import compare, views
from tests.opik_server.faulty import missing
from tests.stores.opik.makers import resumable, theirs

HANDFUL = 14


@pytest.fixture(autouse=True)
def links_without_projects(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the real server's."""
    show = views.show_entry
    monkeypatch.setattr(
        compare, "show_entry", lambda *args: {k: v for k, v in show(*args).items() if k != "project_id"}
    )


def asked(server: OpikServer) -> Counter[str]:
    return Counter("trace by itself" if "/traces/0" in each.path else each.path for each in server.requests)


def run_all(api: Api, experiment_id: str, item_ids: list[str], *projects: str, **fields: object) -> list[str]:
    """A run of each item, in these projects by turns."""
    return [
        api.run(experiment_id, item_id, project_name=projects[n % len(projects)], **fields)
        for n, item_id in enumerate(item_ids)
    ]


@pytest.mark.parametrize("kind", ["complete", "failed", "bare"])
def test_forty_runs_in_one_other_project(kind: str, server: OpikServer, api: Api, store: OpikStore) -> None:
    experiment_id, item_ids = theirs(api, 40)
    fields: dict[str, object] = {"metadata": {"a": 1}} if kind == "failed" else {}
    if kind != "complete":
        fields["output"] = None
    runs = run_all(api, experiment_id, item_ids, "another", **fields)
    server.forget_requests()
    assert [attempt.id for attempt in store.attempts(experiment_id)] == sorted(runs)
    assert len(server.requests) <= HANDFUL
    assert asked(server)["trace by itself"] == 1
    server.forget_requests()
    assert [attempt.id for attempt in store.attempts(experiment_id)] == sorted(runs)
    assert asked(server)["trace by itself"] == 0, "where they are is known"


def test_runs_in_several_projects_and_the_experiments_own(server: OpikServer, api: Api, store: OpikStore) -> None:
    experiment_id, item_ids = theirs(api, 40)
    runs = run_all(api, experiment_id, item_ids, "demo", "another", "a third", "a fourth")
    server.forget_requests()
    assert [attempt.id for attempt in store.attempts(experiment_id)] == sorted(runs)
    assert asked(server)["trace by itself"] == 3
    task = CountingTask()
    assert evaluate_resume(experiment_id, task, store=store, verbose=0).complete
    assert task.total == 0


def test_traces_that_are_gone_are_looked_for_once_each_and_hide_nothing(
    server: OpikServer, api: Api, store: OpikStore
) -> None:
    experiment_id, item_ids = theirs(api, 24)
    runs = run_all(api, experiment_id, item_ids[:16], "another", output=None)
    for item_id in item_ids[16:]:
        api.link(experiment_id, item_id, new_id())
    server.forget_requests()
    assert [attempt.id for attempt in store.attempts(experiment_id)] == sorted(runs)
    assert asked(server)["trace by itself"] <= 8 + 4


def test_a_project_that_is_missed_or_deleted_meanwhile_costs_looks_and_no_runs(
    server: OpikServer, api: Api, store: OpikStore
) -> None:
    experiment_id, item_ids = theirs(api, 4)
    runs = run_all(api, experiment_id, item_ids, "another")
    project_id = api.ok("GET", f"/traces/{runs[0]}")["project_id"]
    server.faults.add(*missing.project(project_id, "another"), times=1)
    assert [attempt.id for attempt in store.attempts(experiment_id)] == sorted(runs)
    fresh = OpikStore(store.settings, store.path)
    api.ok("DELETE", f"/projects/{project_id}")
    assert [attempt.id for attempt in fresh.attempts(experiment_id)] == sorted(runs), (
        "they are still there by their ids"
    )
    fresh.close()


def test_what_is_written_in_another_project_is_a_change(api: Api, store: OpikStore) -> None:
    experiment_id, item_ids = theirs(api, 4)
    run_all(api, experiment_id, item_ids[:2], "another")
    _, cursor = store.changes(experiment_id)
    new = api.run(experiment_id, item_ids[3], project_name="another")
    assert new in {attempt.id for attempt in store.changes(experiment_id, cursor)[0]}


def test_a_run_of_two_experiments_in_another_project_is_a_run_of_both(api: Api, store: OpikStore) -> None:
    first, item_ids = theirs(api, 3)
    second = resumable(api, "second")
    for trace_id, item_id in zip(run_all(api, first, item_ids, "another"), item_ids, strict=True):
        api.link(second, item_id, trace_id)
    assert [plan_resume(each, store=store).kept for each in (first, second)] == [3, 3]
