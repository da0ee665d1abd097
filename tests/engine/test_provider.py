"""Runs against a provider on a real socket, called as users call one: what it refuses is waited for, and nothing is paid twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from opik_resume import connect, evaluate, plan_resume
from opik_resume.base.records import Json
from opik_resume.engine.events import BackingOff, Event, Waiting
from opik_resume.engine.retrying import policy
from opik_resume.evaluation.resume import prepare_resume
from opik_resume.experiment.limits import Limits
from opik_resume.metrics import Equals
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store
from tests.builders import numbers
from tests.engine.provider import KEY, Provider
from tests.experiments import unstarted
from tests.waiting import until

PATIENCE = 20.0


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(policy, "FIRST_SECONDS", 0.1)
    yield connect(tmp_path / "store.db")
    close_all()


_opened: list[httpx.Client] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """What the process remembers of a task may live longer than its test."""
    yield
    while _opened:
        _opened.pop().close()


class Client:
    """The task: one client of httpx for all calls, as users have one."""

    def __init__(self, provider: Provider, key: str = KEY) -> None:
        self._options: Json = {"base_url": provider.url, "headers": {"authorization": f"Bearer {key}"}}
        self._client = httpx.Client(**self._options, limits=httpx.Limits(max_connections=None))
        _opened.append(self._client)

    def __call__(self, item: Json) -> Json:
        return _output(self._client.post("/", json={"n": item["n"]}))

    async def later(self, item: Json) -> Json:
        async with httpx.AsyncClient(**self._options, verify=False) as client:  # no certificates are read each time
            return _output(await client.post("/", json={"n": item["n"]}))


def _output(response: httpx.Response) -> Json:
    response.raise_for_status()
    return dict(response.json())


def run_of(store: Store, task: Any, listener: Any = None, **options: Any) -> Any:
    unstarted(store, "e", numbers(store, 8))
    plan = plan_resume("e", store=store)
    return prepare_resume(plan, task, [Equals()], store=store, listener=listener, **options)


@pytest.mark.parametrize("states", ["", "retry-after-ms"])
@pytest.mark.parametrize(("threads", "awaited"), [(16, False), (40, True)])
def test_all_runs_of_a_bucket_of_50_a_second_complete_and_each_is_paid_once(
    store: Store, threads: int, awaited: bool, states: str
) -> None:
    told: list[Event] = []
    with Provider(50, 5, states=states, seconds=0.02) as provider:
        client = Client(provider)
        result = evaluate(
            numbers(store, 100),
            client.later if awaited else client,
            [Equals()],
            task_threads=threads,
            on_event=told.append,
            verbose=0,
            store=store,
        )
    assert result.complete
    assert set(provider.answered.values()) == {1}
    assert provider.refused > 0
    attempts = list(store.attempts(result.experiment_id, heavy=True))
    assert sum(max(0, len(attempt.tries) - 1) for attempt in attempts) == provider.refused
    assert sum(isinstance(event, Waiting) for event in told) == provider.refused
    fewest = min(event.at_work for event in told if isinstance(event, BackingOff))
    assert 1 <= fewest < threads


def test_what_works_on_so_many_at_once_is_found_out(store: Store) -> None:
    with Provider(most=3, seconds=0.02) as provider:
        result = evaluate(numbers(store, 60), Client(provider), [Equals()], verbose=0, store=store)
    assert result.complete
    assert provider.refused > 0
    assert set(provider.answered.values()) == {1}


def test_what_stalls_is_a_time_out_and_no_pressure(store: Store) -> None:
    told: list[Event] = []
    with Provider(stalls=4, stall=PATIENCE) as provider:
        client = Client(provider)
        result = evaluate(
            numbers(store, 8),
            client.later,
            [Equals()],
            timeout=0.5,
            retries=4,
            on_event=told.append,
            verbose=0,
            store=store,
        )
    assert result.complete
    assert provider.paid > 8, "what stalled was called again"
    assert not any(isinstance(event, BackingOff) for event in told)


def test_a_wrong_key_is_a_failure_at_once_and_the_breaker_ends_the_run(store: Store) -> None:
    told: list[Event] = []
    with Provider(50, 5) as provider:
        result = evaluate(
            numbers(store, 30),
            Client(provider, "sk-wrong"),
            [Equals()],
            task_threads=2,
            breaker=3,
            max_wait=1,
            on_event=told.append,
            verbose=0,
            store=store,
        )
    assert set(result.failures.state) == {"task_failed", "never_run"}
    assert 3 <= provider.unknown <= 5, "those that were on the way end, and no other begins"
    assert (provider.paid, provider.refused) == (0, 0)
    assert not any(isinstance(event, (Waiting, BackingOff)) for event in told)


@pytest.mark.parametrize("awaited", [False, True])
@pytest.mark.parametrize("states", ["", "retry-after"])
def test_a_stop_ends_the_wait_for_a_provider_at_once(store: Store, awaited: bool, states: str) -> None:
    waiting = threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, Waiting):
            waiting.set()

    with Provider(0.01, 1, states=states) as provider:  # after one call nothing for 100 s
        client = Client(provider)
        run = run_of(store, client.later if awaited else client, listen, task_threads=4)
        run.start()
        assert waiting.wait(PATIENCE)
        run.stop()
        assert run.wait(PATIENCE)
    assert provider.paid == 1


@pytest.mark.parametrize("awaited", [False, True])
def test_max_seconds_end_the_wait_for_a_provider(store: Store, awaited: bool) -> None:
    with Provider(0.01, 1, states="retry-after") as provider:
        client = Client(provider)
        run = run_of(store, client.later if awaited else client, task_threads=4, limits=Limits(max_seconds=0.3))
        run.start()
        until(lambda: provider.refused > 0)
        assert run.wait(PATIENCE)
    assert provider.paid == 1
