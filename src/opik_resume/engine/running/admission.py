"""Who of a run may go to work, and when: all that have a worker, until a provider objects."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from opik_resume.base.records import CellKey
from opik_resume.engine.events import BackingOff
from opik_resume.engine.running.pressure import Pressure
from opik_resume.engine.workers import start_thread
from opik_resume.exceptions import OutOfThreads

Turn = Future[None]
"""Has a result when it is one's turn, or when nobody need wait any more."""


class Admission:
    """That of one run. Safe to use from any thread.

    Args:
        most: how many may be at work.
        adaptive: whether what a provider refuses makes it fewer.
        left: how many seconds something may still start; None is no limit.
        tell: takes events.
    """

    def __init__(
        self, most: int, *, adaptive: bool, left: Callable[[], float | None], tell: Callable[[BackingOff], None]
    ) -> None:
        self._rule = Pressure(most)
        self._most = most
        self._adaptive = adaptive
        self._left = left
        self._tell = tell
        self._told = most
        self._at_work: set[CellKey] = set()
        self._again: deque[tuple[CellKey, Turn]] = deque()  # have been refused, and come first
        self._fresh: deque[tuple[CellKey, Turn]] = deque()
        self._open = False  # whether nobody need wait any more
        self._served = False
        self._changed = threading.Condition()  # guards all of it

    def enter(self, key: CellKey, *, again: bool = False) -> Turn | None:
        """This cell wants to go to work. None: it may at once. ``again``: it was there, and has been refused."""
        with self._changed:
            if self._open or (self._rule.calm and not self._served):
                self._begin(key)
                return None
            turn: Turn = Future()
            (self._again if again else self._fresh).append((key, turn))
            self._changed.notify()
            return turn

    def leave(self, key: CellKey) -> None:
        """It is not at work any more, whether it was or not."""
        with self._changed:
            self._at_work.discard(key)
            if self._served:
                self._changed.notify()

    def passed(self, began: float) -> None:
        """A call has come back that began at that moment."""
        if not self._adaptive or self._rule.calm:  # nearly always, and asked after every call
            return
        with self._changed:
            self._rule.passed(began)
            news = self._news()
        if news is not None:
            self._tell(news)

    def refused(self, began: float, stated: float | None) -> None:
        """A call was refused; the provider states for how many seconds."""
        if not self._adaptive:
            return
        now = time.monotonic()
        with self._changed:
            cut = self._rule.refused(began, now, stated, len(self._at_work))
            news = self._news(now) if cut else None
            self._serve()
        if news is not None:
            self._tell(news)

    def close(self) -> None:
        """Nobody need wait any more: nothing is going to start."""
        with self._changed:
            self._open = True
            self._changed.notify()
            waiting = [*self._again, *self._fresh]
            self._again.clear()
            self._fresh.clear()
        for key, turn in waiting:
            self._let(key, turn)

    def _news(self, cut: float | None = None) -> BackingOff | None:
        """What is to be told, if the number has changed, or at a cut."""
        limit = self._rule.limit
        if cut is None and limit == self._told:
            return None
        self._told = limit
        return BackingOff(self._rule.held(cut) if cut is not None else 0.0, limit, self._most)

    def _serve(self) -> None:
        """From the first refusal on, a thread says whose turn it is. Without one, all go on as before."""
        if self._served or self._open:
            return
        self._served = True
        try:
            start_thread("admission", self._serving)
        except OutOfThreads:
            self._open = True

    def _serving(self) -> None:
        while True:
            with self._changed:
                if self._open:
                    return
                left = self._left()
                if left is not None and left <= 0:
                    break
                next_one = self._next(left)
            if next_one is not None:
                self._let(*next_one)
        self.close()

    def _next(self, left: float | None) -> tuple[CellKey, Turn] | None:
        """Whose turn it is now, if it is somebody's; else a wait until it may be."""
        waiting = self._again or self._fresh
        wait = self._rule.until_next(time.monotonic(), len(self._at_work)) if waiting else None
        if waiting and wait == 0:
            return waiting.popleft()
        self._changed.wait(min((each for each in (wait, left) if each is not None), default=None))
        return None

    def _let(self, key: CellKey, turn: Turn) -> None:
        with self._changed:
            self._begin(key)
        turn.set_result(None)

    def _begin(self, key: CellKey) -> None:
        self._at_work.add(key)
        if self._adaptive:
            self._rule.began(time.monotonic())
