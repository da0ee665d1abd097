"""Waiting for the next try of a cell: told to whoever listens, cut short by a stop, not begun when it would be in vain."""

from __future__ import annotations

import threading
from collections.abc import Callable

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

    def __call__(self, key: CellKey, pause: Pause) -> bool:
        """Wait. Returns whether there may be another try then."""
        left = self._left()
        if self._stopped.is_set() or (left is not None and pause.seconds >= left):
            return False
        self._tell(Waiting(key, pause.seconds, pause.why))
        if self._stopped.wait(pause.seconds):
            return False
        self._tell(TriedAgain(key, pause.number))
        return True
