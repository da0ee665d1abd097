"""Pages of the list of experiments, with a strip of each one's cells."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from opik_resume.exceptions import OpikResumeError
from opik_resume.grid import strip
from opik_resume.notebook.patience import PATIENCE
from opik_resume.notebook.payload import STRIP_WIDTH, row_json
from opik_resume.notebook.readings import readings_of, stamp
from opik_resume.reading import Reading, read_experiment
from opik_resume.records import Experiment, Json
from opik_resume.stores.protocol import Store

_KEPT = 1_000
_LARGE = 10_000


class Page(NamedTuple):
    """Rows of the list and, in ``strips``, the state bytes that they refer to."""

    rows: list[Json]
    strips: bytes
    total: int


class _Line(NamedTuple):
    """One row, as of a stamp."""

    stamp: Hashable
    row: Json
    strip: bytes


class Listing:
    """Reads pages of the list. What was read is used again until it has changed.

    ``news`` is called when rows that a page had to leave open can be told.
    """

    def __init__(self, store: Store, news: Callable[[], None]) -> None:
        self._store = store
        self._news = news
        self._readings = readings_of(store)
        self._lock = threading.Lock()  # guards the two below
        self._lines: dict[str, _Line] = {}
        self._reading: set[str] = set()

    def page(self, search: str, offset: int, limit: int) -> Page:
        """One page, the newest experiment first."""
        experiments, total = self._store.find(search, offset, limit)
        stamps = {experiment.id: self._stamp(experiment) for experiment in experiments}
        self._bring([experiment for experiment in experiments if self._line(experiment.id, stamps) is None])
        rows, strips = [], bytearray()
        for experiment in experiments:
            line = self._line(experiment.id, stamps) or _Line(
                None, row_json(experiment, None) | {"state": "reading"}, b""
            )
            rows.append({**line.row, "strip": [len(strips), len(line.strip)]})
            strips += line.strip
        return Page(rows, bytes(strips), total)

    def newest(self, limit: int) -> tuple[list[tuple[Experiment, Reading | None]], int]:
        """The newest experiments as read, and how many there are in all; None for those that would take too long."""
        experiments, total = self._store.find(limit=limit)
        until = time.monotonic() + PATIENCE
        return [(e, self._read(e) if time.monotonic() < until else None) for e in experiments], total

    def _stamp(self, experiment: Experiment) -> Hashable:
        holder = self._store.leases.holder(experiment.id)
        return stamp(experiment, self._store), holder and holder.run_id

    def _line(self, experiment_id: str, stamps: dict[str, Hashable]) -> _Line | None:
        with self._lock:
            line = self._lines.get(experiment_id)
        return line if line is not None and line.stamp == stamps[experiment_id] else None

    def _bring(self, missing: Sequence[Experiment]) -> None:
        """Read these, one after the other; what takes long is left to a thread."""
        with self._lock:
            todo = [experiment for experiment in missing if experiment.id not in self._reading]
            self._reading |= {experiment.id for experiment in todo}
        if not todo:
            return
        done, left = threading.Event(), threading.Event()

        def work() -> None:
            for experiment in todo:
                self._keep(experiment)
            done.set()
            if left.is_set():
                self._news()

        threading.Thread(target=work, name="opik-resume list", daemon=True).start()
        if not done.wait(PATIENCE):
            left.set()
            if done.is_set():  # it has just become ready, and may not have seen that nobody waits
                left.clear()

    def _keep(self, experiment: Experiment) -> None:
        now = self._stamp(experiment)
        reading = self._read(experiment)
        line = _Line(
            now, row_json(experiment, reading), strip(reading.grid.states, STRIP_WIDTH) if reading is not None else b""
        )
        with self._lock:
            if len(self._lines) >= _KEPT:
                self._lines.clear()
            self._lines[experiment.id] = line
            self._reading.discard(experiment.id)

    def _read(self, experiment: Experiment) -> Reading | None:
        """None when it cannot be read as a grid: it must not hide the others."""
        try:
            if experiment.expected > _LARGE:  # not to be read twice, for the list and for who opens it
                return self._readings.read(experiment.id)
            return self._readings.peek(experiment) or read_experiment(experiment, self._store)
        except OpikResumeError:
            return None
