"""Pages of the list of experiments, with a strip of each one's cells."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

from opik_resume.exceptions import OpikResumeError
from opik_resume.grid import strip
from opik_resume.notebook.background import Desk
from opik_resume.notebook.payload import STRIP_WIDTH, row_json
from opik_resume.reading import Reading, read_experiment
from opik_resume.records import CellState, Experiment, Json
from opik_resume.stores.protocol import Store

FRESH_SECONDS = 2.0
_KEPT = 1_000


class Page(NamedTuple):
    """Rows of the list and, in ``strips``, the state bytes that they refer to."""

    rows: list[Json]
    strips: bytes
    total: int


class Listing:
    """Reads pages of the list. What was read is used again for a short moment, while the user types or scrolls."""

    def __init__(self, store: Store, desk: Desk) -> None:
        self._store = store
        self._desk = desk
        self._lock = threading.Lock()  # guards the readings kept
        self._kept: dict[str, tuple[float, Reading]] = {}

    def page(self, search: str, offset: int, limit: int) -> Page:
        """One page, the newest experiment first."""
        experiments, total = self._store.find(search, offset, limit)
        rows, strips = [], bytearray()
        for experiment in experiments:
            reading = self.reading(experiment)
            squeezed = strip(reading.grid.states, STRIP_WIDTH) if reading is not None else b""
            rows.append(row_json(experiment, reading, (len(strips), len(squeezed))))
            strips += squeezed
        return Page(rows, bytes(strips), total)

    def newest(self, limit: int) -> tuple[list[tuple[Experiment, Reading | None]], int]:
        """The newest experiments as read, and how many there are in all."""
        experiments, total = self._store.find(limit=limit)
        return [(experiment, self.reading(experiment)) for experiment in experiments], total

    def reading(self, experiment: Experiment) -> Reading | None:
        """The experiment as it stood a moment ago, or None when it cannot be read as a grid."""
        with self._lock:
            read_at, reading = self._kept.get(experiment.id, (0.0, None))
        if reading is not None and self._still_good(reading, time.monotonic() - read_at):
            return reading
        try:
            reading = read_experiment(experiment, self._store)
        except OpikResumeError:  # one that cannot be read must not hide the others
            return None
        self.keep(reading)
        return reading

    def keep(self, reading: Reading) -> None:
        """Use this reading for a short moment."""
        with self._lock:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[reading.experiment.id] = (time.monotonic(), reading)

    def _still_good(self, reading: Reading, age: float) -> bool:
        experiment_id = reading.experiment.id
        if reading.holder is not None or self._desk.find(experiment_id) is not None:
            return False  # it runs, or did so a moment ago
        return age < FRESH_SECONDS or reading.grid.counts()[CellState.completed] == len(reading.grid)
