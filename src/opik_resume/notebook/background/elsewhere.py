"""Runs of others: what leases, attempts and servers tell about an experiment on show."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

import numpy as np

from opik_resume.base.records import CellState
from opik_resume.base.text import redaction
from opik_resume.exceptions import ServerError
from opik_resume.experiment.grid import Bytes
from opik_resume.experiment.reading import Reading
from opik_resume.notebook.background.readings import Readings
from opik_resume.stores.protocol import Store

log = redaction.logger(__name__)
PERIOD, SERVER_PERIOD = 2.0, 5.0
LONGEST_REST = 60.0
"""Between two looks at a server that does not answer."""
ATTENTION = 150.0
"""Seconds without a word of any view after which a server is not looked at any more: nobody may be there."""
_REST = 4.0
"""How many times as long as a look takes there is rest before the next: a large experiment takes seconds to read."""
_INFINITE = float("inf")


def live_states(reading: Reading) -> Bytes:
    """The state bytes, where a start under the present lease that has not reported back is running."""
    states, holder = reading.grid.states.copy(), reading.holder
    if holder is not None:
        cells = np.flatnonzero(states == CellState.interrupted)
        for cell, attempt in zip(cells.tolist(), reading.grid.attempts.at(cells), strict=True):
            if attempt is not None and attempt.ended_at is None and attempt.started_at >= holder.since:
                states[cell] = CellState.running
    return states


class Look(Protocol):
    """One look at an experiment."""

    def __call__(self, experiment_id: str, *, held: bool) -> Reading | None:
        """The experiment as it stands, or None when nothing has changed. ``held``: whether it was run, as is shown."""


class LeaseLook:
    """Reads an experiment of the local file while another process holds its lease, and once more afterwards."""

    def __init__(self, store: Store, readings: Readings) -> None:
        self._store = store
        self._readings = readings
        self._experiment_id = ""
        self._held = False

    def __call__(self, experiment_id: str, *, held: bool) -> Reading | None:
        if experiment_id != self._experiment_id:
            self._experiment_id, self._held = experiment_id, held
        was, self._held = self._held, self._store.leases.holder(experiment_id) is not None
        return self._readings.read(experiment_id, anew=True) if was or self._held else None


class ServerLook:
    """Asks a server what has changed since the look before: other machines and the SDK take no lease of ours."""

    def __init__(self, store: Store, readings: Readings) -> None:
        self._store = store
        self._readings = readings
        self._experiment_id = ""
        self._cursor: str | None = None

    def __call__(self, experiment_id: str, *, held: bool) -> Reading | None:  # a lease is not all
        if experiment_id != self._experiment_id:
            self._experiment_id, self._cursor = experiment_id, None
        changed, self._cursor = self._store.changes(experiment_id, self._cursor)
        return self._readings.merge(experiment_id, changed)


class Lookout:
    """Looks at one experiment at a time, on a thread of its own, whether others run it.

    ``problem`` is the sentence that says why a server could not be asked, as long as it cannot. The feed's thread asks
    :meth:`seconds` and calls :meth:`begin`; any thread may call :meth:`attend`.
    """

    def __init__(self, store: Store, readings: Readings) -> None:
        self.problem: str | None = None
        self._remote = readings.remote
        self._look: Look = (ServerLook if self._remote else LeaseLook)(store, readings)
        self._attended = -_INFINITE
        self._looking = False
        self._next = 0.0
        self._failures = 0

    def attend(self) -> None:
        """Somebody is there."""
        self._attended = time.monotonic()

    def seconds(self, now: float) -> float:
        """How long it may rest; for ever while it looks, or while nobody is there for whom a server could be asked."""
        if self._looking or (self._remote and now - self._attended > ATTENTION):
            return _INFINITE
        return max(0.0, self._next - now)

    def refreshed(self) -> None:
        """What is on show has just been read."""
        self.problem, self._failures = None, 0
        self._rest(0.0)

    def _rest(self, took: float) -> None:
        period = SERVER_PERIOD if self._remote else PERIOD
        pause = min(period * 2.0**self._failures, LONGEST_REST) if self._failures else period
        self._next = time.monotonic() + max(pause, _REST * took)

    def begin(self, experiment_id: str, *, held: bool, seen: Callable[[str, Reading | None], None]) -> None:
        """Look, and tell what was seen. Returns at once."""
        self._looking = True

        def call() -> None:
            began = time.monotonic()
            reading = self._looked(experiment_id, held=held)
            self._rest(time.monotonic() - began)
            self._looking = False
            seen(experiment_id, reading)

        threading.Thread(target=call, name="opik-resume lookout", daemon=True).start()

    def _looked(self, experiment_id: str, *, held: bool) -> Reading | None:
        try:
            reading = self._look(experiment_id, held=held)
        except Exception as error:
            self._failures += 1
            if isinstance(error, ServerError):  # told by the feed
                self.problem = str(error)
            else:
                log.exception("it could not be seen what others run")
            return None
        self.problem, self._failures = None, 0
        return reading
