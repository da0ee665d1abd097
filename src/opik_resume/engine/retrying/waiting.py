"""Waiting for the next try of a cell: told to whoever listens, cut short by a stop, not begun when it would be in vain."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from opik_resume.base.records import CellKey
from opik_resume.engine.events import Event, TriedAgain, Waiting
from opik_resume.engine.retrying.policy import Pause


class Waits:
    """Those of one run.

    Args:
        stopped: set by a stop.
        left: how many seconds something may still start, of which None is no limit.
        tell: takes events.
    """

    def __init__(
        self, stopped: threading.Event, left: Callable[[], float | None], tell: Callable[[Event], None]
    ) -> None:
        self._stopped = stopped
        self._left = left
        self._tell = tell
        self._asleep: set[Future[None]] = set()  # who waits without a thread
        self._lock = threading.Lock()  # guards the set

    def __call__(self, key: CellKey, pause: Pause) -> bool:
        """Wait. Returns whether there may be another try then."""
        if not self._begin(key, pause) or self._stopped.wait(pause.seconds):
            return False
        self._tell(TriedAgain(key, pause.number))
        return True

    async def awaited(self, key: CellKey, pause: Pause) -> bool:
        """The same, on an event loop."""
        if not self._begin(key, pause) or await self._woken(pause.seconds):
            return False
        self._tell(TriedAgain(key, pause.number))
        return True

    def wake(self) -> None:
        """The run is stopped."""
        with self._lock:
            asleep = list(self._asleep)
        for sleeper in asleep:
            sleeper.cancel()

    def _begin(self, key: CellKey, pause: Pause) -> bool:
        left = self._left()
        if self._stopped.is_set() or (left is not None and pause.seconds >= left):
            return False
        self._tell(Waiting(key, pause.seconds, pause.why))
        return True

    async def _woken(self, seconds: float) -> bool:
        """Wait so long, or less. Returns whether the run is stopped."""
        import asyncio

        sleeper: Future[None] = Future()
        with self._lock:
            self._asleep.add(sleeper)
        try:
            if not self._stopped.is_set():  # a stop sets it before it wakes
                await asyncio.wait({asyncio.wrap_future(sleeper)}, timeout=seconds)
        finally:
            sleeper.cancel()
            with self._lock:
                self._asleep.discard(sleeper)
        return self._stopped.is_set()
