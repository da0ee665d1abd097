"""Ctrl-C, in any microsecond and more than once: control comes back with what there is, and nothing is left half done."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from opik_resume import close_experiment, delete_experiment, evaluate, evaluate_resume, exceptions
from opik_resume.base.process import doors
from opik_resume.base.records import Json
from opik_resume.lifecycle import wait
from opik_resume.metrics import Equals
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers
from tests.experiments import unstarted
from tests.lifecycle import interrupts
from tests.waiting import until


def press() -> None:
    """Ctrl-C."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def pressing(at: int) -> CountingTask:
    """A task in whose call of that number Ctrl-C is pressed."""

    def fail(item: Json, call: int) -> bool:
        if task.total == at:
            press()
        return False

    task = CountingTask(fail)
    return task


@pytest.mark.parametrize(("items", "signals"), [(20, 1), (20, 3), (500, 2)])
def test_a_signal_in_any_microsecond_leaves_nothing_behind(tmp_path: Path, items: int, signals: int) -> None:
    arguments = [str(tmp_path), "40", "7", str(items), str(signals)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.lifecycle.interrupts", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=interrupts.HUNG_SECONDS * 3,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 40
    assert not [line for line in lines if line.startswith("wrong")]
    assert any("EvaluationInterrupted" in line for line in lines), "some were cut off"


def test_a_second_interrupt_gets_the_result_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the result of the first one is put together."""
    heavy = wait._heavy

    def pressed(experiment_id: str, store: Any) -> Any:
        press()
        return heavy(experiment_id, store)

    monkeypatch.setattr(wait, "_heavy", pressed)
    task = pressing(3)
    with pytest.raises(exceptions.EvaluationInterrupted) as caught:
        evaluate(numbers(store, 500), task, [Equals()], experiment_name="e", task_threads=2, verbose=0)
    result = caught.value.result
    assert result.expected == 500
    assert 1 <= len(result.test_results) < 500
    monkeypatch.undo()
    assert evaluate_resume("e", CountingTask(), [Equals()], verbose=0, store=store).complete


def test_a_second_interrupt_does_not_wait_for_a_result_that_does_not_come(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "SECOND_SECONDS", 0.05)
    released = threading.Event()

    def stuck(experiment_id: str, store: Any) -> Any:
        press()
        released.wait()
        raise exceptions.StoreError("at last")

    monkeypatch.setattr(wait, "_heavy", stuck)
    task = pressing(3)
    with pytest.raises(exceptions.EvaluationInterrupted) as caught:
        evaluate(numbers(store, 500), task, [Equals()], experiment_name="e", task_threads=2, verbose=0)
    assert caught.value.result.expected == 500
    calls = task.total
    assert calls < 500, "the run is stopped all the same"
    released.set()
    monkeypatch.undo()
    assert evaluate_resume("e", CountingTask(), [Equals()], verbose=0, store=store).complete


def test_an_interrupt_while_the_lease_is_taken_gives_it_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = unstarted(store, "e", numbers(store, 5))
    acquire = type(store.leases).acquire

    def pressed(self: Any, *arguments: Any) -> Any:
        lease = acquire(self, *arguments)
        press()
        until(lambda: doors.caller().left)
        return lease

    monkeypatch.setattr(type(store.leases), "acquire", pressed)
    task = CountingTask()
    with pytest.raises(KeyboardInterrupt):
        evaluate_resume("e", task, [Equals()], verbose=0, store=store)
    for change in (close_experiment, delete_experiment):
        with pytest.raises(KeyboardInterrupt):
            change(experiment.id, store=store)
        until(lambda: store.leases.holder(experiment.id) is None)
    assert task.total == 0


def test_an_interrupt_before_anything_is_begun_begins_nothing(store: Store) -> None:
    class Pressing:
        def sample(self, items: list[Any]) -> list[Any]:
            press()
            return items

    task = CountingTask()
    with pytest.raises(KeyboardInterrupt):
        evaluate(numbers(store, 5), task, dataset_sampler=Pressing(), experiment_name="e", verbose=0)
    assert (task.total, store.named("e")) == (0, [])


def test_an_interrupt_says_what_is_not_stored_yet(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing, pressed = threading.Event(), threading.Event()
    record = type(store).record

    def full(self: Any, attempts: Any) -> None:
        if not refusing.is_set():
            return record(self, attempts)
        if not pressed.is_set():
            pressed.set()
            press()
        raise exceptions.StoreError("The disk is full.")

    monkeypatch.setattr(type(store), "record", full)

    def task(item: Json) -> Json:
        threading.Event().wait(0.01)
        if item["n"] == 5:
            refusing.set()
        return {"output": str(item["n"])}

    with pytest.raises(exceptions.EvaluationInterrupted) as caught:
        evaluate(numbers(store, 10), task, [Equals()], experiment_name="e", task_threads=2, verbose=0)
    assert caught.value.unrecorded
    assert "not stored yet" in str(caught.value)
    assert {attempt.item_id for attempt in caught.value.unrecorded} <= {
        test.test_case.dataset_item_id for test in caught.value.result.test_results
    }
    refusing.clear()
    monkeypatch.undo()
    assert evaluate_resume("e", task, [Equals()], verbose=0, store=store).complete
