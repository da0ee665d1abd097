"""The progress bars of the blocking doors: plain tqdm on stderr, fed by the engine's events or step by step."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opik_resume.base.process.forks import in_each_process
from opik_resume.engine.events import Event, RunDropped, RunFinished

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
    with tqdm(total=total, desc=name, unit="run", dynamic_ncols=True) as bar:

        def listener(event: Event) -> None:
            nonlocal failed
            if isinstance(event, RunFinished) and not event.attempt.complete:
                failed += 1
                bar.set_postfix(failed=failed, refresh=False)
            if isinstance(event, (RunFinished, RunDropped)):
                bar.update()

        yield listener


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
