"""The run: order of events, what a stop means, and what a task that ignores it leads to."""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from opik_resume import exceptions
from opik_resume.base.records import Attempt, CellState, Json
from opik_resume.engine import Run
from opik_resume.engine.claims import stopping
from opik_resume.engine.events import Ended, Event, RunDropped, RunFinished, RunQueued, RunStarted
from opik_resume.engine.recording import patience, recorder
from opik_resume.engine.running import keeper
from opik_resume.evaluation import plan_resume
from opik_resume.evaluation.resume import prepare_resume
from opik_resume.metrics import Equals
from opik_resume.stores import protocol
from tests.builders import CountingTask, complete, numbers
from tests.experiments import result_of, unstarted

PATIENCE = 20.0  # seconds: a time-out for a broken test, never a pace


class Gate:
    """A task that blocks until it is opened, and says when it was entered."""

    def __init__(self, wanted: int = 1) -> None:
        self.open = threading.Event()
        self.entered = threading.Semaphore(0)
        self.calls = 0
        self._lock = threading.Lock()

    def __call__(self, item: Json) -> Json:
        with self._lock:
            self.calls += 1
        self.entered.release()
        assert self.open.wait(PATIENCE)
        return {"output": str(item["n"])}

    def wait_until_entered(self, times: int) -> None:
        for _ in range(times):
            assert self.entered.acquire(timeout=PATIENCE)


def begin(store: protocol.Store, name: str, task: Callable[..., Any], **options: Any) -> tuple[Run, list[Event]]:
    events: list[Event] = []
    return started(store, name, task, [Equals()], listener=events.append, **options), events


def started(store: protocol.Store, name: str, task: Callable[..., Any], *metrics: Any, **options: Any) -> Run:
    run = prepare_resume(plan_resume(name, store=store), task, *metrics, store=store, **options)
    run.start()
    return run


def state_names(store: protocol.Store, run: Run) -> list[str]:
    failures = result_of(run.experiment_id, store).failures
    return sorted(failures.state)


def test_events_come_in_order_and_each_run_is_durable_before_it_is_told(store: protocol.Store) -> None:
    unstarted(store, "e", numbers(store, 5), trial_count=2)
    recorded: list[bool] = []

    def listener(event: Event) -> None:
        if isinstance(event, RunFinished):
            recorded.append(store.attempt(event.attempt.id).complete)
        events.append(event)

    events: list[Event] = []
    run = started(store, "e", CountingTask(), listener=listener)
    assert run.wait(PATIENCE)
    kinds = [type(event) for event in events]
    assert kinds[:10] == [RunQueued] * 10
    assert kinds[-1] is Ended
    assert recorded == [True] * 10
    for key in {e.cell for e in events if isinstance(e, RunQueued)}:
        of_cell = [type(e) for e in events if getattr(e, "cell", None) == key]
        assert of_cell == [RunQueued, RunStarted, RunFinished]


def test_after_stop_no_task_starts_and_running_ones_are_recorded(store: protocol.Store) -> None:
    unstarted(store, "e", numbers(store, 10))
    gate = Gate()
    run, events = begin(store, "e", gate, task_threads=2)
    gate.wait_until_entered(2)
    run.stop()
    assert run.stopping
    gate.open.set()
    assert run.wait(PATIENCE)
    assert gate.calls == 2
    assert run.outcome == "stopped"
    assert sum(isinstance(e, RunFinished) for e in events) == 2
    assert state_names(store, run) == ["never_run"] * 8
    assert store.leases.holder(run.experiment_id) is None


def test_a_task_that_ignores_the_stop_is_abandoned_and_its_late_result_is_kept(
    store: protocol.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "GRACE_SECONDS", 0.1)
    unstarted(store, "e", numbers(store, 1))
    gate = Gate()
    run, events = begin(store, "e", gate)
    gate.wait_until_entered(1)
    run.stop()
    assert run.wait(PATIENCE), "the run ends though the task goes on"
    ended = events[-1]
    assert isinstance(ended, Ended)
    assert len(ended.abandoned) == 1
    assert state_names(store, run) == ["interrupted"]
    gate.open.set()
    cell = stopping.RunningCell(run.experiment_id, ended.abandoned[0])
    assert stopping.wait_until_left(cell, PATIENCE, lambda: False)
    assert result_of(run.experiment_id, store).complete


def test_no_resume_starts_a_cell_that_an_abandoned_task_is_on(
    store: protocol.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "GRACE_SECONDS", 0.1)
    unstarted(store, "e", numbers(store, 2))
    gate, second = Gate(), CountingTask()
    run, _ = begin(store, "e", gate, task_threads=1)
    gate.wait_until_entered(1)
    run.stop()
    assert run.wait(PATIENCE)
    again, events = begin(store, "e", second)
    assert again.wait(PATIENCE)
    assert second.total == 1, "only the cell that nobody is on"
    (reason,) = again.dropped.values()
    assert "still running" in reason
    assert any(isinstance(e, RunDropped) for e in events)
    gate.open.set()


def test_a_resume_waits_for_the_stopped_runs_task_and_keeps_its_result(store: protocol.Store) -> None:
    unstarted(store, "e", numbers(store, 3))
    gate, second = Gate(), CountingTask()
    run, _ = begin(store, "e", gate, task_threads=1)
    gate.wait_until_entered(1)
    run.stop()
    finished_two = threading.Event()

    def listener(event: Event) -> None:
        if isinstance(event, RunFinished) and second.total == 2:
            finished_two.set()

    again = started(store, "e", second, [Equals()], listener=listener)
    assert finished_two.wait(PATIENCE)
    gate.open.set()
    assert again.wait(PATIENCE)
    assert second.total == 2
    assert list(again.dropped.values()) == ["completed by the stopped run in the meantime"]
    assert result_of(run.experiment_id, store).complete


def test_coroutines_run_on_one_loop_and_see_the_callers_context(store: protocol.Store) -> None:
    unstarted(store, "e", numbers(store, 6))
    who = contextvars.ContextVar("who", default="nobody")
    who.set("caller")
    loops = set()

    async def task(item: Json) -> Json:
        await asyncio.sleep(0)
        loops.add(asyncio.get_running_loop())
        return {"output": str(item["n"]), "who": who.get()}

    run, _ = begin(store, "e", task)
    assert run.wait(PATIENCE)
    result = result_of(run.experiment_id, store)
    assert {r.test_case.task_output["who"] for r in result.test_results} == {"caller"}
    assert len(loops) == 1


def test_a_coroutine_that_outlives_the_grace_time_is_cancelled(
    store: protocol.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "GRACE_SECONDS", 0.1)
    unstarted(store, "e", numbers(store, 1))
    entered = threading.Event()

    async def task(item: Json) -> Json:
        entered.set()
        await asyncio.Event().wait()
        return {}

    run, _ = begin(store, "e", task)
    assert entered.wait(PATIENCE)
    run.stop()
    assert run.wait(PATIENCE)
    assert state_names(store, run) == ["interrupted"]
    assert run.on_the_way == ()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_a_task_that_raises_an_interrupt_harms_only_its_cell(store: protocol.Store, error: type[BaseException]) -> None:
    unstarted(store, "e", numbers(store, 3))

    def task(item: Json) -> Json:
        if item["n"] == 1:
            raise error
        return {"output": "x"}

    run, _ = begin(store, "e", task, task_threads=1)
    assert run.wait(PATIENCE)
    assert run.outcome == "finished"
    assert state_names(store, run) == ["interrupted"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_a_coroutine_that_raises_an_interrupt_harms_only_its_cell(
    store: protocol.Store, error: type[BaseException]
) -> None:
    unstarted(store, "e", numbers(store, 3))

    async def task(item: Json) -> Json:
        await asyncio.sleep(0)
        if item["n"] == 1:
            raise error
        return {"output": "x"}

    run, _ = begin(store, "e", task, task_threads=1)
    assert run.wait(PATIENCE)
    assert run.outcome == "finished"
    assert state_names(store, run) == ["interrupted"]


class Slow:
    """A task that takes longer than a run that nobody would mind to lose."""

    def __init__(self, answer: CountingTask) -> None:
        self.answer = answer

    def __call__(self, item: Json) -> Json:
        threading.Event().wait(2 * recorder.QUICK_SECONDS)
        return self.answer(item)


def test_a_store_that_fails_breaks_the_run_instead_of_losing_results_silently(
    store: protocol.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "HELD_SECONDS", 0.1)
    unstarted(store, "e", numbers(store, 50))
    task = Slow(CountingTask())

    def full(attempts: object) -> None:
        raise exceptions.StoreError("the disk is full")

    monkeypatch.setattr(store, "record", full)
    run = started(store, "e", task, task_threads=1)
    assert run.wait(PATIENCE)
    assert (run.outcome, task.answer.total) == ("broken", 1), "nothing more is paid for"
    assert isinstance(run.error, exceptions.StoreError)
    assert len(run.salvage.attempts) == 1


def test_a_forked_childs_exit_leaves_what_its_parent_has_in_memory_to_the_parent(
    store: protocol.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, room = threading.Event(), threading.Event()
    record = store.record

    def full(attempts: Sequence[Attempt]) -> None:
        if room.is_set():
            return record(attempts)
        refused.set()
        raise exceptions.StoreError("the disk is full")

    unstarted(store, "e", numbers(store, 1))
    monkeypatch.setattr(store, "record", full)
    run = started(store, "e", Slow(CountingTask()))
    assert refused.wait(PATIENCE)
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: 0)
        assert run._recorder.rescue() is None
    assert len(run.unrecorded) == 1
    room.set()
    assert run.wait(PATIENCE)
    assert (run.outcome, run.unrecorded, run._recorder.rescue()) == ("finished", [], None)


def test_a_listener_that_raises_does_not_break_the_run(store: protocol.Store) -> None:
    unstarted(store, "e", numbers(store, 3))

    def listener(event: Event) -> None:
        raise RuntimeError("a broken view")

    run = started(store, "e", CountingTask(), listener=listener)
    assert run.wait(PATIENCE)
    assert result_of(run.experiment_id, store).complete


def test_a_run_whose_lease_was_taken_over_starts_nothing_more(
    store: protocol.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "BEAT_SECONDS", 0.02)
    unstarted(store, "e", numbers(store, 100))
    gate = Gate()
    run, _ = begin(store, "e", gate, task_threads=1)
    gate.wait_until_entered(1)
    monkeypatch.setattr(run._lease, "beat", lambda: False)
    while not run.stopping:
        pass
    gate.open.set()
    assert run.wait(PATIENCE)
    assert gate.calls == 1
    assert result_of(run.experiment_id, store).failures.state.eq(CellState.never_run.name).sum() == 99


def test_what_was_shown_and_is_still_missing_runs_and_never_a_cell_more(store: protocol.Store) -> None:
    experiment = unstarted(store, "e", numbers(store, 4))
    task, whole = CountingTask(), plan_resume("e", store=store)
    shown = replace(whole, cells=whole.cells[:3])
    elsewhere = whole.cells[1].key
    store.record([complete(*elsewhere, experiment_id=experiment.id)])
    run = prepare_resume(shown, task, [Equals()], store=store)
    assert run.dropped == {elsewhere: "no longer missing"}
    run.start()
    assert run.wait(PATIENCE)
    assert dict(task.calls) == {3: 1, 1: 1}, "newest first: item 2 was done elsewhere, item 0 was not shown"
