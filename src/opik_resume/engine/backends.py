"""Where coroutines run: one event loop, on one daemon thread of this process, shared by every run."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Awaitable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from opik_resume.base.process.forks import in_each_process
from opik_resume.engine.retrying.late import Late, Outlived
from opik_resume.exceptions import TaskTimedOut

if TYPE_CHECKING:
    import asyncio

CANCEL_SECONDS = 1.0  # what a coroutine gets to end, once its time is up
_lock: threading.Lock  # guards the creation of the loop
_loop: asyncio.AbstractEventLoop | None = None


def _begin() -> None:
    """The thread of a parent's loop is not there in its child."""
    global _lock, _loop
    _lock = threading.Lock()
    if _loop is not None:
        from opik_resume.base.process.keeping import never_finalized  # it is there: stores use it

        never_finalized(_loop)  # it shares what it listens on with the parent's
        _loop = None


in_each_process(_begin)


class Awaiter:
    """Turns what a task or metric returned into its value, on behalf of one run; ``cancel`` ends what is waited for.

    The worker that called waits meanwhile, so ``task_threads`` limits coroutines as it limits plain calls.
    """

    def __init__(self) -> None:
        self._waiting: set[Future[Any]] = set()
        self._lock = threading.Lock()  # guards the set: workers add and remove, a stop iterates

    def __call__(self, returned: Any, timeout: float | None = None) -> Any:
        """Raises TaskTimedOut after so many seconds: what is awaited is cancelled then."""
        if not inspect.isawaitable(returned):
            return returned
        import asyncio  # a fifth of what our own import takes, and most tasks are plain functions

        waited = _awaited(returned) if timeout is None else _awaited_for(returned, timeout)
        future = asyncio.run_coroutine_threadsafe(waited, _event_loop())
        with self._lock:
            self._waiting.add(future)
        try:
            return future.result()
        finally:
            with self._lock:
                self._waiting.discard(future)

    def cancel(self) -> None:
        """Cancel every coroutine that this run is waiting for."""
        with self._lock:
            waiting = list(self._waiting)
        for future in waiting:
            future.cancel()


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


async def _awaited_for(awaitable: Awaitable[Any], seconds: float) -> Any:
    """What it still returns when it is cancelled is paid for, and kept."""
    import asyncio

    task = asyncio.ensure_future(_awaited(awaitable))
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


def _event_loop() -> asyncio.AbstractEventLoop:
    global _loop
    with _lock:
        if _loop is None:
            import asyncio

            _loop = asyncio.new_event_loop()
            threading.Thread(target=_run, args=(_loop,), name="opik-resume-loop", daemon=True).start()
        return _loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """Run the loop for ever: a coroutine that raises an interrupt leaves it, and the others are still waited for."""
    while True:
        try:
            loop.run_forever()
        except (KeyboardInterrupt, SystemExit):  # whoever waits for that coroutine gets it as well
            continue
