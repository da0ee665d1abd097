"""While many objects are made none of them is garbage: looking for cycles among them would take as long as making them."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from opik_resume.base.process.forks import in_each_process


class _Collector:
    """Python's, which is one for all threads: it rests as long as one of them wants it to, if it was at work before."""

    def __init__(self) -> None:
        self._resting = False
        in_each_process(self._begin)

    def _begin(self) -> None:
        """A child has none of the threads that want it to rest."""
        if self._resting:
            gc.enable()
        self._lock = threading.Lock()  # guards what follows
        self._wanted, self._resting = 0, False

    @contextmanager
    def rests(self) -> Iterator[None]:
        """Only around what computes: who waits within keeps it from everybody's garbage."""
        with self._lock:
            self._wanted += 1
            if self._wanted == 1 and gc.isenabled():
                gc.disable()
                self._resting = True
        try:
            yield
        finally:
            with self._lock:
                self._wanted -= 1
                if self._wanted == 0 and self._resting:
                    gc.enable()
                    self._resting = False


collector = _Collector()
