"""Many coroutines on the way, few threads: whoever of the workers is free goes on with a cell whose coroutine has ended."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any

WORKERS = 16
"""Threads that begin cells and score and record what came of them. Beyond so many at a time, coroutines wait without one."""

Flow = Generator[Future[Any], None, None]
"""The work on one cell; what it yields is awaited elsewhere before it goes on."""


class Slots:
    """Shared by the workers of one run.

    Args:
        limit: how many cells may be on the way.
        begin: the work on the next cell; None when there is none, now or later.
    """

    def __init__(self, limit: int, begin: Callable[[], Flow | None]) -> None:
        self._begin = begin
        self._changed = threading.Condition()  # guards all below
        self._free = limit
        self._open = 0
        self._more = True
        self._ready: deque[Flow] = deque()

    def work(self) -> None:
        """What each worker does, until nothing is left."""
        while self._wait():
            flow = self._awaited() or self._begun()
            if flow is not None:
                self._go_on(flow)

    def _wait(self) -> bool:
        """Until there is something to do. Returns whether there is."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready or (self._more and self._free) or self._nothing_left)
            return bool(self._ready) or not self._nothing_left

    @property
    def _nothing_left(self) -> bool:
        return not self._more and not self._open

    def _awaited(self) -> Flow | None:
        """What has been awaited comes first: it is paid for, and holds a slot."""
        with self._changed:
            return self._ready.popleft() if self._ready else None

    def _begun(self) -> Flow | None:
        with self._changed:
            if not (self._more and self._free):  # another worker was quicker
                return None
            self._free -= 1
            self._open += 1
        try:
            flow = self._begin()
        except BaseException:
            self._leave(more=False)
            raise
        if flow is None:
            self._leave(more=False)
        return flow

    def _go_on(self, flow: Flow) -> None:
        try:
            awaited = next(flow, None)
        except BaseException:
            self._leave()
            raise
        if awaited is None:
            self._leave()
        else:
            awaited.add_done_callback(lambda _: self._wake(flow))

    def _wake(self, flow: Flow) -> None:
        with self._changed:
            self._ready.append(flow)
            self._changed.notify()

    def _leave(self, *, more: bool = True) -> None:
        with self._changed:
            self._free += 1
            self._open -= 1
            self._more = self._more and more
            self._changed.notify_all()
