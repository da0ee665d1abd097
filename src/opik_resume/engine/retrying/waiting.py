"""Waiting for the next try of a cell: told to whoever listens, cut short by a stop, not begun when it would be in vain."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from opik_resume.base.records import CellKey
from opik_resume.engine.events import Event, TriedAgain, Waiting
from opik_resume.engine.retrying.policy import Pause


class Turns(Protocol):
    """Where a cell goes to work when it is its turn: None is at once."""

    def enter(self, key: CellKey, *, again: bool = False) -> Future[None] | None: ...

    def leave(self, key: CellKey) -> None: ...


class Waits:
    """Those of one run.

    Args:
        stopped: set by a stop.
        left: how many seconds something may still start, of which None is no limit.
        tell: takes events.
        turns: where a cell goes away while it waits, and comes back.
    """

    def __init__(
        self,
        stopped: threading.Event,
        left: Callable[[], float | None],
        tell: Callable[[Event], None],
        turns: Turns,
    ) -> None:
        self._stopped = stopped
        self._left = left
        self._tell = tell
        self._turns = turns
        self._asleep: set[Future[None]] = set()  # who waits without a thread
        self._lock = threading.Lock()  # guards the set

    def __call__(self, key: CellKey, pause: Pause) -> bool:
        """Wait. Returns whether there may be another try then."""
        if not self._begin(key, pause) or self._stopped.wait(pause.seconds):
            return False
        turn = self._turns.enter(key, again=True)
        if turn is not None:
            turn.result()
        if not self._may_go_on():
            return False
        self._tell(TriedAgain(key, pause.number))
        return True

    async def awaited(self, key: CellKey, pause: Pause) -> bool:
        """The same, on an event loop."""
        if not self._begin(key, pause) or await self._woken(pause.seconds):
            return False
        turn = self._turns.enter(key, again=True)
        if turn is not None:
            await _awaited(turn)
        if not self._may_go_on():
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
        self._turns.leave(key)
        self._tell(Waiting(key, pause.seconds, pause.why))
        return True

    def _may_go_on(self) -> bool:
        left = self._left()
        return not self._stopped.is_set() and (left is None or left > 0)

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


async def _awaited(turn: Future[None]) -> None:
    import asyncio

    await asyncio.wrap_future(turn)
