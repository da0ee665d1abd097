"""A server shows other programs what was recorded about a minute later: it is said, and ``settle=True`` waits for it."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_experiment, evaluate_resume
from opik_resume.base.records import utc_now
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.lifecycle import settling
from opik_resume.metrics import Equals
from opik_resume.notebook.background.progress import Progress
from opik_resume.notebook.background.undelivered import LATER, Outbox
from opik_resume.stores.local import LocalStore
from opik_resume.stores.opik import OpikStore
from tests.builders import CountingTask, numbers
from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.opik_server.faulty import faults
from tests.stores.opik.makers import theirs
from tests.stores.opik.writing.test_scores import Gives, warnings
from tests.waiting import soon, until

SENTENCE = "Other programs see this in about a minute"


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "LOOK", 0.01)


class Call:
    """A door that is called on a thread of its own."""

    def __init__(self, door: Callable[[], EvaluationResult]) -> None:
        self.result: Any = None
        self._thread = threading.Thread(target=self._run, args=(door,), daemon=True)
        self._thread.start()

    def _run(self, door: Callable[[], EvaluationResult]) -> None:
        self.result = door()

    def wait(self) -> EvaluationResult:
        self._thread.join(60)
        assert isinstance(self.result, EvaluationResult)
        return self.result


def looked(server: OpikServer) -> int:
    """How often it was asked what others see."""
    return sum("experiment_ids" in request.query for request in server.asked("GET", "/experiments"))


def of_the_sdk(server: OpikServer, api: Api, count: int = 4) -> str:
    """An experiment of the SDK with one run, of which the server has a picture; it is completed, as theirs all are."""
    experiment_id, item_ids = theirs(api, count)
    api.run(experiment_id, item_ids[0])
    server.aggregates.build(experiment_id)
    return experiment_id


def seen_complete(server: OpikServer, api: Api, experiment_id: str) -> int:
    """What the SDK's resume would count."""
    (dataset_id,) = server.state.datasets
    rows = api.compared(dataset_id, experiment_id)
    return sum(entry.get("output") is not None for row in rows for entry in row["experiment_items"])


def resume(experiment_id: str, store: OpikStore, **options: Any) -> EvaluationResult:
    options = {"verbose": 0, **options}
    result: EvaluationResult = evaluate_resume(experiment_id, CountingTask(), [Gives(1.0)], store=store, **options)
    return result


def test_a_settled_resume_returns_when_others_see_it(server: OpikServer, store: OpikStore, api: Api) -> None:
    experiment_id = of_the_sdk(server, api)
    call = Call(lambda: resume(experiment_id, store, settle=True))
    until(lambda: looked(server) > 3)
    assert call.result is None, "views are as they were"
    assert seen_complete(server, api, experiment_id) == 1
    server.aggregates.advance(61)
    result = call.wait()
    assert seen_complete(server, api, experiment_id) == 4
    assert SENTENCE not in repr(result) + result._repr_html_()


def test_without_it_nobody_waits_and_it_is_said(server: OpikServer, store: OpikStore, api: Api) -> None:
    experiment_id = of_the_sdk(server, api)
    result = resume(experiment_id, store)
    assert (result.complete, looked(server), seen_complete(server, api, experiment_id)) == (True, 0, 1)
    assert SENTENCE in repr(result)
    assert SENTENCE in result._repr_html_()
    assert "settle=True" in repr(result)
    result.seen_by = utc_now() - timedelta(seconds=1)
    assert SENTENCE not in repr(result) + result._repr_html_(), "it is no longer true"


def test_looking_puts_nothing_off(server: OpikServer, store: OpikStore, api: Api) -> None:
    """A GET of an experiment without a view makes the server wait for another minute."""
    experiment_id = of_the_sdk(server, api)
    call = Call(lambda: resume(experiment_id, store, settle=True))
    until(lambda: looked(server) > 1)
    server.forget_requests()
    until(lambda: looked(server) > 3)
    assert {(request.method, request.path) for request in server.requests} == {("GET", "/v1/private/experiments")}
    server.aggregates.advance(61)
    call.wait()


def test_scores_have_to_be_seen_too(server: OpikServer, store: OpikStore, api: Api) -> None:
    experiment_id = of_the_sdk(server, api)
    result = resume(experiment_id, store)
    server.aggregates.advance(61)
    metric = Gives(1 / 3, "new")
    call = Call(lambda: evaluate_experiment(experiment_id, [metric], verbose=0, store=store, settle=True))
    until(lambda: looked(server) > 3)
    assert call.result is None
    server.aggregates.advance(61)
    assert call.wait().complete
    assert result.complete


def test_a_fresh_evaluation_of_ours_is_seen_at_once(server: OpikServer, store: OpikStore) -> None:
    """It was running until its end, and the server has made no picture of it yet."""
    result = evaluate(numbers(store, 3), CountingTask(), [Equals(), Gives(1e12)], verbose=0, settle=True)
    assert (result.complete, looked(server), SENTENCE in repr(result)) == (True, 1, False)


def test_failed_runs_are_waited_for_as_they_are(server: OpikServer, store: OpikStore, api: Api) -> None:
    experiment_id = of_the_sdk(server, api)
    task = CountingTask(fail=lambda item, call: item["n"] == 0)
    call = Call(lambda: evaluate_resume(experiment_id, task, [Gives(1.0)], store=store, verbose=0, settle=True))
    until(lambda: looked(server) > 1)
    server.aggregates.advance(61)
    assert not call.wait().complete


def test_what_was_complete_before_can_be_waited_for(server: OpikServer, store: OpikStore, api: Api) -> None:
    experiment_id = of_the_sdk(server, api)
    resume(experiment_id, store)
    call = Call(lambda: resume(experiment_id, store, settle=True))
    until(lambda: looked(server) > 1)
    assert call.result is None
    server.aggregates.advance(61)
    assert call.wait().complete


def test_it_has_an_end(
    server: OpikServer,
    store: OpikStore,
    api: Api,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(settling, "LONGEST", 0.1)
    experiment_id = of_the_sdk(server, api)
    result = resume(experiment_id, store, settle=True)
    assert (result.complete, result.undelivered) == (True, 0)
    ((line),) = warnings(caplog)
    assert "3 of its runs" in line
    assert SENTENCE in repr(result)


@pytest.mark.parametrize("fault", [faults.Status(503), faults.Status(404, body={"code": 404, "message": "no"})])
def test_a_server_that_cannot_be_asked_is_asked_again(
    fault: faults.Status, server: OpikServer, store: OpikStore, api: Api
) -> None:
    experiment_id = of_the_sdk(server, api)
    server.aggregates.build(experiment_id)
    away = server.faults.add(fault, lambda request: "experiment_ids" in request.query, times=6)
    call = Call(lambda: resume(experiment_id, store, settle=True))
    until(lambda: away.hits == 6)
    server.aggregates.advance(61)
    assert call.wait().complete
    assert seen_complete(server, api, experiment_id) == 4


@pytest.mark.parametrize("hangs", [False, True], ids=["between two looks", "in a look that hangs"])
def test_an_interrupt_ends_the_waiting_and_nothing_else(
    hangs: bool,
    server: OpikServer,
    store: OpikStore,
    api: Api,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "opik_resume")
    monkeypatch.setattr(settling, "LONGEST", 300.0)
    monkeypatch.setattr(settling, "LOOK", 300.0)
    experiment_id = of_the_sdk(server, api)
    hold = faults.Hold()
    if hangs:
        server.faults.add(hold, lambda request: "experiment_ids" in request.query)

    def press() -> None:
        until(hold.arrived.is_set if hangs else lambda: looked(server) == 1)
        os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press, daemon=True)
    presser.start()
    result = resume(experiment_id, store, settle=True)  # in the main thread: no exception
    hold.released.set()
    presser.join()
    assert (result.complete, result.undelivered) == (True, 0)
    assert SENTENCE in repr(result)
    assert "was not waited for to the end" in warnings(caplog)[-1]
    assert server.state.experiments[experiment_id]["status"] == "completed"
    assert soon(lambda: store.leases.holder(experiment_id) is None, 5)


def test_progress_is_told(server: OpikServer, store: OpikStore, api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    experiment_id = of_the_sdk(server, api)
    call = Call(lambda: resume(experiment_id, store, settle=True, verbose=1))
    until(lambda: looked(server) > 1)
    server.aggregates.advance(61)
    call.wait()
    told = capsys.readouterr().err
    assert "seen by others" in told
    assert "1/4" in told
    assert "4/4" in told


def test_the_embedded_store_has_nothing_to_wait_for(tmp_path: Any) -> None:
    local = LocalStore(tmp_path / "embedded.sqlite3")
    task = CountingTask(fail=lambda item, call: call == 1 and item["n"] == 1)
    result = evaluate(numbers(local, 3), task, [], verbose=0, settle=True)
    assert SENTENCE not in repr(result)
    again = evaluate_resume(result.experiment_id, task, [], verbose=0, settle=True, store=local)
    scored = evaluate_experiment(result.experiment_id, [Equals()], verbose=0, settle=True, store=local)
    assert SENTENCE not in repr(again) + repr(scored)
    assert again.complete
    local.close()


def test_the_widget_says_it_where_a_run_has_ended(store: OpikStore, tmp_path: Any) -> None:
    ended = Progress(outcome="finished", done=3, note="1 cell was left out")
    assert Outbox(store).beside(ended).note == f"1 cell was left out; {LATER}"
    for other in (Progress(), Progress(outcome="finished"), Progress(outcome="stopped", done=3)):
        assert Outbox(store).beside(other).note is None
    local = LocalStore(tmp_path / "embedded.sqlite3")
    assert Outbox(local).beside(ended).note == ended.note
    local.close()
