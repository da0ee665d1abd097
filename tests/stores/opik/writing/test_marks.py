"""A run that has begun is told to other machines, and that it has ended; completed experiments are left in peace."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_resume, plan_resume
from opik_resume.exceptions import EvaluationInterrupted, StoreError
from opik_resume.lifecycle import conclude as concluding
from opik_resume.metrics import Equals
from opik_resume.stores.opik import OpikStore
from tests.builders import CountingTask, numbers
from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.opik_server.faulty import faults
from tests.stores.opik.makers import ours, theirs
from tests.waiting import until


@contextmanager
def on_machine(name: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "gethostname", lambda: name)
        yield


def marks(server: OpikServer) -> list[Any]:
    """What each change of an experiment said about a run."""
    bodies = [request.body for request in server.asked("PATCH") if "metadata" in request.body]
    return [body["metadata"]["opik_resume"].get("run") for body in bodies]


def test_a_run_is_marked_from_its_beginning_to_its_end(server: OpikServer, store: OpikStore) -> None:
    seen: list[Any] = []

    def task(item: dict[str, Any]) -> dict[str, Any]:
        seen.append(store.get(store.named("marked")[0].id).mark)
        return {"output": "x"}

    result = evaluate(numbers(store, 1), task, experiment_name="marked", verbose=0)
    assert [mark.host for mark in seen] == [socket.gethostname()]
    begun, ended = marks(server)
    assert (begun["host"], ended) == (socket.gethostname(), None)
    kept = server.state.experiments[result.experiment_id]
    assert (kept["status"], store.get(result.experiment_id).mark) == ("completed", None)
    assert "_opik_resume" in kept["metadata"]
    assert len(server.asked("PATCH")) == 2, "the end is told with the status"


def test_what_stays_unfinished_is_unmarked_too(server: OpikServer, store: OpikStore) -> None:
    broken = CountingTask(fail=lambda item, call: True)
    result = evaluate(numbers(store, 1), broken, verbose=0)
    assert store.get(result.experiment_id).mark is None
    assert [run is None for run in marks(server)] == [False, True]
    assert store.get(result.experiment_id).status == "running"


def test_the_end_is_told_even_if_the_local_file_fails_at_it(
    server: OpikServer, store: OpikStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(concluding, "recall_experiment", fail)
    with pytest.raises(StoreError, match="the disk is full"):
        evaluate(numbers(store, 1), CountingTask(), verbose=0)
    assert [run is None for run in marks(server)] == [False, True]


def test_another_machine_is_warned_of_and_its_leftover_replaced(
    server: OpikServer, store: OpikStore, caplog: pytest.LogCaptureFixture
) -> None:
    experiment = ours(store)
    with on_machine("laptop"):
        store.mark(experiment.id, "a run")
        assert plan_resume(experiment.id, store=store).cells
        evaluate_resume(experiment.id, CountingTask(fail=lambda item, call: True), verbose=0, store=store)
        assert "was started on laptop" not in caplog.text, "on that machine the lease tells more"
        store.mark(experiment.id, "another run")
    caplog.set_level(logging.WARNING)
    assert evaluate_resume(experiment.id, CountingTask(), [Equals()], verbose=0, store=store).complete
    assert "A run of 'ours' was started on laptop at" in caplog.text
    assert store.get(experiment.id).mark is None


def test_an_experiment_of_the_sdk_is_never_marked(server: OpikServer, store: OpikStore, api: Api) -> None:
    experiment_id, _ = theirs(api)
    assert evaluate_resume(experiment_id, CountingTask(), verbose=0, store=store).complete
    assert marks(server) == []


def test_a_server_that_does_not_take_the_mark_holds_nothing_up(server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store)
    refused = server.faults.add(faults.Status(400), faults.to("PATCH"), times=1)
    assert evaluate_resume(experiment.id, CountingTask(), verbose=0, store=store).complete
    assert refused.hits == 1
    assert store.get(experiment.id).status == "completed"


def test_an_interrupted_run_says_that_it_ended(server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store)

    def interrupted(item: dict[str, Any]) -> dict[str, Any]:
        signal.raise_signal(signal.SIGINT)  # Python handles it on the main thread, which waits for the run
        return {"output": "x"}

    with pytest.raises(EvaluationInterrupted):
        evaluate_resume(experiment.id, interrupted, verbose=0, task_threads=1, store=store)
    until(lambda: store.get(experiment.id).mark is None)
