"""Pieces of progress lines: how long a run backs off, and the bar of what is done step by step, plain tqdm on stderr."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opik_resume.base.process.forks import in_each_process
from opik_resume.base.process.streams import Stream
from opik_resume.base.records import CellKey
from opik_resume.engine.events import BackingOff, Ended, Event, RunFinished, TriedAgain, Waiting

STEPS_DELAY = 0.5  # seconds of waiting from which on a bar is worth drawing


def _begin() -> None:
    """Another thread of the parent may have been drawing when it was forked."""
    tqdm = getattr(sys.modules.get("tqdm"), "tqdm", None)
    if tqdm is not None:
        tqdm.set_lock(threading.RLock())


in_each_process(_begin)


class Backoffs:
    """Who waits, and until when, as the events of a run tell it: cells for their next try, or the whole run for a provider."""

    def __init__(self) -> None:
        self._until: dict[CellKey, float] = {}
        self._pressure: tuple[BackingOff, float] | None = None  # and until when nothing begins

    def __len__(self) -> int:
        return len(self._until) + (self._pressure is not None)

    def take(self, event: Event, now: float) -> bool:
        """Returns whether somebody waits now who did not, or the other way round."""
        match event:
            case Waiting(cell, seconds):
                self._until[cell] = now + seconds
                return True
            case BackingOff(seconds):
                self._pressure = None if event.over else (event, now + seconds)
                return True
            case TriedAgain(cell) | RunFinished(cell):
                return self._until.pop(cell, None) is not None
            case Ended():
                self._until.clear()
                self._pressure = None
                return True
        return False

    def said(self, now: float) -> str:
        """``backing off 12 s``: until the last of them goes on; of the whole run, ``backing off 12 s, 4 of 16 at work``."""
        if self._pressure is not None:
            event, until = self._pressure
            return event.said(until - now)
        left = max(self._until.values(), default=now) - now
        return f"backing off {max(1, math.ceil(left))} s"


@contextmanager
def steps_bar(name: str, total: int, unit: str, *, shown: bool) -> Iterator[Callable[[], object]]:
    """Call what it gives after each step. In terminals only, when it takes its time, and gone at the end: it is a wait."""
    from tqdm import tqdm

    with tqdm(
        total=total,
        desc=name,
        unit=unit,
        file=Stream(),
        leave=False,
        delay=STEPS_DELAY,
        dynamic_ncols=True,
        disable=None if shown else True,  # None: unless it is a terminal
    ) as bar:
        yield bar.update
