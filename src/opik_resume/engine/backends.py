"""Where coroutines run: one event loop, on one daemon thread of this process, shared by every run."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from opik_resume.base.process.forks import in_each_process
from opik_resume.engine.calling import is_async
from opik_resume.engine.jobs import Callables
from opik_resume.engine.retrying.late import Carried, awaited_for, carried
from opik_resume.exceptions import ArgumentError

if TYPE_CHECKING:
    import asyncio

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

    Args:
        loop: the event loop to await them on; None is ours.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop
        self._waiting: set[Future[Any]] = set()
        self._lock = threading.Lock()  # guards the set: workers add and remove, a stop iterates

    def __call__(self, returned: Any, timeout: float | None = None) -> Any:
        """Raises TaskTimedOut after so many seconds: what is awaited is cancelled then."""
        if not inspect.isawaitable(returned):
            return returned
        waited = carried(returned) if timeout is None else awaited_for(returned, timeout)
        try:
            return self.begin(waited).result()
        except Carried as error:
            raise error.interrupt from None

    def begin(self, coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Have it run on the loop, in the context of whoever calls. Raises RuntimeError when the loop is closed."""
        import asyncio  # a fifth of what our own import takes, and most tasks are plain functions

        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop or _event_loop())
        except BaseException:
            coroutine.close()
            raise
        with self._lock:
            self._waiting.add(future)
        future.add_done_callback(self._end)
        return future

    def _end(self, future: Future[Any]) -> None:
        with self._lock:
            self._waiting.discard(future)

    def cancel(self) -> None:
        """Cancel every coroutine that this run is waiting for."""
        with self._lock:
            waiting = list(self._waiting)
        for future in waiting:
            future.cancel()


def refuse_ended(callables: Callables) -> None:
    """Raise ArgumentError when coroutines are to run on a loop that does not run any more: clients made there are lost."""
    loop = callables.loop
    if loop is not None and is_async(callables.task) and not loop.is_running():
        raise ArgumentError(
            "The event loop on which aevaluate() ran the coroutines of the task is not running any more, and what they use "
            "may belong to it. Nothing was run: await aevaluate_resume(…) in a running loop, or call evaluate_resume(…)."
        )


def _event_loop() -> asyncio.AbstractEventLoop:
    global _loop
    with _lock:
        if _loop is None:
            import asyncio

            _loop = asyncio.new_event_loop()
            threading.Thread(target=_run, args=(_loop,), name="opik-resume-loop", daemon=True).start()
        return _loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """Run the loop for ever: a callback that raises an interrupt leaves it, and the others are still waited for."""
    while True:
        try:
            loop.run_forever()
        except (KeyboardInterrupt, SystemExit):  # whoever waits for that coroutine gets it as well
            continue
