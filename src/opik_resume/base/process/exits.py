"""The end of the process, in two turns: what runs is finished first, then what is open is closed."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from contextlib import suppress

from opik_resume.base.process.forks import in_each_process

_finish: list[Callable[[], None]] = []
_close: list[Callable[[], None]] = []
_armed = False


def finish_at_exit(finish: Callable[[], None]) -> None:
    """Call it when the process ends, while everything is open."""
    _finish.append(finish)
    arm()


def close_at_exit(close: Callable[[], None]) -> None:
    """Call it when the process ends, after all that has something to finish."""
    _close.append(close)
    arm()


def arm() -> None:
    """Have this process do so. For what is opened in a forked child: ``multiprocessing`` clears what its parent armed."""
    global _armed
    if not _armed:
        _armed = True
        atexit.register(end)


def end() -> None:
    """What the end of the process does, for one that ends without going through it. A Ctrl-C only ends what is waited for."""
    for turn in (_finish, _close):
        for call in turn:
            with suppress(KeyboardInterrupt):
                call()


def _begin() -> None:
    global _armed
    _armed = False


in_each_process(_begin)
