"""SIGTERM while a door is open, in a script, is a stop: what has finished is kept, then whoever had the signal before gets it.

Not in a kernel, whose end is its server's business; not off the main thread, where Python handles no signals; not where
the program ignores it, or handles it on an event loop of its own, which is told at once anyway.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from opik_resume.base.process import exits
from opik_resume.base.process.forks import in_each_process
from opik_resume.base.process.hosts import in_kernel

_open: list[Heeded] = []  # those that have the signal, the innermost last


def _begin() -> None:
    """A child was forked: what is done in it is not ours, and whoever ends it means it."""
    while _open:
        _open.pop().give_back()


_ON_A_LOOP = "_sighandler_noop"  # what asyncio installs: the handler itself is called by the loop


class Heeded:
    """A context in which SIGTERM makes the caller of a door leave.

    Args:
        leave: called in the main thread when the signal comes; it may raise.
        over: whether the door is closed already: then the signal is not ours any more.
    """

    def __init__(self, leave: Callable[[], object], over: Callable[[], bool]) -> None:
        self._leave = leave
        self._over = over
        self._before: Any = None  # whose signal it was
        self._came = False

    def __enter__(self) -> None:
        before = signal.getsignal(signal.SIGTERM) if threading.current_thread() is threading.main_thread() else None
        if before in (None, signal.SIG_IGN) or getattr(before, "__name__", "") == _ON_A_LOOP or in_kernel():
            return
        self._before = before
        _open.append(self)
        signal.signal(signal.SIGTERM, self._take)

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            self.give_back()
            if self._came:
                self._honour()

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        if self._over():  # between the end of the door and ours, or a Ctrl-C has kept us from giving it back
            self.give_back()
            self._honour()
        else:
            self._came = True
            self._leave()

    def give_back(self) -> None:
        """Whoever had the signal before has it again."""
        with suppress(ValueError):
            _open.remove(self)
        if signal.getsignal(signal.SIGTERM) == self._take:  # nobody has taken it meanwhile
            signal.signal(signal.SIGTERM, self._before)

    def _honour(self) -> None:
        """As if the signal came now. Python's default ends the process at once: its exit is gone through before."""
        if self._before is signal.SIG_DFL:
            exits.end()
        signal.raise_signal(signal.SIGTERM)


in_each_process(_begin)
