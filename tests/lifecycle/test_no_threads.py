"""Threads that cannot be started: with fewer workers it goes on, with none it says so, and the lease is given back."""

from __future__ import annotations

import threading

import pytest

from opik_resume import evaluate, evaluate_resume, exceptions
from opik_resume.metrics import Equals
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers
from tests.experiments import unstarted


def no_thread_named(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    start = threading.Thread.start

    def started(thread: threading.Thread) -> None:
        if thread.name.startswith(names):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", started)


def test_with_fewer_workers_it_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    no_thread_named(monkeypatch, *(f"opik-resume-worker-{number}" for number in range(2, 8)))
    task = CountingTask()
    assert evaluate(numbers(store, 60), task, [Equals()], task_threads=8, verbose=0).complete
    assert set(task.calls.values()) == {1}


@pytest.mark.parametrize("name", ["door", "keeper", "recorder", "worker", "items"])
def test_with_none_it_says_so_and_may_be_tried_again(store: Store, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    experiment = unstarted(store, "e", numbers(store, 10))
    task = CountingTask()
    with monkeypatch.context() as patch:
        no_thread_named(patch, f"opik-resume-{name}")
        with pytest.raises(exceptions.OutOfThreads, match="No thread could be started"):
            evaluate_resume("e", task, [Equals()], verbose=0, store=store)
    assert task.total == 0
    assert store.leases.holder(experiment.id) is None
    assert evaluate_resume("e", task, [Equals()], verbose=0, store=store).complete
