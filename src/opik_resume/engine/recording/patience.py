"""How often and for how long what a store refuses is tried again. All times in seconds."""

from __future__ import annotations

import time

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
HELD_SECONDS = 600.0
"""How long a run is held while nothing can be recorded: long enough to be told, and to make room on a disk."""
LAST_SECONDS = 10.0  # after the last task has returned
STOPPED_SECONDS = 3.0  # after a stop
LASTING_SECONDS = 1.0  # of what does not pass by waiting


class Patience:
    """Counted from the moment at which trouble began. Not safe for threads: its owner holds a lock."""

    def __init__(self) -> None:
        self._limit = HELD_SECONDS
        self._until = 0.0
        self._pause = FIRST_PAUSE

    def begin(self, *, lasting: bool) -> None:
        """Trouble has begun. ``lasting``: it does not pass by waiting."""
        limit = min(self._limit, LASTING_SECONDS) if lasting else self._limit
        self._until, self._pause = time.monotonic() + limit, FIRST_PAUSE

    def hurry(self, seconds: float) -> None:
        """From now on it lasts no longer than that."""
        self._limit = min(self._limit, seconds)
        self._until = min(self._until, time.monotonic() + seconds)

    @property
    def over(self) -> bool:
        return time.monotonic() >= self._until

    def pause(self) -> float:
        """How long to wait before the next try: longer every time, never beyond the end."""
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
        return max(0.0, min(pause, self._until - time.monotonic()))
