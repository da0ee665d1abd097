"""Calls of a task that outlive their time: what is known of them, and plain functions that are begun so that they may."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from opik_resume.engine.workers import start_thread
from opik_resume.exceptions import TaskTimedOut

CANCEL_SECONDS = 1.0  # what a coroutine gets to end, once its time is up


class Late:
    """A call that may outlive its time. Safe to use from any thread."""

    def __init__(self) -> None:
        self._returned: list[Any] = []
        self._raised: BaseException | None = None
        self._ended = threading.Event()
        self._lock = threading.Lock()  # makes one step of "has it ended? else tell later"
        self._told: list[Callable[[], None]] = []

    def end(self, call: Callable[[], Any]) -> None:
        """It comes to this."""
        try:
            self._returned.append(call())
        except BaseException as error:  # it belongs to whoever asks for the outcome
            self._raised = error
        with self._lock:
            self._ended.set()
        for tell in self._told:
            tell()

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether it has, within so many seconds."""
        return self._ended.wait(seconds)

    def outcome(self) -> Any:
        """What it returned, once it has ended. Raises what it raised."""
        if self._raised is not None:
            raise self._raised
        return self._returned[0]

    def then(self, tell: Callable[[], None]) -> None:
        """Tell when it has ended; at once, if it has."""
        with self._lock:
            if not self._ended.is_set():
                self._told.append(tell)
                return
        tell()


class Outlived(TaskTimedOut):
    """The time of a call is up that nobody can end."""

    def __init__(self, late: Late, seconds: float, what: str, remedy: str = "") -> None:
        super().__init__(
            f"the task took longer than timeout={seconds:g} s. It is {what}: it goes on unheeded, what it still returns is "
            f"dropped, and its run is not started again in this process before it has come back.{remedy}"
        )
        self.late = late


Outlived.__name__ = Outlived.__qualname__ = TaskTimedOut.__name__  # a kind of it to us, and the same to users


def call_for(seconds: float, function: Callable[..., Any], *args: Any) -> Any:
    """Call a plain function on a daemon thread, with the context of whoever calls, and wait at most so long.

    Raises:
        TaskTimedOut: its time is up.
        OutOfThreads: there is no thread for it.
    """
    late, context = Late(), contextvars.copy_context()
    start_thread("timed", partial(late.end, partial(context.run, function, *args)))
    if not late.ended(seconds):
        remedy = " An async def task is cancelled instead."
        raise Outlived(late, seconds, "a plain function, which cannot be cut off", remedy)
    return late.outcome()


class Carried(Exception):
    """An interrupt that a coroutine raised, on its way to whoever waits: by itself it would end the loop."""

    def __init__(self, interrupt: BaseException) -> None:
        super().__init__()
        self.interrupt = interrupt


async def carried(awaitable: Awaitable[Any]) -> Any:
    """Await it. Raises Carried for what would end the loop."""
    try:
        return await awaitable
    except (KeyboardInterrupt, SystemExit) as interrupt:
        raise Carried(interrupt) from None


async def awaited_for(awaitable: Awaitable[Any], seconds: float) -> Any:
    """Await it, and cancel it after so many seconds. What it still returns then is paid for, and kept.

    Raises:
        TaskTimedOut: its time is up.
        Carried: it was interrupted.
    """
    import asyncio

    task = asyncio.ensure_future(carried(awaitable))
    try:
        if (await asyncio.wait({task}, timeout=seconds))[0]:
            return task.result()
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_SECONDS)
    except asyncio.CancelledError:  # whoever waits is cancelled, too
        task.cancel()
        raise
    if not task.done():
        late = Late()
        task.add_done_callback(lambda task: late.end(task.result))
        raise Outlived(late, seconds, "a coroutine that does not end when it is cancelled")
    if not task.cancelled() and task.exception() is None:
        return task.result()
    raise TaskTimedOut(f"the task took longer than timeout={seconds:g} s and was cancelled.")
