"""Calls side by side: all at once, all ended, and the first problem told."""

from __future__ import annotations

import threading

import pytest

from opik_resume.stores.opik.together import side_by_side


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
