"""The doors that are awaited: coroutines on the caller's loop, functions elsewhere, a cancel is a stop."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import opik_resume
from opik_resume import (
    aevaluate,
    aevaluate_experiment,
    aevaluate_resume,
    connect,
    evaluate,
    evaluate_experiment,
    evaluate_resume,
    evaluation,
    exceptions,
    plan_resume,
)
from opik_resume.base.records import Json, ScoreResult
from opik_resume.engine.events import Event, TriedAgain, Waiting
from opik_resume.engine.retrying import policy
from opik_resume.engine.running import slots
from opik_resume.evaluation.resume import prepare_resume
from opik_resume.lifecycle import registry
from opik_resume.metrics import BaseMetric, Equals
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store
from tests.builders import numbers
from tests.experiments import result_of
from tests.waiting import until

FOR_EVER = 3_600.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield connect(tmp_path / "store.db")
    close_all()


class Client:
    """As one of a provider: of no use on another loop than the one on which it was made."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()

    async def answer(self, item: Json) -> Json:
        assert asyncio.get_running_loop() is self.loop
        await asyncio.sleep(0)
        return {"output": str(item["n"])}


class Judge(BaseMetric):
    """Awaits something of the caller's loop."""

    def __init__(self, client: Client) -> None:
        super().__init__(name="judge")
        self.client = client

    async def score(self, n: int, **_: Any) -> ScoreResult:  # type: ignore[override]
        answered = await self.client.answer({"n": n})
        return ScoreResult(self.name, float(answered["output"] == str(n)))


@pytest.mark.parametrize(
    "pair", [(evaluate, aevaluate), (evaluate_resume, aevaluate_resume), (evaluate_experiment, aevaluate_experiment)]
)
def test_signatures_and_names(pair: tuple[Callable[..., Any], Callable[..., Any]]) -> None:
    blocking, awaited = pair
    assert inspect.signature(blocking) == inspect.signature(awaited)
    assert awaited.__name__ == f"a{blocking.__name__}"
    assert inspect.iscoroutinefunction(awaited)
    assert getattr(opik_resume, awaited.__name__) is getattr(evaluation, awaited.__name__) is awaited
    assert "CancelledError" in (awaited.__doc__ or "")


@pytest.mark.parametrize("threads", [1, 4, 40])
def test_coroutines_run_on_the_callers_loop(store: Store, threads: int) -> None:
    dataset = numbers(store, 50)

    async def main() -> None:
        client = Client()
        options: dict[str, Any] = {"task_threads": threads, "verbose": 0, "store": store}
        result = await aevaluate(dataset, client.answer, [Equals(), Judge(client)], experiment_name="e", **options)
        assert result.complete
        assert not any(score.scoring_failed for each in result.test_results for score in each.score_results)
        again = await aevaluate_experiment("e", [Judge(client)], scoring_threads=threads, verbose=0, store=store)
        assert all(each.score_results[0].value == 1 for each in again.test_results)

    asyncio.run(main())


@pytest.mark.parametrize("threads", [1, 4, 40])
def test_plain_functions_run_elsewhere_and_the_loop_goes_on(store: Store, threads: int) -> None:
    dataset, seen = numbers(store, 50), set()

    async def main() -> None:
        ticked = asyncio.Event()

        def task(item: Json) -> Json:
            seen.add(threading.current_thread())
            asyncio.run_coroutine_threadsafe(_set(ticked), loop).result()  # the loop is free
            return {"output": str(item["n"])}

        loop = asyncio.get_running_loop()
        assert (await aevaluate(dataset, task, [Equals()], task_threads=threads, verbose=0, store=store)).complete
        assert ticked.is_set()

    asyncio.run(main())
    assert threading.current_thread() not in seen


async def _set(event: asyncio.Event) -> None:
    event.set()


def test_a_thousand_are_awaited_at_once_by_few_threads(store: Store) -> None:
    dataset = numbers(store, 1_200)
    there: list[int] = []

    async def main() -> None:
        open_ones, threads = 0, 0
        full = asyncio.Event()

        async def task(item: Json) -> Json:
            nonlocal open_ones, threads
            open_ones += 1
            there.append(open_ones)
            if open_ones == 1_000:
                threads = threading.active_count()
                full.set()
            await full.wait()
            open_ones -= 1
            return {"output": str(item["n"])}

        before = threading.active_count()
        result = await aevaluate(dataset, task, [Equals()], task_threads=1_000, verbose=0, store=store)
        assert result.complete
        assert threads - before <= slots.WORKERS + 10

    asyncio.run(main())
    assert max(there) == 1_000


@pytest.mark.parametrize("threads", [2, 40])
def test_a_cancel_is_a_stop_and_the_result_is_in_its_cause(store: Store, threads: int) -> None:
    dataset = numbers(store, 60)
    calls: list[int] = []

    async def main() -> None:
        late = asyncio.Event()

        async def task(item: Json) -> Json:
            calls.append(item["n"])
            if len(calls) > 10:
                late.set()
                await gate.wait()
            return {"output": str(item["n"])}

        gate = asyncio.Event()
        running = asyncio.create_task(
            aevaluate(dataset, task, [Equals()], experiment_name="e", task_threads=threads, verbose=0, store=store)
        )
        await late.wait()
        running.cancel()
        asyncio.get_running_loop().call_later(0.01, gate.set)  # those on the way come back in their grace time
        with pytest.raises(asyncio.CancelledError) as stopped:
            await running
        cause = stopped.value.__cause__
        assert isinstance(cause, exceptions.EvaluationInterrupted)
        assert not cause.result.complete
        assert len(cause.result.test_results) >= 10
        started = len(calls)
        await asyncio.to_thread(until, lambda: store.leases.holder(cause.result.experiment_id) is None)
        assert len(calls) == started < 60
        assert (await aevaluate_resume("e", task, [Equals()], task_threads=threads, verbose=0, store=store)).complete
        assert len(calls) == 60

    asyncio.run(main())


def test_a_second_cancel_does_not_wait(store: Store) -> None:
    dataset = numbers(store, 1)
    let_go = threading.Event()
    entered = threading.Event()

    def task(item: Json) -> Json:
        entered.set()
        assert let_go.wait(FOR_EVER)
        return {"output": str(item["n"])}

    async def main() -> None:
        running = asyncio.create_task(aevaluate(dataset, task, experiment_name="e", verbose=0, store=store))
        await asyncio.to_thread(entered.wait)
        running.cancel()
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(main())
    let_go.set()
    (found,) = store.named("e")
    until(lambda: result_of(found.id, store).complete)


@pytest.mark.parametrize("threads", [4, 40])
def test_context_variables_of_the_caller_are_seen_and_not_shared(store: Store, threads: int) -> None:
    given: contextvars.ContextVar[str] = contextvars.ContextVar("given")
    dataset = numbers(store, 50)

    async def task(item: Json) -> Json:
        said = given.get()
        given.set("mine")
        await asyncio.sleep(0)
        return {"output": said}

    async def main() -> None:
        given.set("callers")
        result = await aevaluate(dataset, task, task_threads=threads, verbose=0, store=store)
        assert {each.test_case.task_output["output"] for each in result.test_results} == {"callers"}
        assert given.get() == "callers"

    asyncio.run(main())


@pytest.mark.parametrize("threads", [4, 40])
@pytest.mark.parametrize("timeout", [None, FOR_EVER])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_whatever_a_coroutine_raises_belongs_to_its_cell(
    store: Store, error: type[BaseException], timeout: float | None, threads: int
) -> None:
    dataset = numbers(store, 40)

    async def task(item: Json) -> Json:
        await asyncio.sleep(0)
        if item["n"] == 3:
            raise error("mine")
        return {"output": str(item["n"])}

    async def main() -> Any:
        options: dict[str, Any] = {"task_threads": threads, "timeout": timeout, "verbose": 0, "store": store}
        return await aevaluate(dataset, task, [Equals()], **options)

    result = asyncio.run(main())
    assert sum(attempt.complete for attempt in store.attempts(result.experiment_id)) == 39
    assert [attempt.error.exception_type for attempt in store.attempts(result.experiment_id) if attempt.error] == [
        error.__name__
    ]


def test_tries_of_coroutines_are_one_attempt_without_a_thread_each(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "FIRST_SECONDS", 0.0)
    dataset, calls = numbers(store, 40), []

    async def task(item: Json) -> Json:
        calls.append(item["n"])
        if calls.count(item["n"]) == 1:
            raise ConnectionError("first")
        if calls.count(item["n"]) == 2 and item["n"] == 7:
            await asyncio.sleep(FOR_EVER)
        return {"output": str(item["n"])}

    result = evaluate(dataset, task, [Equals()], task_threads=40, retries=2, timeout=5.0, verbose=0, store=store)
    assert result.complete
    kept = list(store.attempts(result.experiment_id, heavy=True))
    assert sorted(len(attempt.tries) for attempt in kept) == [*[2] * 39, 3]


def test_a_stop_wakes_coroutines_that_wait_for_their_next_try(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "FIRST_SECONDS", FOR_EVER)
    monkeypatch.setattr(policy, "LONGEST_SECONDS", FOR_EVER)
    events: list[Event] = []

    async def task(item: Json) -> Json:
        raise ConnectionError("no")

    evaluate(numbers(store, 40), task, experiment_name="e", verbose=0, store=store)
    plan = plan_resume("e", store=store)
    run = prepare_resume(plan, task, task_threads=40, retries=policy.Retries(3), listener=events.append, store=store)
    run.start()
    until(lambda: sum(isinstance(event, Waiting) for event in events) == 40)
    run.stop()
    assert run.wait(20)
    assert not any(isinstance(event, TriedAgain) for event in events)
    assert run.on_the_way == ()
    errors = [attempt.error.exception_type for attempt in store.attempts(run.experiment_id) if attempt.error]
    assert errors == ["ConnectionError"] * 80  # none had to be cancelled


def test_what_aevaluate_began_is_refused_when_its_loop_has_ended(store: Store) -> None:
    dataset = numbers(store, 2)

    async def task(item: Json) -> Json:
        raise ValueError

    async def main() -> None:
        await aevaluate(dataset, task, experiment_name="e", verbose=0, store=store)

    asyncio.run(main())
    (found,) = store.named("e")
    used = registry.used_in_process(found.id)
    assert used is not None
    with pytest.raises(exceptions.ArgumentError, match="not running any more"):
        prepare_resume(plan_resume("e", store=store), used.task, loop=used.loop, store=store)
    assert store.leases.holder(found.id) is None
    # asked for by name it runs on a loop of ours
    assert not evaluate_resume("e", task, verbose=0, store=store).complete
