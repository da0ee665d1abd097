"""Reading experiments: live, whole or refused, whatever the server does to its answers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from opik_resume import evaluate_resume, experiments, plan_resume
from opik_resume.base.ids import new_id
from opik_resume.base.metadata import checkpoints, resume_state
from opik_resume.base.metadata.resume_state import ResumeState
from opik_resume.base.records import CellState, utc_now
from opik_resume.base.settings import opik_settings
from opik_resume.exceptions import (
    ArgumentError,
    ExperimentNotResumable,
    IncompleteAnswer,
    LocalCheckpointMissing,
    NotAuthorized,
    ServerUnreachable,
)
from opik_resume.experiment.reading import read_experiment
from opik_resume.stores.opik import OpikStore
from opik_resume.stores.opik.reading import traces
from opik_resume.stores.opik.reading.attempts import lightened
from opik_resume.stores.opik.rest import paging
from tests.builders import CountingTask
from tests.opik_server import OpikServer
from tests.opik_server.api import PROJECT, Api
from tests.opik_server.faulty import faults
from tests.opik_server.serving.wire import Answer, Request
from tests.stores.opik.makers import error, finished, many_runs, ours, theirs

SEARCH = faults.to("POST", "/traces/search")
ITEMS = faults.to("GET", "/items")
PASSING = {
    "503": faults.Status(503),
    "502 as a page": faults.Status(502, body="<html>Bad Gateway</html>"),
    "429 with reset": faults.rate_limited(reset=0),
    "429 with retry-after": faults.rate_limited(retry_after=0),
    "429": faults.rate_limited(),
    "dropped": faults.DropBefore(),
    "reset": faults.DropBefore(reset=True),
    "cut": faults.CutStream(1),
    "cut, looking whole": faults.CutStream(1, clean=True),
    "nothing, looking whole": faults.CutStream(0, clean=True),
    "an error line": faults.ErrorLine(1),
    "an error line first": faults.ErrorLine(0),
}


@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_changes_nothing(fault: str, server: OpikServer, store: OpikStore, api: Api) -> None:
    experiment_id, item_ids = theirs(api)
    runs = [api.run(experiment_id, item_id) for item_id in item_ids]
    server.faults.add(PASSING[fault], SEARCH, times=2)
    assert [attempt.id for attempt in store.attempts(experiment_id)] == sorted(runs)


@pytest.mark.parametrize("fault", [name for name in PASSING if "cut" in name or "line" in name or "nothing" in name])
def test_what_stays_incomplete_is_refused_and_nothing_is_run(
    fault: str, server: OpikServer, store: OpikStore, api: Api
) -> None:
    experiment_id, item_ids = theirs(api)
    for item_id in item_ids:
        api.run(experiment_id, item_id)
    empty = faults.CutStream(0, clean="whole" in fault) if fault.startswith(("cut", "nothing")) else faults.ErrorLine(0)
    server.faults.add(empty, SEARCH, times=None)
    task = CountingTask()
    with pytest.raises((IncompleteAnswer, ServerUnreachable)):
        evaluate_resume(experiment_id, task, store=store, verbose=0)
    assert task.total == 0


def test_a_short_page_of_items_is_asked_again_or_refused(server: OpikServer, store: OpikStore, api: Api) -> None:
    experiment_id, item_ids = theirs(api, 5)
    server.faults.add(faults.ShortPage(2), ITEMS, times=2)
    assert list(read_experiment(store.get(experiment_id), store).items) == item_ids
    server.faults.add(faults.ShortPage(2), ITEMS, times=None)
    fresh = OpikStore(store.settings, store.path)  # with nothing in memory
    with pytest.raises(IncompleteAnswer, match="sent 2 of 5 rows"):
        read_experiment(fresh.get(experiment_id), fresh)
    fresh.close()


def test_time_outs_are_tried_again(
    server: OpikServer, tmp_path: Path, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opik_resume.stores.opik.rest import client

    monkeypatch.setattr(client, "TIMEOUT", 0.2)
    experiment_id, _ = theirs(api)
    store = OpikStore(opik_settings(server.url), tmp_path / "x.sqlite3")
    server.faults.add(faults.Delay(60), times=2)
    assert store.get(experiment_id).name == "one"
    store.close()


def test_beyond_ten_thousand(tmp_path: Path) -> None:
    """Where the SDK runs 500 of 10,500 complete trials again (B1)."""
    with OpikServer(check=False) as server, Api(server.url) as api:
        dataset_id = api.dataset(count=0)
        group = new_id()
        for _ in range(11):
            rows = [{"id": new_id(), "source": "sdk", "data": {"n": 1}} for _ in range(1000)]
            api.insert("numbers", rows, group)
        item_ids = [row["id"] for n in range(1, 7) for row in page(api, dataset_id, n)]
        experiment_id, _ = theirs_on(api)
        many_runs(api, experiment_id, item_ids[:10_500])
        store = OpikStore(opik_settings(server.url), tmp_path / "x.sqlite3")
        plan = plan_resume(experiment_id, store=store)
        assert (len(plan), plan.kept) == (500, 10_500)
        store.close()


def page(api: Api, dataset_id: str, number: int) -> list[dict[str, str]]:
    content: list[dict[str, str]] = api.ok("GET", f"/datasets/{dataset_id}/items", page=number, size=2000)["content"]
    return content


def theirs_on(api: Api) -> tuple[str, None]:
    from opik_resume.base.metadata import resume_state
    from opik_resume.base.metadata.resume_state import ResumeState

    return api.experiment(metadata=resume_state.embed(None, ResumeState("v1"))), None


def test_pages_are_walked_by_the_last_id(
    store: OpikStore, api: Api, server: OpikServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE", 2)
    experiment_id, item_ids = theirs(api, 5)
    runs = [api.run(experiment_id, item_id) for item_id in item_ids]
    server.faults.add(faults.ErrorLine(1), SEARCH, times=1)
    assert [attempt.id for attempt in store.attempts(experiment_id)] == runs
    assert len(store.items(store.get(experiment_id).dataset_id, "v1")) == 5
    assert len(server.asked("POST", "/traces/search")) == 4, "2, cut after 1, 2, the rest"


def test_lagging_views_are_not_believed(store: OpikStore, api: Api, server: OpikServer) -> None:
    experiment_id, item_ids = theirs(api)
    api.run(experiment_id, item_ids[0])
    server.aggregates.build(experiment_id)
    server.aggregates.frozen = True
    for item_id in item_ids[1:]:
        api.run(experiment_id, item_id)
    assert len(api.compared(store.get(experiment_id).dataset_id, experiment_id)) == 1
    assert len(plan_resume(experiment_id, store=store)) == 0


def test_runs_of_another_project_are_found(store: OpikStore, api: Api) -> None:
    experiment_id, item_ids = theirs(api)
    here = api.run(experiment_id, item_ids[0])
    there = api.run(experiment_id, item_ids[1], project_name="another")
    assert [attempt.id for attempt in store.attempts(experiment_id)] == [here, there]


@pytest.mark.parametrize("views", [False, True])
@pytest.mark.parametrize("filtered", [True, False])
def test_any_output_but_none_is_complete_as_it_is_for_the_sdk(
    filtered: bool, views: bool, store: OpikStore, api: Api, server: OpikServer
) -> None:
    outputs: list[object] = [{}, [], 0, False, "", {"output": None}, None, ...]
    experiment_id, item_ids = theirs(api, len(outputs))
    for item_id, output in zip(item_ids, outputs, strict=True):
        trace_id = new_id()
        bare = {} if output is ... else {"output": output}
        row = {"id": trace_id, "project_name": PROJECT, "start_time": utc_now().isoformat(), **bare}
        api.ok("POST", "/traces/batch", {"traces": [row]})
        api.link(experiment_id, item_id, trace_id)
    if views:
        server.aggregates.build(experiment_id)
    if not filtered:
        server.faults.add(faults.Status(400), SEARCH, times=None)
        server.faults.add(faults.Status(400), faults.to("GET", "/traces"), times=None)
    found = {made.item_id: made for made in store.attempts(experiment_id, heavy=True)}
    complete = [found[item_id].complete for item_id in item_ids]
    assert complete == [True] * 6 + [False] * 2
    assert found[item_ids[0]].task_output == {}
    assert [cell.key.item_id for cell in plan_resume(experiment_id, store=store).cells] == item_ids[6:]


def test_what_was_told_of_an_experiment_long_ago_decides_nothing(
    server: OpikServer, store: OpikStore, api: Api
) -> None:
    experiment_id, item_ids = theirs(api)
    store.find()  # it has no run, as far as this process knows
    runs = [api.run(experiment_id, item_ids[0]), api.run(experiment_id, item_ids[1], project_name="another")]
    assert [attempt.id for attempt in store.attempts(experiment_id)] == runs
    fresh = OpikStore(store.settings, store.path)
    fresh.find()  # it has two
    api.ok("POST", "/traces/delete", {"ids": runs[:1]})
    links = server.state.items_of_experiment[experiment_id]
    for link in [id_ for id_ in links if server.state.experiment_items[id_]["trace_id"] == runs[0]]:
        api.ok("POST", "/experiments/items/delete", {"ids": [link]})
    assert [attempt.id for attempt in fresh.attempts(experiment_id)] == runs[1:]
    fresh.close()


def test_a_run_that_belongs_to_two_experiments(store: OpikStore, api: Api) -> None:
    first, item_ids = theirs(api)
    second = api.experiment(name="two")
    trace_id = api.run(first, item_ids[0])
    api.link(second, item_ids[0], trace_id)
    for experiment_id in (first, second):
        (attempt,) = store.attempts(experiment_id)
        assert (attempt.item_id, attempt.complete) == (item_ids[0], True)


def test_a_server_without_the_filter_is_read_through_compare(store: OpikStore, api: Api, server: OpikServer) -> None:
    experiment_id, item_ids = theirs(api)
    done = api.run(experiment_id, item_ids[0])
    api.score(done, 0.5)
    api.run(experiment_id, item_ids[1], output=None)
    unknown = faults.Status(400, body={"code": 400, "message": "Invalid filters query parameter"})
    server.faults.add(unknown, lambda request: request.path.endswith(("/traces", "/traces/search")), times=None)
    found = store.attempts(experiment_id)
    assert [(a.item_id, a.complete, [s.value for s in a.scores]) for a in found] == [
        (item_ids[0], True, [0.5]),
        (item_ids[1], False, []),
    ]


def asks_without(field: str) -> Callable[[Request], bool]:
    """Requests for traces that leave this field out."""

    def match(request: Request) -> bool:
        asked = (
            request.query.get("exclude", "") if request.method == "GET" else str((request.body or {}).get("exclude"))
        )
        return "/traces" in request.path and field in asked

    return match


@pytest.mark.parametrize("many", [False, True])
def test_a_server_that_does_not_know_every_field_is_asked_for_more(
    many: bool, store: OpikStore, api: Api, server: OpikServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is older refuses to leave out what it has never heard of: that is tried once."""
    if many:
        monkeypatch.setattr(traces, "FEW", 1)
    experiment_id, item_ids = theirs(api)
    done = api.run(experiment_id, item_ids[0])
    api.score(done, 0.5)
    api.run(experiment_id, item_ids[1], output=None, error_info=error("ValueError", "boom"))
    store.find()  # how many runs it has is known
    before = store.attempts(experiment_id)
    refusal = faults.Status(400, body={"code": 400, "message": "Invalid exclude query parameter"})
    fault = server.faults.add(refusal, asks_without("providers"), times=None)
    fresh = OpikStore(store.settings, store.path)
    fresh.find()
    assert fresh.attempts(experiment_id) == before
    assert {attempt.error.exception_type for attempt in before if attempt.error} == {"ValueError"}
    assert fresh.attempts(experiment_id) == before
    assert fault.hits == 1
    assert not server.asked("GET", "/items/experiments/items"), "and not through the views"
    fresh.close()


def test_a_light_reading_tells_the_same_as_a_heavy_one_without_what_is_large(store: OpikStore, api: Api) -> None:
    experiment_id, item_ids = theirs(api)
    api.score(api.run(experiment_id, item_ids[0]), 0.5)
    api.run(experiment_id, item_ids[1], output=None, error_info=error("ValueError", "boom"))
    api.run(experiment_id, item_ids[2], output=None, end_time=None)
    mine = ours(store)
    store.record(finished(mine, store))
    assert store.flush(10)
    for name in (experiment_id, mine.id):
        heavy = store.attempts(name, heavy=True)
        assert len(heavy) == 3
        assert store.attempts(name) == [lightened(attempt) for attempt in heavy]


def test_pinned_items_are_those_of_the_version(store: OpikStore, api: Api) -> None:
    experiment_id, item_ids = theirs(api)
    api.insert("numbers", [{"id": item_ids[0], "source": "sdk", "data": {"n": "changed"}}], new_id())
    api.insert("numbers", [{"id": new_id(), "source": "sdk", "data": {"n": "new"}}], new_id())
    reading = read_experiment(store.get(experiment_id), store)
    assert [item.data["n"] for item in reading.items.values()] == [2, 1, 0]


def test_an_experiment_without_resume_state_is_shown_and_not_resumed(store: OpikStore, api: Api) -> None:
    dataset_id = api.dataset()
    experiment_id = api.experiment()
    api.run(experiment_id, api.item_ids(dataset_id)[0])
    reading = read_experiment(store.get(experiment_id), store)
    assert (reading.state, reading.grid.done, len(reading.grid)) == ("not_resumable", 1, 3)


def test_ids_of_a_sampler_travel_with_the_experiment(server: OpikServer, store: OpikStore, tmp_path: Path) -> None:
    from opik_resume import evaluate
    from opik_resume.base.metadata.checkpoints import path_of
    from tests.builders import numbers

    dataset = numbers(store, 5)
    chosen = [item["id"] for item in dataset.get_items()][1:3]
    result = evaluate(dataset, CountingTask(fail=lambda *_: True), dataset_item_ids=chosen, verbose=0, store=store)
    assert path_of(result.experiment_id).exists(), "for the opik package"
    path_of(result.experiment_id).unlink()
    other_machine = OpikStore(store.settings, tmp_path / "other.sqlite3")
    task = CountingTask()
    assert evaluate_resume(result.experiment_id, task, store=other_machine, verbose=0).complete
    assert task.total == 2
    other_machine.close()
    experiment = server.state.experiments[result.experiment_id]
    del experiment["metadata"]["opik_resume"]["item_ids"]
    with pytest.raises(LocalCheckpointMissing):
        plan_resume(result.experiment_id, store=store)


def test_the_list_is_paged_and_searched_by_the_server(store: OpikStore, api: Api, server: OpikServer) -> None:
    api.dataset()
    made = [api.experiment(name=f"run {n}") for n in range(7)]
    found, total = store.find(limit=3, offset=3)
    assert ([e.id for e in found], total) == (list(reversed(made))[3:6], 7)
    assert [e.id for e in store.find(offset=2, limit=3)[0]] == list(reversed(made))[2:5]
    assert [e.name for e in store.find("RUN 5")[0]] == ["run 5"]
    assert [e.id for e in store.named("run 1")] == [made[1]]
    assert store.named("run") == [], "the server finds names that contain it; only the exact one counts"


def test_with_a_project_only_its_experiments_are_listed(server: OpikServer, api: Api, tmp_path: Path) -> None:
    api.dataset()
    mine = api.experiment(name="mine")
    api.experiment(name="other", project_name="another")
    store = OpikStore(opik_settings(server.url, project="DEMO"), tmp_path / "x.sqlite3")
    assert [e.id for e in store.find()[0]] == [mine]
    store.close()


def test_one_run_with_its_spans_tokens_and_page(store: OpikStore, api: Api, server: OpikServer) -> None:
    experiment = ours(store, 1)
    (attempt,) = finished(experiment, store)
    store.record([attempt])
    assert store.flush(10)
    span = {
        "id": new_id(), "trace_id": attempt.id, "project_name": "Default Project", "name": "chat", "type": "llm",
        "start_time": attempt.started_at.isoformat(), "usage": {"total_tokens": 7}, "total_estimated_cost": 0.5,
        "model": "m",
    }  # fmt: skip
    api.ok("POST", "/spans/batch", {"spans": [span]})
    for heavy in (False, True):
        (read,) = store.attempts(experiment.id, heavy=heavy)
        assert (read.cost, read.tokens) == (0.5, 7)
    details = store.details(attempt.id)
    assert details is not None
    assert details.input["n"] == 0
    assert {s.name for s in details.spans} == {"task", "metrics_calculation", "equals", "chat"}
    assert (details.usage, details.cost) == ({"total_tokens": 7}, 0.5)
    assert details.url is not None
    assert f"trace={attempt.id}" in details.url
    assert store.details(new_id()) is None
    link = store.link(experiment)
    assert link is not None
    assert f"/default/experiments/{experiment.dataset_id}/compare?experiments=%5B%22{experiment.id}" in link


def test_a_key_that_is_revoked_is_said(server: OpikServer, store: OpikStore, api: Api) -> None:
    experiment_id, _ = theirs(api)
    server.faults.add(faults.Status(401), SEARCH)
    with pytest.raises(NotAuthorized):
        store.attempts(experiment_id)


def test_an_interrupted_run_of_another_program_is_seen(store: OpikStore, api: Api) -> None:
    experiment_id, item_ids = theirs(api)
    api.run(experiment_id, item_ids[0], output=None)
    states = read_experiment(store.get(experiment_id), store).grid.states.tolist()
    assert states == [CellState.interrupted, CellState.never_run, CellState.never_run]


def test_what_cannot_be_resumed_is_listed_with_what_there_is(store: OpikStore, api: Api, server: OpikServer) -> None:
    whole, item_ids = theirs(api)
    lost = api.experiment(
        name="sampled", metadata=resume_state.embed(None, ResumeState("v1", 2, requires_local_checkpoint=True))
    )
    bare = api.experiment(name="bare", metadata=None)
    for experiment_id in (whole, lost, bare):
        api.run(experiment_id, item_ids[0])
        api.run(experiment_id, item_ids[0])
    frame = experiments(store=store, sort="created_at")
    assert frame[["id", "done", "expected", "state"]].to_numpy().tolist() == [
        [whole, 1, 3, "resumable"],
        [lost, 2, 2, "not_resumable"],
        [bare, 2, 4, "not_resumable"],
    ]
    with pytest.raises(LocalCheckpointMissing, match="is not on this machine"):
        plan_resume(lost, store=store)
    server.state.datasets.clear()
    frame = experiments(store=store, search="sampled")
    assert frame[["done", "expected", "state"]].to_numpy().tolist() == [[2, 2, "not_resumable"]]
    assert experiments(store=store, limit=2, sort="name")["name"].tolist() == ["bare", "one"]
    with pytest.raises(ExperimentNotResumable, match="cannot be resumed: The dataset"):
        plan_resume(whole, store=store)
    with pytest.raises(ArgumentError, match="sort must be one of"):
        experiments(store=store, sort="size")


@pytest.mark.parametrize(
    "read", [lambda store, _: experiments(store=store), lambda store, e: plan_resume(e, store=store)]
)
def test_a_whole_experiment_that_was_left_running_is_completed_by_who_reads_it(
    read: Callable[[OpikStore, str], object], server: OpikServer, store: OpikStore, caplog: pytest.LogCaptureFixture
) -> None:
    experiment = ours(store)
    *most, last = finished(experiment, store)
    store.record(most)
    read(store, experiment.id)
    assert store.get(experiment.id).status == "running", "one is missing"
    store.record([last])
    lease = store.leases.acquire(experiment.id, "a run")
    read(store, experiment.id)
    assert store.get(experiment.id).status == "running", "whoever runs it completes it"
    lease.release()
    assert store.flush(10)
    refused = server.faults.add(faults.Status(400), faults.to("PATCH"))
    read(store, experiment.id)
    assert (refused.hits, store.get(experiment.id).status) == (1, "running")
    read(store, experiment.id)
    assert store.get(experiment.id).status == "completed"
    assert len(server.asked("POST", "/finish")) == 1
    read(store, experiment.id)
    assert len(server.asked("PATCH")) == 2


class Meanwhile(faults.Action):
    """Something happens on the server before a request is answered."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.work = work

    def before(self, request: Request, stopping: threading.Event) -> Answer | None:
        self.work()
        return None


def test_pages_fetched_side_by_side_are_no_answer_when_rows_came_or_went_meanwhile(
    server: OpikServer, api: Api, store: OpikStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "FEW", 20)
    monkeypatch.setattr(paging, "SIDE_BY_SIDE", 10)
    experiment_id, item_ids = theirs(api, 45)
    ids = many_runs(api, experiment_id, item_ids)
    assert [attempt.id for attempt in store.attempts(experiment_id)] == sorted(ids)
    assert not server.asked("POST", "/traces/search"), "pages fit together"

    server.faults.add(
        Meanwhile(lambda: ids.append(api.run(experiment_id, item_ids[0]))),
        lambda request: request.query.get("page") == "3",
    )
    store.attempts(experiment_id)
    assert server.asked("POST", "/traces/search"), "the stream tells"
    assert [attempt.id for attempt in store.attempts(experiment_id)] == sorted(ids)
    server.forget_requests()
    server.faults.add(faults.ShortPage(9), lambda request: request.query.get("page") == "2")
    assert [attempt.id for attempt in store.attempts(experiment_id)] == sorted(ids)
    assert server.asked("POST", "/traces/search")


def test_an_item_that_the_sdk_lists_twice_is_expected_once(store: OpikStore, api: Api) -> None:
    """It runs an item once that is given twice, and its own resume takes one run of an item drawn twice for enough."""
    item_ids = api.item_ids(api.dataset())
    experiment_id = api.experiment(metadata=resume_state.embed(None, ResumeState("v1", requires_local_checkpoint=True)))
    checkpoints.write(experiment_id, [item_ids[0], item_ids[0], item_ids[1]])
    api.run(experiment_id, item_ids[0])
    assert [cell.key.item_id for cell in plan_resume(experiment_id, store=store).cells] == [item_ids[1]]
