"""The one thread of this process that speaks for every feed: views are many, and each keeps its feed for as long as it lives.

A feed that is closed or that nobody holds any more is let go: only weak references are kept here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol
from weakref import WeakValueDictionary

from opik_resume.base.text import redaction
from opik_resume.notebook.widget.wire.frames import INFINITE

log = redaction.logger(__name__)
_REST = 4.0
"""How many times as long as a round computes there is rest before the next: with many views a round takes milliseconds.

Waiting counts for nothing: beside a cell that computes, a round waits for the interpreter most of its time."""


class Speaker(Protocol):
    """A feed, as its publisher sees it."""

    def seconds(self, now: float) -> float:
        """How long until there is something to say or to look at; infinite when not before it asks to be woken."""

    def speak(self) -> None:
        """Say what is due. Called on the publisher's thread only, so that what is said is in order."""


class Publisher:
    """Goes round the feeds whenever one of them has something to say. Its thread starts with the first.

    Order of locks: the desk's, a feed's, this one's; no lock is held while a feed is asked or speaks.
    """

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._changed = threading.Condition(threading.Lock())  # guards the two below
        self._thread: threading.Thread | None = None
        self._news = False
        self._speakers: WeakValueDictionary[int, Speaker] = WeakValueDictionary()

    def wake(self, speaker: Speaker) -> None:
        """This one has something to say, now or soon."""
        with self._changed:
            self._speakers[id(speaker)] = speaker
            self._news = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="opik-resume feeds", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def forget(self, speaker: Speaker) -> None:
        """It says nothing more. Takes no lock: the garbage collector calls this from wherever it happens to be."""
        self._speakers.pop(id(speaker), None)

    def _run(self) -> None:
        while True:
            began = time.thread_time()
            soonest = self._round()
            until = time.monotonic() + soonest
            self._sleep(_REST * (time.thread_time() - began))
            self._wait_until(until)

    def _round(self) -> float:
        """Let everyone speak who has something to say; the seconds until the next of them has."""
        seconds = INFINITE
        for reference in self._speakers.valuerefs():
            speaker = reference()
            if speaker is not None:
                seconds = min(seconds, _turn(speaker))
        return seconds

    def _wait_until(self, moment: float) -> None:
        with self._changed:
            while not self._news and (rest := moment - time.monotonic()) > 0:
                self._changed.wait(None if rest == INFINITE else rest)
            self._news = False


def _turn(speaker: Speaker) -> float:
    """One feed's turn. Whatever goes wrong with it, the others go on."""
    try:
        if speaker.seconds(time.monotonic()) == 0.0:
            speaker.speak()
        return speaker.seconds(time.monotonic())
    except Exception:
        log.exception("a feed could not be asked")
        return INFINITE


publisher = Publisher()
"""The one of this process."""
