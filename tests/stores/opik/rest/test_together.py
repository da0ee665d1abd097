"""Calls side by side: a few at once, all ended, and the first problem told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from opik_resume.stores.opik.rest.together import AT_ONCE, side_by_side


def test_all_calls_are_made_at_the_same_time() -> None:
    together = threading.Barrier(3)
    side_by_side([lambda: together.wait(10)] * 3)
    side_by_side([])


def test_the_first_problem_is_raised_when_all_have_ended() -> None:
    ended: list[int] = []

    def fail(number: int, after: threading.Event, done: threading.Event) -> None:
        after.wait(10)
        ended.append(number)
        done.set()
        raise RuntimeError(str(number))

    events = [threading.Event() for _ in range(4)]
    events[3].set()
    with pytest.raises(RuntimeError, match="1"):
        side_by_side(
            [
                lambda: None,
                lambda: fail(1, events[2], events[1]),  # it fails last, and is the first in order
                lambda: fail(2, events[3], events[2]),
            ]
        )
    assert ended == [2, 1]


def test_what_is_asked_for_is_made_when_there_is_room_for_it() -> None:
    asked: list[int] = []
    full, go = threading.Event(), threading.Event()

    def calls() -> Iterator[Callable[[], object]]:
        for number in range(20):
            asked.append(number)
            if number == AT_ONCE - 1:
                full.set()
            yield lambda: go.wait(10)

    working = threading.Thread(target=side_by_side, args=(calls(),))
    working.start()
    assert full.wait(10)
    assert asked == list(range(AT_ONCE))
    go.set()
    working.join(10)
    assert asked == list(range(20))


def test_after_a_problem_no_more_are_begun() -> None:
    begun: list[int] = []

    def fail(number: int) -> None:
        begun.append(number)
        raise RuntimeError(str(number))

    with pytest.raises(RuntimeError, match="0"):
        side_by_side(partial(fail, number) for number in range(100))
    assert len(begun) <= AT_ONCE


def test_a_problem_of_what_makes_the_calls_is_raised() -> None:
    def calls() -> Iterator[Callable[[], object]]:
        yield lambda: None
        raise ValueError("no second one")

    with pytest.raises(ValueError, match="no second one"):
        side_by_side(calls())
