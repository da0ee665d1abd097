"""The progress bars of the blocking doors: plain tqdm on stderr, fed by the engine's events or step by step."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opik_resume.base.process.forks import in_each_process
from opik_resume.base.records import CellKey
from opik_resume.engine.events import Event, RunDropped, RunFinished, TriedAgain, Waiting

STEPS_DELAY = 0.5  # seconds of waiting from which on a bar is worth drawing


def _begin() -> None:
    """Another thread of the parent may have been drawing when it was forked."""
    tqdm = getattr(sys.modules.get("tqdm"), "tqdm", None)
    if tqdm is not None:
        tqdm.set_lock(threading.RLock())


in_each_process(_begin)


@contextmanager
def progress_bar(name: str, total: int, *, shown: bool) -> Iterator[Callable[[Event], None] | None]:
    """A listener that draws a bar for ``total`` runs; None when nothing is to be shown."""
    if not shown:
        yield None
        return
    from tqdm import tqdm

    failed = 0
    backoffs = Backoffs()
    with tqdm(total=total, desc=name, unit="run", dynamic_ncols=True) as bar:

        def listener(event: Event) -> None:
            nonlocal failed
            if isinstance(event, RunFinished) and not event.attempt.complete:
                failed += 1
            changed = backoffs.take(event, time.monotonic())
            if changed or failed:
                said = [f"failed={failed}"] * (failed > 0) + [backoffs.said(time.monotonic())] * (len(backoffs) > 0)
                bar.set_postfix_str(", ".join(said), refresh=changed)
            if isinstance(event, (RunFinished, RunDropped)):
                bar.update()

        yield listener


class Backoffs:
    """Which cells wait for their next try, and until when, as the events of a run tell it."""

    def __init__(self) -> None:
        self._until: dict[CellKey, float] = {}

    def __len__(self) -> int:
        return len(self._until)

    def take(self, event: Event, now: float) -> bool:
        """Returns whether somebody waits now who did not, or the other way round."""
        match event:
            case Waiting(cell, seconds):
                self._until[cell] = now + seconds
                return True
            case TriedAgain(cell) | RunFinished(cell):
                return self._until.pop(cell, None) is not None
        return False

    def said(self, now: float) -> str:
        """``backing off 12 s``: until the last of them goes on."""
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
        leave=False,
        delay=STEPS_DELAY,
        dynamic_ncols=True,
        disable=None if shown else True,  # None: unless it is a terminal
    ) as bar:
        yield bar.update
