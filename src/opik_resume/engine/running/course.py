"""How far a run has come: what is left to start, what is on the way, and whether something may still start."""

from __future__ import annotations

import threading
import time

from opik_resume.base.records import Attempt, CellKey
from opik_resume.engine.jobs import Job, Jobs
from opik_resume.experiment.limits import Limits, Spending, StoppedBy


class Course:
    """That of one run. Safe to use from any thread."""

    def __init__(self, jobs: Jobs, limits: Limits, spent: Spending | None = None) -> None:
        self.total = len(jobs)
        self._jobs = jobs
        self._limits = limits
        self._spent = spent  # by the rounds before, for which time began earlier
        self._spending = spent or Spending(limits, 0.0)
        self._on_the_way: set[CellKey] = set()
        self._left = self.total  # cells neither begun nor dropped
        self._stop_reason: str | None = None
        self._started = False
        self._lock = threading.Lock()  # guards all of it

    def start(self) -> bool:
        """Time begins. Returns whether this is the first call."""
        with self._lock:
            first, self._started = not self._started, True
            if first and self._spent is None:
                self._spending = Spending(self._limits, time.monotonic())
            return first

    def stop(self, reason: str) -> None:
        """Nothing more may start."""
        self._stop_reason = reason

    @property
    def stop_reason(self) -> str | None:
        """Why it was stopped, if it was."""
        return self._stop_reason

    def take(self) -> tuple[int, Job] | None:
        """The next job, with its place among all; None when nothing more is to start. Raises what the store raises."""
        with self._lock:
            if self._stop_reason is not None or self._spending.tripped:
                return None
            place = self.total - len(self._jobs)
            job = self._jobs.take()
            return None if job is None else (place, job)

    @property
    def over(self) -> bool:
        """Whether nothing more is to start."""
        return self._stop_reason is not None or self._spending.tripped

    def ahead(self, number: int) -> list[CellKey]:
        """The cells of the next jobs, so many at most."""
        with self._lock:
            return self._jobs.ahead(number)

    def begin(self, key: CellKey) -> bool:
        """The work on this cell begins, if it may: it may have been stopped, or a rule may say so."""
        with self._lock:
            if self._stop_reason is not None or not self._spending.may_start(time.monotonic()):
                return False
            self._left -= 1
            self._on_the_way.add(key)
            return True

    def drop(self) -> None:
        """A cell is not going to be begun."""
        with self._lock:
            self._left -= 1

    def ended(self, attempt: Attempt, cost: float | None, *, passes: bool = False) -> None:
        """This came of a cell, at that price; it stays on the way until it is recorded. ``passes``: by itself, if it failed."""
        with self._lock:
            self._spending.ended(attempt, cost, passes=passes)

    def leave(self, key: CellKey) -> None:
        """Nothing more will come of this cell."""
        with self._lock:
            self._on_the_way.discard(key)

    @property
    def on_the_way(self) -> tuple[CellKey, ...]:
        """The cells that workers are on now."""
        with self._lock:
            return tuple(sorted(self._on_the_way))

    def seconds_left(self) -> float | None:
        """How long something may still start; None: no rule says."""
        return self._spending.seconds_left(time.monotonic())

    def stopped_by(self) -> StoppedBy | None:
        """The rule that has stopped it, if some of it was not started for that."""
        return self._spending.stopped_by(self._left)
