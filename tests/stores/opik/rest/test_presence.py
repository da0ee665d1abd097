"""A 404 of what was there a moment ago is asked again before it counts, over seconds and not for ever."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from opik_resume import experiments, plan_resume
from opik_resume.base.ids import new_id
from opik_resume.exceptions import ExperimentNotFound, RequestRefused
from opik_resume.stores.opik import OpikStore
from opik_resume.stores.opik.rest import presence
from opik_resume.stores.opik.rest.presence import Presence
from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.opik_server.faulty import faults
from tests.stores.opik.makers import finished, ours, theirs

MISSING = faults.Status(404, body={"code": 404, "message": "Not found experiment with id"})
NO_PROJECT = faults.Status(404, body={"code": 404, "message": "Project id: … not found"})


class Clock:
    def __init__(self) -> None:
        self.waited: list[float] = []

    def pause(self, seconds: float) -> None:
        self.waited.append(seconds)


def missing(times: int | None = None) -> Callable[[], str]:
    """Says 404 so many times, or for ever."""
    left = times

    def call() -> str:
        nonlocal left
        if left == 0:
            return "there"
        left = None if left is None else left - 1
        raise RequestRefused("not there", 404)

    return call


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for users."""
    monkeypatch.undo()


def asked(known: Presence, clock: Clock, call: Callable[[], str], **seen: bool) -> tuple[str, float]:
    """What came of it, and how many seconds it was waited for."""
    clock.waited.clear()
    try:
        return known.ask("it", call, **seen), sum(clock.waited)
    except RequestRefused as error:
        return str(error), sum(clock.waited)


@pytest.mark.usefixtures("patient")
def test_what_nobody_has_seen_gets_one_quick_second_look() -> None:
    clock = Clock()
    known = Presence(clock.pause)
    assert asked(known, clock, missing(1)) == ("there", presence.SECOND_LOOK[0])
    clock = Clock()
    known = Presence(clock.pause)
    words, seconds = asked(known, clock, missing())
    assert words == "not there"
    assert (len(clock.waited), seconds <= 0.5) == (1, True)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("how", ["it said so", "it was told", "the caller knows", "the file knows"])
def test_what_was_there_is_asked_for_over_seconds(how: str) -> None:
    clock = Clock()
    known = Presence(clock.pause)
    if how == "it said so":
        known.ask("it", missing(0))
    if how == "it was told":
        known.saw("something", "it")
    if how == "the file knows":
        known.kept = {"it"}.__contains__
    seen = how == "the caller knows"
    words, seconds = asked(known, clock, missing(len(presence.AGAIN)), seen=seen)
    assert (words, seconds) == ("there", sum(presence.AGAIN))
    assert 2 <= seconds <= 5


@pytest.mark.usefixtures("patient")
def test_what_has_stayed_away_is_not_waited_for_again_until_it_is_seen() -> None:
    clock = Clock()
    known = Presence(clock.pause)
    for expected in (sum(presence.AGAIN), presence.SECOND_LOOK[0]):
        assert asked(known, clock, missing(), seen=True) == ("not there", expected)
    known.saw("it")
    assert asked(known, clock, missing()) == ("not there", sum(presence.AGAIN))
    known.saw("it")
    known.gone("it")
    assert asked(known, clock, missing()) == ("not there", presence.SECOND_LOOK[0])


def test_only_a_404_is_asked_again() -> None:
    clock = Clock()
    known = Presence(clock.pause)
    known.saw("it")

    def refused() -> str:
        raise RequestRefused("never", 400)

    assert asked(known, clock, refused) == ("never", 0)
    assert asked(known, clock, missing(1)) == ("there", presence.AGAIN[0]), "it is not gone for that"


def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "_REMEMBERED", 2)
    clock = Clock()
    known = Presence(clock.pause)
    known.saw("it", "a", "b")
    assert len(asked(known, clock, missing())[0]) > 0
    assert len(clock.waited) == len(presence.SECOND_LOOK)


READS: dict[str, Callable[[OpikStore, str], object]] = {
    "get": lambda store, id_: store.get(id_),
    "attempts": lambda store, id_: store.attempts(id_),
    "plan": lambda store, id_: plan_resume(id_, store=store),
    "list": lambda store, id_: experiments(store=store),
    "mark": lambda store, id_: store.mark(id_, "run"),
    "score": lambda store, id_: store.update(id_, scores=[]),
}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_an_experiment_that_is_there_and_answers_404_a_few_times_is_read(
    read: str, method: str, server: OpikServer, store: OpikStore
) -> None:
    experiment = ours(store)
    server.faults.add(MISSING, faults.to(method, f"/experiments/{experiment.id}"), times=len(presence.AGAIN))
    READS[read](store, experiment.id)


@pytest.mark.parametrize("path", ["/traces/search", "/traces", "/experiments/items"])
def test_so_are_its_project_and_its_links(path: str, server: OpikServer, store: OpikStore, api: Api) -> None:
    experiment_id, item_ids = theirs(api)
    runs = [api.run(experiment_id, item_id) for item_id in item_ids]
    api.run(experiment_id, item_ids[0], project_name="elsewhere")
    for method in ("GET", "POST"):
        server.faults.add(NO_PROJECT, faults.to(method, path), times=len(presence.AGAIN))
    assert {attempt.id for attempt in store.attempts(experiment_id)} > set(runs)


def test_and_its_dataset_and_version(server: OpikServer, store: OpikStore, api: Api) -> None:
    experiment_id, item_ids = theirs(api)
    record = store.get(experiment_id)
    server.faults.add(NO_PROJECT, faults.to("POST", "/versions/retrieve"), times=len(presence.AGAIN))
    assert [item.id for item in store.items(record.dataset_id, "v1")] == item_ids
    server.faults.add(NO_PROJECT, faults.to("GET", f"/datasets/{record.dataset_id}"), times=len(presence.AGAIN))
    assert store._datasets.row(record.dataset_id)["id"] == record.dataset_id


@pytest.mark.parametrize("what", ["runs that wait", "a start", "that it was run from here"])
def test_one_that_the_local_file_knows_is_asked_again_by_a_new_process(
    what: str, server: OpikServer, store: OpikStore, tmp_path: Path
) -> None:
    experiment = ours(store)
    runs = finished(experiment, store)
    with server.down():
        if what == "runs that wait":
            store.record(runs)
        if what == "a start":
            store.start(runs[0])
        if what == "that it was run from here":
            store.leases.acquire(experiment.id, "run").release()
        store.close()
        fresh = OpikStore(store.settings, tmp_path / "local.sqlite3")
    server.faults.add(MISSING, faults.to("GET", f"/experiments/{experiment.id}"), times=len(presence.AGAIN))
    assert fresh.get(experiment.id).name == experiment.name
    fresh.close()


def test_what_stays_away_is_not_there(server: OpikServer, store: OpikStore, api: Api) -> None:
    experiment_id, _ = theirs(api)
    store.get(experiment_id)
    api.ok("POST", "/experiments/delete", {"ids": [experiment_id]})
    for looks in (len(presence.AGAIN) + 1, 2):
        server.forget_requests()
        with pytest.raises(ExperimentNotFound):
            store.get(experiment_id)
        assert len(server.requests) == looks


def test_an_id_that_nobody_has_seen_is_not_found_at_once(server: OpikServer, store: OpikStore) -> None:
    with pytest.raises(ExperimentNotFound):
        store.get(new_id())
    assert len(server.requests) == 2
