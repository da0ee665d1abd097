"""Requests that do not wait for each other's answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

AT_ONCE = 4  # calls under way: no more bodies are in memory, and no more connections open

Call = Callable[[], Any]


def side_by_side(calls: Iterable[Call]) -> None:
    """Make these calls, a few at the same time, and return when all have ended; after a problem no more are begun.

    A call is asked for when there is room for it: what an iterator makes on the way is never all in memory.

    Raises:
        Exception: what the first of them, in their order, has raised, or what the iterator has.
    """
    _Calls(calls).make_all()


class _Calls:
    def __init__(self, calls: Iterable[Call]) -> None:
        self._numbered = enumerate(calls)
        self._turn = threading.Lock()  # guards all of these
        self._problems: dict[int, Exception] = {}
        self._threads: list[threading.Thread] = []

    def make_all(self) -> None:
        self._make()
        for thread in self._threads:  # each has begun the next one before it ended
            thread.join()
        if self._problems:
            raise self._problems[min(self._problems)]

    def _make(self) -> None:
        number = -1
        try:
            while (found := self._next()) is not None:
                number, call = found
                call()
        except Exception as error:
            self._problems[number] = error

    def _next(self) -> tuple[int, Call] | None:
        """The next call, with one more thread for the one after it."""
        with self._turn:
            found = None if self._problems else next(self._numbered, None)
            if found is not None and len(self._threads) < AT_ONCE - 1:
                # Not of an executor, whose threads are joined when the process exits: a request that hangs would hang it.
                thread = threading.Thread(target=self._make, name="opik-resume-request", daemon=True)
                thread.start()
                self._threads.append(thread)
        return found
