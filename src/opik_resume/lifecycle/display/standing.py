"""How far a run is, as its events tell it: what a progress line says. Pure but for the clock that it is given."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from opik_resume.base.records import utc_now
from opik_resume.engine.events import Event, RunDropped, RunFinished
from opik_resume.experiment.limits import dollars
from opik_resume.experiment.planning.forecast import said_seconds
from opik_resume.lifecycle.display.meter import Meter
from opik_resume.lifecycle.progress import Backoffs

Clock = Callable[[], float]


class Standing:
    """A listener that counts. Whoever waits for the run reads it meanwhile.

    Args:
        name: what the run is of.
        total: how many cells there are to be run.
        clock: seconds of any one clock.
    """

    def __init__(self, name: str, total: int, clock: Clock = time.monotonic) -> None:
        self.name = name
        self.total = total
        self._clock = clock
        self._began = clock()
        self._since: datetime = utc_now()
        self._lock = threading.Lock()  # guards what follows: the engine's threads write it, another one reads
        self._meter = Meter(self._began)
        self._meter.total = total
        self._dropped = 0
        self._cost: float | None = None
        self._backoffs = Backoffs()

    def __call__(self, event: Event) -> None:
        with self._lock:
            now = self._clock()
            self._backoffs.take(event, now)
            match event:
                case RunFinished(_, attempt):
                    self._meter.finished(now, complete=attempt.complete)
                    if attempt.cost is not None and attempt.started_at >= self._since:  # else it is only scored again
                        self._cost = (self._cost or 0.0) + attempt.cost
                case RunDropped():
                    self._meter.total -= 1
                    self._dropped += 1

    @property
    def done(self) -> int:
        """How many cells are not waited for any more."""
        return self._meter.done + self._dropped

    def troubles(self) -> list[str]:
        """What a line says beside counts, rate and time: ``3 failed``, ``$0.12``, ``backing off 12 s``."""
        with self._lock:
            return list(self._troubles())

    @property
    def seconds(self) -> float:
        """How long it has been going on."""
        return self._clock() - self._began

    def sentence(self, *, ended: bool = False) -> str:
        """``my-experiment: 90 of 200 runs, 3 failed, $0.12, 7.5 runs/s, 15 s left``; of one that has ended, ``in 27 s``."""
        with self._lock:
            counts = f"{self.done:,} of {self.total:,} runs"
            pace = [f"in {said_seconds(self.seconds)}"] if ended else self._pace()
            return f"{self.name}: {', '.join([counts, *self._troubles(), *pace])}"

    def _troubles(self) -> Iterator[str]:
        if self._meter.failed:
            yield f"{self._meter.failed:,} failed"
        if self._cost is not None:
            yield dollars(self._cost)
        if len(self._backoffs):
            yield self._backoffs.said(self._clock())

    def _pace(self) -> Iterator[str]:
        now = self._clock()
        rate, left = self._meter.rate(now), self._meter.seconds_left(now)
        if rate:
            yield f"{rate:,.2g} runs/s" if rate >= 1 else f"{said_seconds(1 / rate)}/run"
        if left:
            yield f"{said_seconds(left)} left"
