"""A complete experiment of ours is counted by its server in one request, as long as nothing has changed; side by side."""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Callable
from threading import Thread

import pytest

from opik_resume import close_experiment, evaluate, evaluate_experiment, evaluate_resume, experiments, reopen_experiment
from opik_resume.evaluation import listing
from opik_resume.lifecycle import progress
from opik_resume.metrics import Equals
from opik_resume.stores.opik import OpikStore
from tests.builders import CountingTask, numbers
from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.opik_server.faulty import faults
from tests.stores.opik.makers import finished, ours, resumable, theirs
from tests.waiting import until

DONE = ["complete", 3, 3, 0]


def complete(store: OpikStore, *names: str) -> list[str]:
    """Complete experiments of three cells each, one of which was run twice, and which have been looked at once."""
    data, ids = numbers(store, 3), []
    for name in names:
        task = CountingTask(fail=lambda item, call: item["n"] == 1 and call == 1)
        first = evaluate(data, task, experiment_name=name, store=store, verbose=0)
        assert evaluate_resume(first.experiment_id, task, store=store, verbose=0).complete
        ids.append(first.experiment_id)
    experiments(store=store)
    return ids


def told(store: OpikStore, **arguments: object) -> list[list[object]]:
    frame = experiments(store=store, **arguments)  # type: ignore[arg-type]
    return frame[["state", "done", "expected", "failed"]].astype(object).to_numpy().tolist()


def test_one_request_each_and_one_for_the_list(server: OpikServer, store: OpikStore) -> None:
    complete(store, "a", "b", "c")
    for reader in (store, OpikStore(store.settings, store.path)):
        server.forget_requests()
        assert told(reader) == [DONE] * 3
        assert Counter(each.path.rpartition("/")[2] for each in server.requests) == {"experiments": 1, "traces": 3}
        assert all(each.query["size"] == "1" for each in server.asked("GET", "/traces"))
    reader.close()
    assert told(store, limit=2) == [DONE] * 2


def deletes(store: OpikStore, api: Api, experiment_id: str) -> None:
    api.ok("POST", "/traces/delete", {"ids": [max(made.id for made in store.attempts(experiment_id) if made.complete)]})


def deletes_and_fails_again(store: OpikStore, api: Api, experiment_id: str) -> None:
    """As many runs as before, and one of them is not complete."""
    last = max((made for made in store.attempts(experiment_id) if made.complete), key=lambda made: made.id)
    api.ok("POST", "/traces/delete", {"ids": [last.id]})
    api.run(experiment_id, last.item_id, output=None, project_name="Default Project")


def closes(store: OpikStore, api: Api, experiment_id: str) -> None:
    deletes(store, api, experiment_id)
    close_experiment(experiment_id, store=store)


def reopens(store: OpikStore, api: Api, experiment_id: str) -> None:
    closes(store, api, experiment_id)
    reopen_experiment(experiment_id, store=store)


def runs_it_again(store: OpikStore, api: Api, experiment_id: str) -> None:
    deletes(store, api, experiment_id)
    evaluate_resume(experiment_id, CountingTask(fail=lambda item, call: True), store=store, verbose=0)


CHANGES: dict[str, tuple[Callable[[OpikStore, Api, str], None], list[object]]] = {
    "a run is deleted": (deletes, ["resumable", 2, 3, 1]),
    "and another fails": (deletes_and_fails_again, ["resumable", 2, 3, 1]),
    "it is closed": (closes, ["closed", 2, 3, 1]),
    "it is reopened": (reopens, ["resumable", 2, 3, 1]),
    "it is run again": (runs_it_again, ["resumable", 2, 3, 1]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_is_read(change: str, store: OpikStore, api: Api) -> None:
    (experiment_id,) = complete(store, "a")
    act, expected = CHANGES[change]
    act(store, api, experiment_id)
    assert told(store) == [expected]
    assert told(store) == [expected]


def test_scoring_again_leaves_it_complete(store: OpikStore) -> None:
    (experiment_id,) = complete(store, "a")
    evaluate_experiment(experiment_id, [Equals(name="again")], store=store, verbose=0)
    assert told(store) == [DONE]


def test_what_is_on_its_way_is_read(server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store)
    server.faults.add(faults.Status(503), faults.to("POST", "/traces/batch"), times=None)
    store.record(finished(experiment, store))
    assert told(store) == [DONE]
    assert store.get(experiment.id).status == "running"


def test_one_that_is_being_run_is_not_told_complete(store: OpikStore) -> None:
    (experiment_id,) = complete(store, "a")
    lease = store.leases.acquire(experiment_id, "a run")
    assert told(store)[0][0] == "running"
    lease.release()


def test_a_server_that_cannot_count_is_read(server: OpikServer, store: OpikStore) -> None:
    complete(store, "a")
    server.faults.add(faults.Status(400), faults.to("GET", "/traces"), times=1)
    assert told(store) == [DONE]


def test_several_are_read_side_by_side(server: OpikServer, store: OpikStore, api: Api) -> None:
    first, item_ids = theirs(api)
    ids = [first, *(resumable(api, f"n{n}") for n in range(11))]
    for experiment_id in ids:
        api.run(experiment_id, item_ids[0])
    held = faults.Hold()
    fault = server.faults.add(held, lambda request: "/experiments/0" in request.path, times=None)
    reading = Thread(target=lambda: told(store))
    reading.start()
    until(lambda: fault.hits == listing._AT_ONCE)
    server.faults.remove(fault)
    held.released.set()
    reading.join()
    assert told(store) == [["resumable", 1, 3, 0]] * len(ids)


# Progress


class Terminal(io.StringIO):
    def __init__(self, is_one: bool) -> None:
        super().__init__()
        self._is_one = is_one

    def isatty(self) -> bool:
        return self._is_one


@pytest.mark.parametrize(
    ("terminal", "verbose", "shown"), [(True, 1, True), (True, 0, False), (False, 1, False)], ids=str
)
def test_a_bar_in_terminals_only(
    terminal: bool, verbose: int, shown: bool, store: OpikStore, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs(api)
    screen = Terminal(terminal)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(progress, "STEPS_DELAY", 0.0)
    told(store, verbose=verbose)
    assert ("Reading Opik at" in screen.getvalue()) == shown
    assert not shown or screen.getvalue().split("\r")[-2].isspace(), "it is gone at the end"
