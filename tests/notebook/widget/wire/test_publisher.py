"""The one thread that speaks for all feeds."""

from __future__ import annotations

import threading
import time

from opik_resume.notebook.widget.wire.frames import INFINITE
from opik_resume.notebook.widget.wire.publisher import Publisher
from tests.notebook.helpers import TIMEOUT


class Speaker:
    """Has one thing to say, which takes its time: of the clock, or of the processor."""

    def __init__(self, *, wait: float = 0.0, work: float = 0.0) -> None:
        self.wait, self.work = wait, work
        self.spoken = False

    def seconds(self, now: float) -> float:
        return INFINITE if self.spoken else 0.0

    def speak(self) -> None:
        threading.Event().wait(self.wait)
        end = time.thread_time() + self.work
        while time.thread_time() < end:
            pass
        self.spoken = True


def rest_after(speaker: Speaker) -> float:
    rests: list[float] = []
    rested = threading.Event()

    def rest(seconds: float) -> None:
        rests.append(seconds)
        rested.set()

    Publisher(rest).wake(speaker)
    assert rested.wait(TIMEOUT)
    return rests[0]


def test_it_rests_from_work() -> None:
    assert rest_after(Speaker(work=0.05)) >= 4 * 0.05


def test_it_does_not_rest_from_waiting() -> None:
    """A cell that computes makes every thread wait for the interpreter: what is told late already must not come later."""
    assert rest_after(Speaker(wait=0.3)) < 0.3
