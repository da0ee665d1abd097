"""Work that may take seconds, asked for by a handler that has to answer at once.

The answer itself is always sent by the handler: a reply from a thread of ours would misroute the clicks that follow
(ipykernel 7.4). What comes late is told by the feed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
PATIENCE = 0.15
"""Seconds that a handler waits before it answers without."""


class Task(Generic[T]):
    """One call on a daemon thread of its own.

    ``late`` is called, on that thread and with the exception if there was one, when nobody waited for its end.
    """

    def __init__(self, call: Callable[[], T], late: Callable[[BaseException | None], None]) -> None:
        self._call = call
        self._late = late
        self._lock = threading.Lock()  # guards what follows
        self._left = False
        self._done = threading.Event()
        self._value: T | None = None
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name="opik-resume task", daemon=True).start()

    def result(self, seconds: float) -> T | None:
        """What the call returned or raised, if it did so in time; else None."""
        self._done.wait(seconds)
        with self._lock:
            self._left = not self._done.is_set()
        if self._left:
            return None
        if self._error is not None:
            raise self._error
        return self._value

    def _run(self) -> None:
        try:
            self._value = self._call()
        except BaseException as error:  # raised where it is waited for
            self._error = error
        with self._lock:
            self._done.set()
            left = self._left
        if left:
            self._late(self._error)
