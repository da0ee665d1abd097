"""A server, or a proxy before it, that refuses whatever comes for a while: no run is blamed for it."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_resume
from opik_resume.base.records import Experiment
from opik_resume.engine.running import keeper
from opik_resume.exceptions import EvaluationInterrupted
from opik_resume.lifecycle import conclude as concluding
from opik_resume.metrics import Equals
from opik_resume.stores.opik import OpikStore
from opik_resume.stores.opik.writing import dispatch
from tests.builders import CountingTask, numbers
from tests.opik_server import OpikServer
from tests.opik_server.faulty import faults
from tests.opik_server.serving.wire import Request
from tests.stores.opik.makers import finished, ours
from tests.stores.opik.writing.test_delivery import BATCHES, assert_delivered
from tests.waiting import soon, until

REFUSALS = [400, 404, 409, 413, 422]
LIKE_OPIK = {"errors": ["injected"]}


def batches(request: Request) -> bool:
    return request.path.endswith(tuple(BATCHES))


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def taken_before(experiment: Experiment, store: OpikStore) -> list[Any]:
    """One run that the server has, and the others."""
    first, *others = sorted(finished(experiment, store), key=lambda a: a.id)
    store.record([first])
    assert store.flush(10)
    return [first, *others]


@pytest.mark.parametrize("before", [True, False], ids=["something taken before", "nothing"])
@pytest.mark.parametrize(
    ("status", "where"), [*((status, "all writes") for status in REFUSALS), *((404, path) for path in BATCHES)]
)
def test_who_refuses_everything_for_a_while_refuses_no_run(
    status: int, where: str, before: bool, server: OpikServer, store: OpikStore, caplog: pytest.LogCaptureFixture
) -> None:
    experiment = ours(store, 30)
    attempts = taken_before(experiment, store) if before else sorted(finished(experiment, store), key=lambda a: a.id)
    match = faults.is_write if where == "all writes" else lambda request: request.path.endswith(where)
    away = server.faults.add(faults.Status(status, body=LIKE_OPIK), match, times=None)
    store.record(attempts[before:])
    until(lambda: away.hits > 60)
    pending = store.pending()
    assert (pending.waiting, pending.refused) == (30 - before, {})
    assert f"{status} injected" in str(pending.problem)
    (line,) = warnings(caplog)
    assert line.endswith("injected. Finished runs are kept and sent again until they arrive.")
    server.faults.remove(away)
    assert store.flush(10)
    assert not len(store.pending())
    assert_delivered(server, experiment, attempts)


@pytest.mark.parametrize("lasting", [1, 3, 8, 21, 55])
@pytest.mark.parametrize("beginning", [0, 5])
def test_whenever_it_begins_and_ends(lasting: int, beginning: int, server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store, 12)
    attempts = sorted(finished(experiment, store), key=lambda a: a.id)
    server.faults.add(faults.Status(409, body=LIKE_OPIK), faults.is_write, times=lasting, after=beginning)
    for attempt in attempts:
        store.record([attempt])
    assert store.flush(10)
    assert not len(store.pending())
    assert_delivered(server, experiment, attempts)


def test_a_poison_row_is_found_once_the_server_is_back(
    server: OpikServer, store: OpikStore, caplog: pytest.LogCaptureFixture
) -> None:
    experiment = ours(store, 20)
    attempts = taken_before(experiment, store)
    poison = {attempts[5].id, attempts[9].id}
    away = server.faults.add(faults.Status(404, body=LIKE_OPIK), batches, times=None)
    server.faults.poison(lambda row: row.get("id") in poison, faults.to("POST", "/traces/batch"))
    store.record(attempts[1:])
    until(lambda: away.hits > 50)
    assert not store.pending().refused
    server.faults.remove(away)
    assert store.flush(10)
    assert set(store.pending().refused) == poison
    _, line = warnings(caplog)
    assert line.startswith("2 finished runs")
    assert "injected poison row" in line


def test_where_every_row_is_poison_the_server_is_greeted_after_a_while(
    server: OpikServer, store: OpikStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was ever taken: then it is enough that it knows us, for longer than a restart lasts."""
    experiment = ours(store, 3)
    attempts = finished(experiment, store)
    poison = server.faults.poison(lambda row: "output" in row, faults.to("POST", "/traces/batch"))
    store.record(attempts)
    until(lambda: poison.hits > 20)
    assert not store.pending().refused
    deaf = server.faults.add(faults.Status(404, body=LIKE_OPIK), faults.to("POST", "/auth"), times=None)
    monkeypatch.setattr(dispatch, "RESTART_SECONDS", 0.0)
    until(lambda: deaf.hits > 3)
    assert not store.pending().refused
    server.faults.remove(deaf)
    assert store.flush(10)
    assert set(store.pending().refused) == {attempt.id for attempt in attempts}


def test_a_run_that_is_too_large_holds_up_nothing(server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store, 9)
    attempts = sorted(finished(experiment, store), key=lambda a: a.id)
    large = attempts[3].id
    server.faults.add(
        faults.Status(413, body="Payload Too Large"),
        lambda request: (
            request.path.endswith("/traces/batch")
            and (len(request.body["traces"]) > 4 or any(row["id"] == large for row in request.body["traces"]))
        ),
        times=None,
    )
    store.record(attempts)
    assert store.flush(10)
    assert set(store.pending().refused) == {large}


def test_an_evaluation_on_a_server_that_refuses_for_a_while(
    server: OpikServer, store: OpikStore, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = numbers(store, 40)
    away = server.faults.add(faults.Status(404, body=LIKE_OPIK), batches, times=60)
    result = evaluate(dataset, CountingTask(), [Equals()], verbose=0, trial_count=3, task_threads=4)
    assert (result.complete, result.undelivered) == (True, 0)
    assert away.hits == 60
    assert len(warnings(caplog)) == 1
    assert server.state.experiments[result.experiment_id]["status"] == "completed"


# ■ while delivery waits


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """So patient that a test would fail, were it waited for."""
    monkeypatch.setattr(concluding, "DELIVERY_SECONDS", 300.0)


@pytest.fixture
def pressed(server: OpikServer, store: OpikStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """■ is pressed while a run of this process waits at its end for a server that takes nothing."""
    ended = threading.Event()
    conclude = concluding.conclude

    def press() -> None:
        ended.wait()
        until(lambda: store.pending().problem)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press, daemon=True)
    thread.start()

    def told(*args: Any) -> list[str]:
        ended.set()
        return conclude(*args)

    monkeypatch.setattr("opik_resume.lifecycle.prepare.conclude", told)
    yield
    ended.set()
    thread.join(5)


@pytest.mark.usefixtures("patient", "pressed")
@pytest.mark.parametrize("fault", [faults.Status(503), faults.Status(404, body=LIKE_OPIK)], ids=["503", "404"])
def test_stop_while_delivery_waits_lets_the_next_resume_begin(
    fault: faults.Status, server: OpikServer, store: OpikStore
) -> None:
    dataset = numbers(store, 6)
    task = CountingTask(fail=lambda item, call: item["n"] == 3 and call == 1)
    away = server.faults.add(fault, batches, times=None)
    with pytest.raises(EvaluationInterrupted) as caught:
        evaluate(dataset, task, [Equals()], verbose=0, experiment_name="e", task_threads=1)
    assert len(caught.value.result.test_results) == 5
    began = time.monotonic()
    resuming: list[Any] = []
    thread = threading.Thread(
        target=lambda: resuming.append(evaluate_resume("e", task, [Equals()], store=store, verbose=0))
    )
    thread.start()  # at once, by the same process
    until(lambda: task.calls[3] == 2)
    assert time.monotonic() - began < 10
    server.faults.remove(away)
    thread.join(30)
    assert resuming[0].complete
    assert not len(store.pending()), "delivery went on by itself"
    assert task.total == 7


@pytest.mark.usefixtures("patient", "pressed")
def test_stop_while_delivery_waits_gives_the_lease_back(server: OpikServer, store: OpikStore) -> None:
    dataset = numbers(store, 3)
    server.faults.add(faults.Status(503), batches, times=None)
    with pytest.raises(EvaluationInterrupted) as caught:
        evaluate(dataset, CountingTask(), [Equals()], verbose=0, experiment_name="e")
    experiment_id = caught.value.result.experiment_id
    assert soon(lambda: store.leases.holder(experiment_id) is None, 5), "another kernel may take it"
    server.faults.clear()
    assert store.flush(10)


@pytest.mark.usefixtures("patient")
def test_a_server_that_hangs_does_not_keep_the_lease_either(
    server: OpikServer, store: OpikStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is told to a server at the end is told without the lease, once the run was told to stop."""
    monkeypatch.setattr(keeper, "_POLL_SECONDS", 0.01)
    dataset = numbers(store, 3)
    hold = faults.Hold()
    server.faults.add(hold, batches, times=None)

    def press() -> None:
        hold.arrived.wait()
        until(lambda: len(store.pending()) == 3)
        server.faults.add(hold, times=None)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press, daemon=True)
    thread.start()
    with pytest.raises(EvaluationInterrupted) as caught:
        evaluate(dataset, CountingTask(), [Equals()], verbose=0, experiment_name="e")
    experiment_id = caught.value.result.experiment_id
    assert soon(lambda: store.leases.holder(experiment_id) is None, 5)
    hold.released.set()
    thread.join(5)
