"""Tasks that outlive their run: their cells are marked when the lease is given back, until they come back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from opik_resume.base.records import CellKey
from opik_resume.base.text import redaction
from opik_resume.stores.protocol import Lease

logger = redaction.logger(__name__)


class Abandoned:
    """The cells of one run that are marked as still being worked on. Safe to use from any thread."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._lock = threading.Lock()  # guards the set, and makes one step of "look who is there, and mark them"
        self._marked: set[CellKey] = set()

    def give_back(self, on_the_way: Callable[[], Collection[CellKey]]) -> None:
        """Give the lease back, with a mark on every cell that a worker is on now."""
        with self._lock:
            there = on_the_way()
            self._lease.release(there)
            self._marked.update(there)

    def came_back(self, key: CellKey, *, completed: bool) -> None:
        """A worker has left this cell, and what it brought is recorded."""
        with self._lock:
            if key not in self._marked:
                return
            self._marked.discard(key)
        try:
            self._lease.came_back(key, completed=completed)
        except Exception:  # the mark counts as long as this process lives
            logger.exception("opik-resume: the mark on %s could not be taken away", key)
