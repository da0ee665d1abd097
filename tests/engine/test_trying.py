"""Retries and time-outs in runs: the tries are one attempt, a wait ends with a stop, what outlives its time is left alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opik_resume import connect, evaluate, evaluate_resume, exceptions, plan_resume
from opik_resume.base.records import Attempt, CellKey, Json
from opik_resume.engine.claims import claiming, stopping
from opik_resume.engine.events import Event, RunDropped, RunFinished, TriedAgain, Waiting
from opik_resume.engine.retrying import late, policy
from opik_resume.evaluation.resume import prepare_resume
from opik_resume.experiment.limits import Limits
from opik_resume.metrics import Equals
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store
from tests.builders import numbers
from tests.experiments import unstarted
from tests.waiting import until

PATIENCE = 20.0
FOR_EVER = 3_600.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield connect(tmp_path / "store.db")
    close_all()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next try follows at once."""
    monkeypatch.setattr(policy, "FIRST_SECONDS", 0.0)


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next try is far away."""
    monkeypatch.setattr(policy, "FIRST_SECONDS", FOR_EVER)
    monkeypatch.setattr(policy, "LONGEST_SECONDS", FOR_EVER)


class Flaky:
    """Fails so often on each item, with this, before it answers."""

    def __init__(self, failures: int, kind: type[BaseException] = ConnectionError) -> None:
        self.failures, self.kind = failures, kind
        self.calls: list[int] = []
        self.threads: set[threading.Thread] = set()

    def __call__(self, item: Json) -> Json:
        self.calls.append(item["n"])
        self.threads.add(threading.current_thread())
        item["n"] = item["n"]
        item["spoilt"] = "spoilt" in item
        if self.calls.count(item["n"]) <= self.failures:
            raise self.kind(f"call {self.calls.count(item['n'])}")
        return {"output": str(item["n"]), "spoilt": item["spoilt"]}


def attempts(store: Store, experiment_id: str) -> list[Attempt]:
    return list(store.attempts(experiment_id, heavy=True))


def failed_key(attempt: Attempt) -> CellKey:
    return CellKey(attempt.item_id, attempt.trial or 0)


def run_of(store: Store, name: str, task: Any, listener: Any = None, **options: Any) -> Any:
    retries = options.pop("retries")
    plan = plan_resume(name, store=store)
    return prepare_resume(plan, task, [Equals()], store=store, retries=retries, listener=listener, **options)


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.usefixtures("at_once")
def test_the_tries_are_one_attempt_and_each_error_is_kept(store: Store, threads: int) -> None:
    task = Flaky(2)
    result = evaluate(
        numbers(store, 3),
        task,
        [Equals()],
        experiment_name="e",
        retries=2,
        task_threads=threads,
        verbose=0,
        store=store,
    )
    assert result.complete
    assert len(task.calls) == 9
    kept = attempts(store, result.experiment_id)
    assert len(kept) == 3
    for attempt in kept:
        assert [each.number for each in attempt.tries] == [1, 2, 3]
        assert [each.error_type for each in attempt.tries] == ["ConnectionError", "ConnectionError", None]
        assert [each.message for each in attempt.tries] == ["call 1", "call 2", ""]
        assert attempt.task_output is not None
        assert attempt.task_output["spoilt"] is False  # each try gets the item as it is
    assert (threading.current_thread() in task.threads) == (threads == 1)


@pytest.mark.usefixtures("at_once")
def test_by_default_nothing_is_tried_again_and_nothing_is_kept_of_it(store: Store) -> None:
    task = Flaky(1)
    result = evaluate(numbers(store, 3), task, [Equals()], experiment_name="e", verbose=0, store=store)
    assert len(task.calls) == 3
    assert all(attempt.tries == () and attempt.error is not None for attempt in attempts(store, result.experiment_id))


@pytest.mark.usefixtures("at_once")
def test_the_last_error_is_the_runs_and_a_resume_is_another_attempt(store: Store) -> None:
    task = Flaky(4)
    result = evaluate(numbers(store, 1), task, [Equals()], experiment_name="e", retries=2, verbose=0, store=store)
    (attempt,) = attempts(store, result.experiment_id)
    assert attempt.error is not None
    assert (attempt.error.message, len(attempt.tries), len(task.calls)) == ("call 3", 3, 3)
    assert evaluate_resume("e", task, [Equals()], retries=1, verbose=0, store=store).complete
    assert [len(each.tries) for each in attempts(store, result.experiment_id)] == [3, 2]


@pytest.mark.usefixtures("at_once")
def test_what_does_not_pass_by_itself_is_tried_again_only_if_told_so(store: Store) -> None:
    dataset, task = numbers(store, 1), Flaky(1, ZeroDivisionError)
    assert not evaluate(dataset, task, retries=3, verbose=0, store=store).complete
    assert len(task.calls) == 1
    for retry_on in (ArithmeticError, "ZeroDivision*", [OSError, "Arithmetic*"]):
        again = Flaky(1, ZeroDivisionError)
        assert evaluate(dataset, again, retries=3, retry_on=retry_on, verbose=0, store=store).complete  # type: ignore[arg-type]
        assert len(again.calls) == 2


@pytest.mark.usefixtures("at_once")
def test_metrics_are_asked_once_whatever_they_raise(store: Store) -> None:
    asked = []

    def metric(dataset_item: Json, task_outputs: Json) -> Any:
        asked.append(1)
        raise ConnectionError("judge")

    task = Flaky(0)
    evaluate(numbers(store, 1), task, [], [metric], retries=3, verbose=0, store=store)
    assert (len(asked), len(task.calls)) == (1, 1)


@pytest.mark.usefixtures("never")
def test_a_stop_ends_the_wait_at_once_and_the_failure_is_recorded(store: Store) -> None:
    unstarted(store, "e", numbers(store, 1))
    events: list[Event] = []
    run = run_of(store, "e", Flaky(1), events.append, retries=policy.Retries(5), task_threads=1)
    run.start()
    until(lambda: any(isinstance(event, Waiting) for event in events))
    run.stop()
    assert run.wait(PATIENCE)
    (waiting,) = (event for event in events if isinstance(event, Waiting))
    assert waiting.seconds >= FOR_EVER / 2
    assert waiting.why == "ConnectionError"
    assert not any(isinstance(event, TriedAgain) for event in events)
    (attempt,) = attempts(store, run.experiment_id)
    assert attempt.error is not None
    assert attempt.error.exception_type == "ConnectionError"
    assert len(plan_resume("e", store=store)) == 1


@pytest.mark.usefixtures("never")
def test_no_wait_begins_that_max_seconds_would_end(store: Store) -> None:
    unstarted(store, "e", numbers(store, 1))
    events: list[Event] = []
    task = Flaky(1)
    limits = Limits(max_seconds=FOR_EVER / 4)
    run = run_of(store, "e", task, events.append, retries=policy.Retries(5), limits=limits)
    run.start()
    assert run.wait(PATIENCE)
    assert len(task.calls) == 1
    assert not any(isinstance(event, Waiting) for event in events)


@pytest.mark.usefixtures("at_once")
def test_waits_are_told_before_the_next_try(store: Store) -> None:
    unstarted(store, "e", numbers(store, 1))
    events: list[Event] = []
    run = run_of(store, "e", Flaky(2), events.append, retries=policy.Retries(5))
    run.start()
    assert run.wait(PATIENCE)
    told = [event for event in events if isinstance(event, (Waiting, TriedAgain, RunFinished))]
    assert [type(event) for event in told] == [Waiting, TriedAgain, Waiting, TriedAgain, RunFinished]
    assert [event.number for event in told if isinstance(event, TriedAgain)] == [2, 3]


class Stuck:
    """A plain function that hangs on some calls until it is let go."""

    def __init__(self, hangs: set[int]) -> None:
        self.hangs = hangs
        self.let_go = threading.Event()
        self.back = threading.Event()
        self.calls = 0
        self.threads: list[threading.Thread] = []

    def __call__(self, item: Json) -> Json:
        self.calls += 1
        self.threads.append(threading.current_thread())
        if self.calls in self.hangs:
            assert self.let_go.wait(PATIENCE)
            self.back.set()
        return {"output": str(item["n"])}


@pytest.fixture
def stuck() -> Iterator[Stuck]:
    task = Stuck({1})
    yield task
    task.let_go.set()


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("retries", [0, 3])
@pytest.mark.usefixtures("at_once")
def test_a_plain_function_is_left_alone_and_its_cell_is_not_started_while_it_lives(
    store: Store, stuck: Stuck, threads: int, retries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claiming, "GRACE_SECONDS", 0.0)
    options: dict[str, Any] = {"verbose": 0, "task_threads": threads, "store": store}
    result = evaluate(
        numbers(store, 1), stuck, [Equals()], experiment_name="e", timeout=0.05, retries=retries, **options
    )
    (failed,) = attempts(store, result.experiment_id)
    assert failed.error is not None
    assert failed.error.exception_type == "TaskTimedOut"
    assert "goes on unheeded" in failed.error.message
    assert stuck.calls == 1  # no second try on a cell where the first one lives
    assert threading.current_thread() not in stuck.threads
    assert all(thread.daemon for thread in stuck.threads)
    assert stopping.is_running(stopping.RunningCell(result.experiment_id, failed_key(failed)))

    again = evaluate_resume("e", stuck, [Equals()], **options)  # it lives: nothing is started
    assert (again.complete, stuck.calls) == (False, 1)
    stuck.let_go.set()
    until(lambda: not stopping.running(result.experiment_id))
    assert evaluate_resume("e", stuck, [Equals()], **options).complete
    assert stuck.calls == 2


@pytest.mark.usefixtures("never")
def test_nothing_waits_at_exit_for_what_outlived_its_time(store: Store, stuck: Stuck, capsys: Any) -> None:
    evaluate(numbers(store, 1), stuck, timeout=0.05, verbose=0, store=store)
    stopping._wait_for_running()
    assert "waiting" not in capsys.readouterr().err


@pytest.mark.usefixtures("at_once")
def test_what_comes_back_during_the_wait_is_paid_for_and_taken(
    store: Store, stuck: Stuck, monkeypatch: pytest.MonkeyPatch
) -> None:
    unstarted(store, "e", numbers(store, 1))

    def listener(event: Event) -> None:
        if isinstance(event, Waiting):
            stuck.let_go.set()
            stuck.threads[0].join(PATIENCE)

    run = run_of(store, "e", stuck, listener, retries=policy.Retries(3, timeout=0.05))
    run.start()
    assert run.wait(PATIENCE)
    (attempt,) = attempts(store, run.experiment_id)
    assert attempt.complete
    assert stuck.calls == 1
    assert [each.error_type for each in attempt.tries] == ["TaskTimedOut", None]
    assert not stopping.running(run.experiment_id)


@pytest.mark.usefixtures("at_once")
def test_a_coroutine_is_cancelled_and_tried_again(store: Store) -> None:
    cancelled: list[int] = []
    calls: list[int] = []

    async def task(item: Json) -> Json:
        calls.append(1)
        try:
            if len(calls) == 1:
                await asyncio.sleep(FOR_EVER)
        except asyncio.CancelledError:
            cancelled.append(1)
            raise
        return {"output": str(item["n"])}

    result = evaluate(numbers(store, 1), task, [Equals()], timeout=0.5, retries=1, verbose=0, store=store)
    assert result.complete
    assert (len(calls), len(cancelled)) == (2, 1)
    (attempt,) = attempts(store, result.experiment_id)
    assert "was cancelled" in attempt.tries[0].message


def test_what_a_coroutine_returns_when_it_is_cancelled_is_kept(store: Store) -> None:
    async def task(item: Json) -> Json:
        try:
            await asyncio.sleep(FOR_EVER)
        except asyncio.CancelledError:
            return {"output": str(item["n"])}
        raise AssertionError

    assert evaluate(numbers(store, 1), task, [Equals()], timeout=0.05, verbose=0, store=store).complete


def test_a_coroutine_that_does_not_end_outlives_its_time_as_a_function_does(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late, "CANCEL_SECONDS", 0.0)
    let_go = threading.Event()

    async def task(item: Json) -> Json:
        while not let_go.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue
        return {"output": "late"}

    result = evaluate(numbers(store, 1), task, timeout=0.05, verbose=0, store=store)
    assert "does not end when it is cancelled" in attempts(store, result.experiment_id)[0].error.message  # type: ignore[union-attr]
    assert stopping.running(result.experiment_id)
    let_go.set()
    until(lambda: not stopping.running(result.experiment_id))


def test_who_finishes_in_time_is_not_cut(store: Store) -> None:
    async def later(item: Json) -> Json:
        await asyncio.sleep(0)
        return {"output": str(item["n"])}

    def gives_one(item: Json) -> Any:
        return later(item)

    dataset = numbers(store, 4)
    for task in (later, gives_one, Flaky(0)):
        result = evaluate(dataset, task, [Equals()], timeout=FOR_EVER, verbose=0, store=store)
        assert result.complete
        assert not any(attempt.tries for attempt in attempts(store, result.experiment_id))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"retries": -1}, "retries"),
        ({"retries": True}, "retries"),
        ({"retries": 1.5}, "retries"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": "3"}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"retries": 1, "retry_on": [3]}, "retry_on"),
        ({"retries": 1, "retry_on": KeyboardInterrupt}, "retry_on"),
        ({"retry_on": ValueError}, "retry_on"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_recorded(
    store: Store, arguments: dict[str, Any], named: str
) -> None:
    with pytest.raises(exceptions.ArgumentError, match=named):
        evaluate(numbers(store, 1), Flaky(0), experiment_name="e", verbose=0, store=store, **arguments)
    assert store.named("e") == []


@pytest.mark.usefixtures("at_once")
def test_a_resume_without_a_word_tries_as_the_evaluation_did(store: Store) -> None:
    from opik_resume.lifecycle.registry import used_in_process

    result = evaluate(numbers(store, 1), Flaky(0), retries=3, timeout=9, verbose=0, store=store)
    used = used_in_process(result.experiment_id)
    assert used is not None
    assert used.retries == policy.Retries(3, 9)


def test_dropped_cells_say_that_a_task_still_runs(store: Store, stuck: Stuck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claiming, "GRACE_SECONDS", 0.0)
    evaluate(numbers(store, 1), stuck, experiment_name="e", timeout=0.05, verbose=0, store=store)
    events: list[Event] = []
    run = run_of(store, "e", Flaky(0), events.append, retries=policy.Retries())
    run.start()
    assert run.wait(PATIENCE)
    (dropped,) = (event for event in events if isinstance(event, RunDropped))
    assert "still running" in dropped.reason
