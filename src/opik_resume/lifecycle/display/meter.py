"""Counts, rate, time left. Pure: every time is given, in seconds of any one clock."""

from __future__ import annotations

from collections import deque

WINDOW = 30.0
_SETTLED = 0.2
"""Seconds before a rate is shown: the first few runs of a burst would promise the moon."""


class Meter:
    """Counts what has ended. Not safe for threads: its owner holds a lock."""

    def __init__(self, now: float) -> None:
        self.total = 0
        self.done = 0
        self.failed = 0
        # The start, then the ends of the recent runs; what leaves the window leaves one entry as its left edge, so
        # that the rate of slow runs decays instead of vanishing.
        self._ends: deque[float] = deque([now])

    def queued(self) -> None:
        """One more cell is going to be run."""
        self.total += 1

    def again(self, *, complete: bool) -> None:
        """One that had ended is going to be run again."""
        self.done -= 1
        self.failed -= not complete

    def finished(self, now: float, *, complete: bool) -> None:
        """The run of one cell has ended."""
        self.done += 1
        self.failed += not complete
        self._ends.append(now)

    def rate(self, now: float) -> float | None:
        """Runs a second over the last :data:`WINDOW` seconds, or None before anything ended."""
        while len(self._ends) > 2 and self._ends[1] < now - WINDOW:
            self._ends.popleft()
        elapsed = now - self._ends[0]
        return (len(self._ends) - 1) / elapsed if len(self._ends) > 1 and elapsed >= _SETTLED else None

    def seconds_left(self, now: float) -> float | None:
        """The time that the rest takes at this rate, or None as long as there is no rate."""
        rate = self.rate(now)
        return (self.total - self.done) / rate if rate else None
