"""Many on the way, few threads: what was begun is finished, never more than so many at a time, whatever ends first."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest

from opik_resume.engine.running.slots import Flow, Slots
from tests.waiting import until

PATIENCE = 20.0


class Many:
    """So many flows, each of which awaits one future."""

    def __init__(self, total: int) -> None:
        self.left = total
        self.begun: list[Future[Any]] = []
        self.finished = 0
        self._lock = threading.Lock()

    def next(self) -> Flow | None:
        with self._lock:
            if not self.left:
                return None
            self.left -= 1
        return self._flow()

    def _flow(self) -> Flow:
        future: Future[Any] = Future()
        with self._lock:
            self.begun.append(future)
        yield future
        with self._lock:
            self.finished += 1


def _has(many: Many, what: str, count: int) -> bool:
    return (len(many.begun) if what == "begun" else many.finished) == count


def at_work(slots: Slots, workers: int) -> list[threading.Thread]:
    threads = [threading.Thread(target=slots.work, daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.parametrize(("total", "limit", "workers"), [(50, 7, 1), (50, 7, 4), (3, 10, 4), (0, 5, 3), (200, 100, 16)])
@pytest.mark.parametrize("newest_first", [True, False])
def test_all_are_finished_and_never_more_than_so_many_are_open(
    total: int, limit: int, workers: int, newest_first: bool
) -> None:
    many = Many(total)
    slots = Slots(limit, many.next)
    threads = at_work(slots, workers)
    for done in range(total):
        until(partial(_has, many, "begun", min(total, done + limit)))
        open_ones = [future for future in many.begun if not future.done()]
        assert len(open_ones) <= limit
        open_ones[-1 if newest_first else 0].set_result(None)
        until(partial(_has, many, "finished", done + 1))
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_one_that_awaits_nothing_is_finished_at_once() -> None:
    done: list[int] = []
    left = list(range(100))

    def flow() -> Flow:
        done.append(1)
        return
        yield

    slots = Slots(3, lambda: flow() if left and left.pop() is not None else None)
    for thread in at_work(slots, 4):
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert len(done) == 100


def test_one_that_is_cancelled_goes_on_as_well() -> None:
    many = Many(1)
    threads = at_work(Slots(1, many.next), 2)
    until(lambda: many.begun)
    many.begun[0].cancel()
    for thread in threads:
        thread.join(PATIENCE)
    assert many.finished == 1
