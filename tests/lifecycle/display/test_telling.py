"""``on_event=``: a program is told everything, in order, and cannot break a run."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from contextvars import ContextVar
from typing import Any

import pytest

import opik_resume
from opik_resume import aevaluate, evaluate, evaluate_experiment, evaluate_resume, events, exceptions
from opik_resume.engine import events as engines
from opik_resume.events import Ended, Event, RunDropped, RunFinished, RunQueued, RunStarted
from opik_resume.metrics import Equals
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers
from tests.waiting import PATIENCE

who: ContextVar[str] = ContextVar("who", default="nobody")


def test_every_event_is_told_in_order_before_the_door_returns(store: Store) -> None:
    told: list[Event] = []
    seen: set[tuple[str, str]] = set()

    def on_event(event: Event) -> None:
        told.append(event)
        seen.add((threading.current_thread().name, who.get()))

    who.set("the caller")
    evaluate(numbers(store, 5), CountingTask(), [Equals()], experiment_name="e", max_runs=3, on_event=on_event)
    kinds = [type(event) for event in told]
    assert kinds[:5] == [RunQueued] * 5
    assert kinds[-1] is Ended
    assert kinds.count(RunStarted) == kinds.count(RunFinished) == 3
    assert told[-1] == Ended("limited", told[-1].reason)  # type: ignore[union-attr]
    assert seen == {("opik-resume-events", "the caller")}, "never on a thread that runs something"

    told.clear()
    evaluate_resume("e", CountingTask(), [Equals()], on_event=on_event)
    assert [type(event) for event in told].count(RunFinished) == 2
    told.clear()
    evaluate_experiment("e", [Equals(name="again")], on_event=on_event)
    assert [type(event) for event in told].count(RunFinished) == 5
    told.clear()
    evaluate_resume("e", CountingTask(), [Equals()], on_event=on_event)
    assert told == [], "nothing was run"


def test_what_it_raises_is_logged_once_and_breaks_nothing(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    def on_event(event: Event) -> None:
        raise SystemExit("a bug of the program")

    with caplog.at_level(logging.WARNING, "opik_resume"):
        result = evaluate(numbers(store, 5), CountingTask(), [Equals()], experiment_name="e", on_event=on_event)
    assert result.complete
    said = [record for record in caplog.records if "on_event()" in record.message]
    assert "raised on RunQueued. The run goes on." in said[0].message
    assert said[0].exc_info is not None
    assert "raised 16 times" in said[1].message
    assert len(said) == 2


def test_a_slow_one_does_not_hold_the_runs_up(store: Store) -> None:
    all_done, told = threading.Event(), []

    def task(item: dict[str, Any]) -> dict[str, Any]:
        if item["n"] == 0:  # the last one
            all_done.set()
        return {"output": str(item["n"])}

    def on_event(event: Event) -> None:
        all_done.wait(30)
        told.append(event)

    assert evaluate(numbers(store, 20), task, experiment_name="e", task_threads=1, on_event=on_event).complete
    assert all_done.is_set()
    assert len(told) == 61


@pytest.mark.parametrize("rounds", [False, True])
def test_an_interrupt_while_it_is_told_of_the_end_has_the_result(store: Store, *, rounds: bool) -> None:
    """The runs have ended by then, and all of them are paid for."""
    held, data = threading.Event(), numbers(store, 3)

    def on_event(event: Event) -> None:
        if isinstance(event, Ended):
            signal.raise_signal(signal.SIGINT)
            held.wait(PATIENCE)

    with pytest.raises(exceptions.EvaluationInterrupted, match="3 of 3 runs complete") as caught:
        if rounds:
            evaluate(data, CountingTask(), [Equals()], experiment_name="e", max_runs=1, verbose=0)
            evaluate_resume("e", CountingTask(), [Equals()], on_event=on_event, until_complete=True, verbose=0)
        else:
            evaluate(data, CountingTask(), [Equals()], on_event=on_event, verbose=0)
    held.set()
    assert caught.value.result.complete


def test_a_cancel_while_it_is_told_of_the_end_has_the_result(store: Store) -> None:
    held, data = threading.Event(), numbers(store, 3)

    async def cancelled() -> None:
        loop = asyncio.get_running_loop()

        def on_event(event: Event) -> None:
            if isinstance(event, Ended):
                loop.call_soon_threadsafe(awaited.cancel)
                held.wait(PATIENCE)

        awaited = asyncio.ensure_future(aevaluate(data, CountingTask(), [Equals()], on_event=on_event, verbose=0))
        with pytest.raises(asyncio.CancelledError) as caught:
            await awaited
        interrupted = caught.value.__cause__
        assert isinstance(interrupted, exceptions.EvaluationInterrupted)
        assert interrupted.result.complete

    asyncio.run(cancelled())
    held.set()


def test_the_classes_are_public_and_none_is_missing() -> None:
    assert opik_resume.events is events
    kinds = {kind for kind in vars(engines).values() if isinstance(kind, type) and kind.__module__ == engines.__name__}
    assert {getattr(events, name) for name in events.__all__ if name != "Event"} == kinds
    assert kinds == set(events.Event.__args__)
    assert RunDropped in kinds
