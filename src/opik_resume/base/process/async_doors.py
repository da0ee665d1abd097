"""Doors that are awaited: all the work is done on a thread of ours, and whoever awaits it keeps its event loop going.

To cancel is to leave: what is being done is told, and waited for as long as it takes to put together what there is. The
``CancelledError`` then goes on its way, with the exception that a blocking door would raise as its ``__cause__``. To
cancel once more is not to wait for that.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from functools import partial
from typing import Any, ParamSpec, TypeVar

from opik_resume.base.process.doors import RESULT_SECONDS, UNDOING_SECONDS, Caller
from opik_resume.base.process.terminations import Heeded
from opik_resume.exceptions import OutOfThreads

P = ParamSpec("P")
T = TypeVar("T")


def awaited(door: Callable[P, T], name: str, doc: str) -> Callable[P, Coroutine[Any, Any, T]]:
    """What a door does, to be awaited: of the same signature."""
    work = inspect.unwrap(door)

    @functools.wraps(door)
    async def called(*args: P.args, **kwargs: P.kwargs) -> T:
        return await AsyncCaller(asyncio.get_running_loop()).attend_to(partial(work, *args, **kwargs))

    called.__name__ = called.__qualname__ = name
    called.__doc__ = doc
    return called


class AsyncCaller(Caller):
    """A task of an event loop that awaits a door, as seen by the thread that does the work."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.loop = loop
        self._finished = asyncio.Event()

    async def attend_to(self, work: Callable[[], T]) -> T:
        """Have the work done, and await it."""
        task = asyncio.current_task()
        with Heeded(lambda: self.loop.call_soon_threadsafe(task.cancel) if task else None, self._is_over):
            return await self._attend_to(work)

    async def _attend_to(self, work: Callable[[], T]) -> T:
        self._start("door", partial(copy_context().run, self._do, work))
        try:
            await self._finished.wait()
        except asyncio.CancelledError as cancelled:
            await self._wait_for_the_end()
            cancelled.__cause__ = self._said()
            raise
        result: T = self._outcome()
        return result

    def call(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call a function of the user's: in this thread, since the caller's has a loop to keep going."""
        return function(*args, **kwargs)

    async def _wait_for_the_end(self) -> None:
        self._start("leave", self._tell_left)  # it writes to a store
        try:
            await asyncio.wait_for(self._finished.wait(), RESULT_SECONDS if self.last_words else UNDOING_SECONDS)
        except TimeoutError:
            return

    def _start(self, name: str, target: Callable[[], object]) -> None:
        try:
            threading.Thread(target=target, name=f"opik-resume-{name}", daemon=True).start()
        except RuntimeError as error:
            raise OutOfThreads(OutOfThreads.SENTENCE) from error

    def _end(self) -> None:
        self._done = True
        try:
            self.loop.call_soon_threadsafe(self._finished.set)
        except RuntimeError:  # the loop is closed: nobody awaits it any more
            return
