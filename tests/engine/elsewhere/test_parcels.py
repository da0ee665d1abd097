"""Calls that take next to no time travel together: none is lost, none waits for a slow one, a stop refuses what has not gone."""

from __future__ import annotations

import os
import pickle
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_resume, exceptions
from opik_resume.base.records import Json
from opik_resume.engine.elsewhere import clusters, parcels, remote
from opik_resume.engine.elsewhere.messages import Address, Fit
from opik_resume.engine.elsewhere.packing import Kit, cloudpickle
from opik_resume.engine.elsewhere.parcels import MOST, Parcels
from opik_resume.engine.retrying.policy import Retries
from opik_resume.metrics import Equals
from opik_resume.stores.protocol import Store
from tests.builders import numbers
from tests.waiting import until


class Handed:
    """What was handed to an executor that answers when it is told."""

    def __init__(self) -> None:
        self.parcels: list[list[bytes]] = []
        self.kits: list[bool] = []
        self.futures: list[Future[bytes]] = []
        self.problem: Exception | None = None

    def __call__(self, calls: Sequence[bytes], kit: bool) -> Future[bytes]:
        if self.problem is not None:
            raise self.problem
        self.parcels.append(list(calls))
        self.kits.append(kit)
        self.futures.append(Future())
        return self.futures[-1]

    def answer(self, at: int) -> None:
        told = [("unfit", call.decode()) for call in self.parcels[at]]
        self.futures[at].set_result(pickle.dumps(told))


@pytest.fixture
def handed() -> Handed:
    return Handed()


def quick(handed: Handed, on_the_way: int = 64) -> Parcels:
    made = Parcels(handed, on_the_way)
    made.took(0.0001)
    return made


def test_calls_go_one_by_one_until_they_are_known_to_be_quick(handed: Handed) -> None:
    made = Parcels(handed, 64)
    futures = [made.send(b"a"), made.send(b"b", kit=True)]
    assert handed.parcels == [[b"a"], [b"b"]]
    assert handed.kits == [False, True]
    handed.answer(1)
    assert futures[1].result(0) == ("unfit", "b")
    assert not futures[0].done()


@pytest.mark.parametrize(("on_the_way", "most"), [(1_000, MOST), (64, 16), (16, 8), (5, 2), (3, 1), (1, 1)])
def test_quick_calls_go_together_but_never_so_many_that_a_worker_waits_for_another(
    handed: Handed, on_the_way: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "LINGER_SECONDS", 10.0)  # a parcel is full before
    made = quick(handed, on_the_way)
    futures = [made.send(str(n).encode(), kit=n == 0) for n in range(2 * most)]
    until(lambda: sum(map(len, handed.parcels)) == 2 * most)
    assert [len(parcel) for parcel in handed.parcels] == [most, most]
    assert handed.kits == [True, False]
    for at in (1, 0):
        handed.answer(at)
    assert [future.result(0) for future in futures] == [("unfit", str(n)) for n in range(2 * most)]
    made.stop()


def test_where_all_are_on_the_way_nobody_else_is_waited_for(handed: Handed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcels, "LINGER_SECONDS", 1_000.0)
    made = Parcels(handed, 6)
    for _ in range(4):
        made.send(b"alone")
    made.took(0.0001)
    made.send(b"a")
    made.send(b"b")  # of three that may go together, and of six that may be on the way
    until(lambda: handed.parcels[4:] == [[b"a", b"b"]])
    made.stop()


def test_what_does_not_fill_a_parcel_goes_soon(handed: Handed) -> None:
    made = quick(handed)
    made.send(b"a")
    until(lambda: handed.parcels)
    made.stop()


def test_without_a_thread_for_parcels_calls_go_alone(handed: Handed, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(name: str, target: Callable[[], None]) -> None:
        raise exceptions.OutOfThreads("no more threads")

    monkeypatch.setattr(parcels, "start_thread", none_left)
    made = quick(handed)
    futures = [made.send(b"a", kit=True), made.send(b"b")]
    assert handed.parcels == [[b"a"], [b"b"]]
    assert handed.kits == [True, False]
    handed.answer(0)
    assert futures[0].result(0) == ("unfit", "a")
    made.stop()
    assert not futures[1].done(), "what was handed over is not refused"


def test_one_slow_call_and_they_go_alone_again_for_a_while(handed: Handed) -> None:
    made = quick(handed)
    made.took(1.0)
    for number in range(30):
        made.send(b"alone")
        assert len(handed.parcels) == number + 1
        made.took(0.0001)
    for _ in range(100):
        made.took(0.0001)
    made.send(b"waits for others")
    until(lambda: len(handed.parcels) == 31)
    made.stop()


def test_a_stop_refuses_what_has_not_gone(handed: Handed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcels, "LINGER_SECONDS", 1_000.0)
    made = quick(handed)
    future = made.send(b"a")
    made.stop()
    assert future.result(0) == ("refused", None)
    assert not handed.parcels


def test_what_the_executor_raises_is_of_all_that_went_together(handed: Handed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcels, "LINGER_SECONDS", 10.0)
    made = quick(handed, 8)
    futures = [made.send(b"a") for _ in range(4)]
    until(lambda: handed.futures)
    handed.futures[0].set_exception(RuntimeError("gone"))
    for future in futures:
        with pytest.raises(RuntimeError, match="gone"):
            future.result(0)
    handed.problem = exceptions.ExecutorBroken("shut down")
    futures = [made.send(b"a") for _ in range(4)]
    for future in futures:
        with pytest.raises(exceptions.ExecutorBroken):
            future.result(10)
    made.stop()


def task(item: Json) -> Json:
    return {"output": str(item["n"])}


class Counting(ThreadPoolExecutor):
    """Says how many calls each parcel had."""

    def __init__(self) -> None:
        super().__init__(2)
        self.sizes: list[int] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.sizes.append(len(args[2]))
        return super().submit(fn, *args, **kwargs)


def test_runs_that_take_no_time_travel_together_and_all_come_back(store: Store) -> None:
    with Counting() as executor:
        result = evaluate(
            numbers(store, 300), task, [Equals()], experiment_name="e", verbose=0, task_threads=64, executor=executor
        )
    assert result.complete
    assert len(result.test_results) == 300
    assert max(executor.sizes) > 1
    assert len(executor.sizes) < 300


def test_a_process_that_is_killed_takes_with_it_what_it_had_and_no_more(store: Store, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    calls.mkdir()

    def dying(item: Json) -> Json:
        (calls / f"{item['n']} {os.getpid()} {len(list(calls.iterdir()))}").touch()
        if item["n"] == 100:  # of 400: by then they travel together
            os.kill(os.getpid(), signal.SIGKILL)
        return task(item)

    with ProcessPoolExecutor(2) as pool, pytest.raises(exceptions.ExecutorBroken) as broken:
        evaluate(numbers(store, 400), dying, [Equals()], experiment_name="e", verbose=0, task_threads=32, executor=pool)
    result: Any = broken.value.result
    assert set(result.failures.state) <= {"interrupted", "never_run"}
    assert len(result.test_results) + len(result.failures) == 400
    begun = Counter(path.name.split()[0] for path in calls.iterdir())
    assert set(begun.values()) == {1}
    assert evaluate_resume("e", task, [Equals()], on_drift="ignore", verbose=0).complete


def packed(calls: int) -> tuple[list[bytes], bytes]:
    kit = Kit(task, (), None, None, Retries())
    return [pickle.dumps("no call")] * calls, cloudpickle().dumps(kit)


def test_a_worker_asks_once_for_what_travels_together_and_refuses_it_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def first_time(run_id: str, ticket: str) -> bool:
        asked.append(ticket)
        return False

    monkeypatch.setattr(clusters, "first_time", first_time)
    address = tuple(Address("run", "digest of a test", os.fspath(tmp_path / "mark"), "ticket"))
    calls, payload = packed(3)
    answers = pickle.loads(remote.answer(tuple(Fit.here()), address, calls, payload))  # type: ignore[arg-type]
    assert answers == [("again", None)] * 3
    assert asked == ["ticket"]


def test_what_a_worker_cannot_read_is_the_failure_of_one(tmp_path: Path) -> None:
    address = tuple(Address("run", "digest of a test", os.fspath(tmp_path / "mark"), "ticket"))
    calls, payload = packed(2)
    answers = pickle.loads(remote.answer(tuple(Fit.here()), address, calls, payload))  # type: ignore[arg-type]
    assert [kind for kind, _ in answers] == ["unfit", "unfit"]
    (tmp_path / "mark").touch()
    answers = pickle.loads(remote.answer(tuple(Fit.here()), address, calls, payload))  # type: ignore[arg-type]
    assert answers == [("refused", None)] * 2
