"""Progress as lines of their own, now and then: for logs, pipes and notebooks that are executed without anybody looking."""

from __future__ import annotations

import time

from opik_resume.base.process.streams import say
from opik_resume.engine.events import Event
from opik_resume.lifecycle.display.standing import Clock, Standing

EVERY_SECONDS = 30.0
_LOOK_SECONDS = 1.0


class Lines:
    """A line each 30 s, and one at the end.

    ``brief``: something else shows the end, so that a run of less than 30 s has no line at all.
    """

    seconds: float | None = _LOOK_SECONDS

    def __init__(self, standing: Standing, *, brief: bool = False, clock: Clock = time.monotonic) -> None:
        self._standing = standing
        self._clock = clock
        self._due = clock() + EVERY_SECONDS
        self._last_said = brief

    def __call__(self, event: Event) -> None:
        self._standing(event)

    def tick(self) -> None:
        now = self._clock()
        if now >= self._due:
            self._due = now + EVERY_SECONDS
            self._last_said = False
            self._say()

    def close(self) -> None:
        if not self._last_said:
            self._last_said = True
            self._say(ended=True)

    def _say(self, *, ended: bool = False) -> None:
        say(self._standing.sentence(ended=ended))
