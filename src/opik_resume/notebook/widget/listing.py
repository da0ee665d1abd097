"""Pages of the list of experiments, with a strip of each one's cells."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from opik_resume.base.records import Experiment, Json
from opik_resume.base.text import redaction
from opik_resume.experiment.reading import UNREAD, Reading, read_experiment, why_unread
from opik_resume.notebook.background import patience
from opik_resume.notebook.background.readings import FRESH_SECONDS, readings_of
from opik_resume.notebook.widget.looking.payload import row_json, unread_row_json, wire_safe
from opik_resume.notebook.widget.wire.strips import strip
from opik_resume.stores.protocol import Store

_KEPT = 1_000
_LARGE = 10_000
_UNREAD_SECONDS = 5.0
"""How soon a row that could not be read is tried again, when it is in sight."""
_AT_ONCE = 4
"""Experiments of a server that are read at a time. A local file is read by one thread: it takes the time of a core."""

logger = redaction.logger("opik_resume")


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

    def belies(self, reading: Reading) -> bool:
        """Whether its row says that it is in another state."""
        with self._lock:
            line = self._lines.get(reading.experiment.id)
        return line is not None and line.row["state"] != reading.state

    def scored(self, reading: Reading, scores: list[Json]) -> bool:
        """The means of these runs have been read, which a row of many runs does without. Whether that is new to its row."""
        with self._lock:
            line = self._lines.get(reading.experiment.id)
            if line is None or line.row["scores"] or not scores or line.row["done"] != reading.grid.done:
                return False
            self._lines[reading.experiment.id] = line._replace(row={**line.row, "scores": wire_safe(scores)})
        return True

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
        """These as read; None for those that would take too long, or cannot be read."""
        if self._readings.remote:
            return [(experiment, self._readings.last(experiment.id)) for experiment in experiments]
        until = time.monotonic() + patience.PATIENCE
        return [(e, self._read_or_none(e) if time.monotonic() < until else None) for e in experiments]

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
        if line is None or self._readings.remote:
            return line
        return line if line.stamp == self._stamp(experiment) and not _is_to_be_tried_again(line) else None

    def _is_old(self, experiment: Experiment) -> bool:
        line = self._line(experiment)
        if line is None or line.stamp != self._stamp(experiment):
            return True
        return _is_to_be_tried_again(line) or time.monotonic() - line.read_at >= FRESH_SECONDS

    def _keep(self, experiment: Experiment) -> None:
        stamp, now = self._stamp(experiment), time.monotonic()
        try:
            reading = self._read(experiment)
            line = _Line(stamp, now, row_json(reading), strip(reading.grid.states))
        except Exception as error:  # whatever it is, it must not hide the others
            logger.info("Experiment %s could not be read", experiment.id, exc_info=True)
            line = _Line(stamp, now, unread_row_json(experiment, UNREAD, why_unread(error)), b"")
        with self._lock:
            if len(self._lines) >= _KEPT:
                self._lines.clear()
            self._lines[experiment.id] = line
            self._reading.discard(experiment.id)

    def _read(self, experiment: Experiment) -> Reading:
        if self._readings.remote or experiment.expected > _LARGE:  # not to be read twice, for the list and its view
            return self._readings.read(experiment.id)
        return self._readings.peek(experiment.id) or read_experiment(experiment, self._store)

    def _read_or_none(self, experiment: Experiment) -> Reading | None:
        try:
            return self._read(experiment)
        except Exception:  # the list says why
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


def _is_to_be_tried_again(line: _Line) -> bool:
    return line.row["state"] == UNREAD and time.monotonic() - line.read_at >= _UNREAD_SECONDS
