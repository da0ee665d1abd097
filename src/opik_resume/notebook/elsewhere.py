"""Runs of other processes: what their lease and their attempts tell about an experiment on show."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from opik_resume.grid import Bytes
from opik_resume.reading import Reading
from opik_resume.records import CellState
from opik_resume.stores.protocol import Store

PERIOD = 2.0
_REST = 4.0
"""How many times as long as a look takes there is rest before the next: a large experiment takes seconds to read."""


def live_states(reading: Reading) -> Bytes:
    """The state bytes, where a start under the present lease that has not reported back is running."""
    states, holder = reading.grid.states.copy(), reading.holder
    if holder is not None:
        for cell in np.flatnonzero(states == CellState.interrupted).tolist():
            attempt = reading.grid.attempts[cell]
            if attempt is not None and attempt.ended_at is None and attempt.started_at >= holder.since:
                states[cell] = CellState.running
    return states


class Lookout:
    """Looks at one experiment at a time, at most every :data:`PERIOD` seconds, whether another process runs it.

    Only the lease is looked at as long as nobody holds it. Not safe for threads: one thread looks.
    """

    def __init__(self, store: Store, read: Callable[[str], Reading]) -> None:
        self._store = store
        self._read = read
        self._experiment_id = ""
        self._held = False
        self._next = 0.0

    def seconds(self, now: float) -> float:
        """How long it may rest."""
        return max(0.0, self._next - now)

    def look(self, experiment_id: str, *, held: bool) -> Reading | None:
        """The experiment as it stands, while it is held and once more afterwards; else None.

        ``held``: whether it was, as far as is shown.
        """
        began = time.monotonic()
        if experiment_id != self._experiment_id:
            self._experiment_id, self._held = experiment_id, held
        was, self._held = self._held, self._store.leases.holder(experiment_id) is not None
        try:
            return self._read(experiment_id) if was or self._held else None
        finally:
            now = time.monotonic()
            self._next = now + max(PERIOD, _REST * (now - began))
