"""Pages of the list of experiments, with a strip of each one's cells."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from opik_resume.base.records import Experiment, Json
from opik_resume.exceptions import OpikResumeError, ServerError
from opik_resume.experiment.reading import Reading, read_experiment
from opik_resume.notebook.background import patience
from opik_resume.notebook.background.readings import FRESH_SECONDS, readings_of
from opik_resume.notebook.widget.payload import row_json, unread_row_json
from opik_resume.notebook.widget.strips import strip
from opik_resume.stores.protocol import Store

_KEPT = 1_000
_LARGE = 10_000
_UNREAD_SECONDS = 5.0
"""How soon a row that could not be read is tried again, when it is in sight."""
_AT_ONCE = 4
"""Experiments of a server that are read at a time. A local file is read by one thread: it takes the time of a core."""


class Page(NamedTuple):
    """Rows of the list and, in ``strips``, what they refer to."""

    rows: list[Json]
    strips: bytes
    total: int


class _Line(NamedTuple):
    """One row, as of a stamp and a moment."""

    stamp: Hashable
    read_at: float
    row: Json
    strip: bytes


class Listing:
    """Makes pages of the list. What was read is used again until it has changed.

    The rows of a local store are read when they are listed, those of a server when they are in sight (:meth:`look`).
    ``news`` is called when rows that a page had to leave open can be told.
    """

    def __init__(self, store: Store, news: Callable[[], None]) -> None:
        self._store = store
        self._news = news
        self._readings = readings_of(store)
        self._lock = threading.Lock()  # guards what follows
        self._lines: dict[str, _Line] = {}
        self._known: dict[str, Experiment] = {}  # what has been listed of a server
        self._wanted: deque[str] = deque()
        self._reading: set[str] = set()
        self._workers = 0

    def page(self, experiments: Sequence[Experiment], total: int) -> Page:
        """One page of what was found."""
        if self._readings.remote:
            self._note(experiments)
        else:
            self._bring([experiment for experiment in experiments if self._line(experiment) is None])
        rows, strips = [], bytearray()
        for experiment in experiments:
            line = self._line(experiment) or _Line(None, 0.0, unread_row_json(experiment, "reading"), b"")
            rows.append({**line.row, "strip": [len(strips), len(line.strip)]})
            strips += line.strip
        return Page(rows, bytes(strips), total)

    def look(self, experiment_ids: Sequence[str]) -> None:
        """These rows are in sight: a server's are read if they are old or not known. Others can wait."""
        if not self._readings.remote:
            return
        with self._lock:
            seen = [self._known[id_] for id_ in experiment_ids if id_ in self._known]
        old = [experiment.id for experiment in seen if self._is_old(experiment)]
        with self._lock:
            self._wanted = deque(id_ for id_ in old if id_ not in self._reading)
            starting = min(len(self._wanted), _AT_ONCE - self._workers)
            self._workers += starting
        for _ in range(starting):
            threading.Thread(target=self._work, name="opik-resume list", daemon=True).start()

    def newest(self, experiments: Sequence[Experiment]) -> list[tuple[Experiment, Reading | None]]:
        """These as read; None for those that would take too long."""
        if self._readings.remote:
            return [(experiment, self._readings.last(experiment.id)) for experiment in experiments]
        until = time.monotonic() + patience.PATIENCE
        return [(e, self._read(e) if time.monotonic() < until else None) for e in experiments]

    # What is known of each

    def _note(self, experiments: Sequence[Experiment]) -> None:
        with self._lock:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known.update((experiment.id, experiment) for experiment in experiments)

    def _stamp(self, experiment: Experiment) -> Hashable:
        holder = self._store.leases.holder(experiment.id)
        run = holder and holder.run_id
        if self._readings.remote:
            return self._readings.turns(experiment.id), run
        return experiment.updated_at, experiment.status, run

    def _line(self, experiment: Experiment) -> _Line | None:
        """What can be shown; of a server that may be as it was when it was last in sight."""
        with self._lock:
            line = self._lines.get(experiment.id)
        return line if line is not None and (self._readings.remote or line.stamp == self._stamp(experiment)) else None

    def _is_old(self, experiment: Experiment) -> bool:
        line = self._line(experiment)
        if line is None or line.stamp != self._stamp(experiment):
            return True
        counts = _UNREAD_SECONDS if line.row["state"] == "unread" else FRESH_SECONDS
        return time.monotonic() - line.read_at >= counts

    def _keep(self, experiment: Experiment) -> None:
        stamp, now = self._stamp(experiment), time.monotonic()
        try:
            reading = self._read(experiment)
            row = row_json(experiment, reading)
        except ServerError:
            reading, row = None, unread_row_json(experiment, "unread")
        line = _Line(stamp, now, row, strip(reading.grid.states) if reading is not None else b"")
        with self._lock:
            if len(self._lines) >= _KEPT:
                self._lines.clear()
            self._lines[experiment.id] = line
            self._reading.discard(experiment.id)

    def _read(self, experiment: Experiment) -> Reading | None:
        """None when it cannot be read as a grid: it must not hide the others."""
        try:
            if self._readings.remote or experiment.expected > _LARGE:  # not to be read twice, for the list and its view
                return self._readings.read(experiment.id)
            return self._readings.peek(experiment.id) or read_experiment(experiment, self._store)
        except ServerError:
            raise
        except OpikResumeError:
            return None

    # Reading

    def _bring(self, missing: Sequence[Experiment]) -> None:
        """Read these, one after the other; what takes long is left to a thread."""
        with self._lock:
            todo = [experiment for experiment in missing if experiment.id not in self._reading]
            self._reading |= {experiment.id for experiment in todo}
        if not todo:
            return

        def work() -> None:
            for experiment in todo:
                self._keep(experiment)

        patience.Task(work, lambda _: self._news()).result(patience.PATIENCE)

    def _work(self) -> None:
        """Read what is wanted, the news after each, until there is nothing left."""
        while (experiment := self._next()) is not None:
            self._keep(experiment)
            self._news()

    def _next(self) -> Experiment | None:
        with self._lock:
            while self._wanted:
                experiment = self._known.get(self._wanted.popleft())
                if experiment is not None:
                    self._reading.add(experiment.id)
                    return experiment
            self._workers -= 1
            return None
