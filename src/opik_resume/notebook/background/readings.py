"""The readings of experiments on show, kept as long as nothing else has changed: a large one takes seconds to read.

For looking only: what is run is decided by a reading under the lease (``lifecycle.prepare``).
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from opik_resume.base.records import Attempt
from opik_resume.engine.events import Ended, Event, RunFinished
from opik_resume.experiment.reading import Reading
from opik_resume.lifecycle import registry
from opik_resume.lifecycle.conclude import read_and_finish

if TYPE_CHECKING:
    from opik_resume.engine import Listener, Run
    from opik_resume.experiment.planning.plan import ResumePlan
    from opik_resume.stores.protocol import Store

FRESH_SECONDS = 30.0
"""How long a server's experiment counts as unchanged without asking; what this process runs itself is known."""
KEPT_CELLS = 300_000
MOST_FRESH = 10_000
"""Attempts that wait to be taken in. When nobody looks for longer, the next one who does reads the experiment anew."""


@dataclass
class _Kept:
    """One reading (None while it is being read, then ``before`` is still on show), and what was recorded since."""

    stamp: Hashable
    read_at: float
    before: Reading | None = None
    reading: Reading | None = None
    fresh: list[Attempt] = field(default_factory=list)
    running: bool = False
    outgrown: bool = False

    def note(self, attempts: Sequence[Attempt]) -> None:
        """These were recorded since."""
        self.outgrown = self.outgrown or len(self.fresh) + len(attempts) > MOST_FRESH
        if self.outgrown:
            self.fresh.clear()
        else:
            self.fresh += attempts


class Readings:
    """The readings of one store."""

    def __init__(self, store: Store) -> None:
        self.remote = store.remote  # a question may take long; a local file is asked each time, and marks every attempt
        self._store = store
        self._lock = threading.Lock()  # guards what follows
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._active: set[str] = set()  # what this process runs
        self._turns: dict[str, int] = {}
        self._readers: dict[str, threading.Lock] = {}
        # Reading a local file takes the time of one core, and a server's mostly that of others.
        self._one_at_a_time: AbstractContextManager[object] = nullcontext() if self.remote else threading.Lock()

    def turns(self, experiment_id: str | None = None) -> int:
        """How often a run of this process has started or ended; of all experiments, or of one."""
        with self._lock:
            return sum(self._turns.values()) if experiment_id is None else self._turns.get(experiment_id, 0)

    def peek(self, experiment_id: str) -> Reading | None:
        """What is kept, brought up to date with the runs of this process, if nothing else has changed.

        A server is not asked: see :data:`FRESH_SECONDS`.
        """
        now = self._stamp(experiment_id)
        with self._lock:
            kept = self._kept.get(experiment_id)
            if kept is None or not self._counts(kept, now):
                return None
        return self._up_to_date(experiment_id)

    def last(self, experiment_id: str) -> Reading | None:
        """What is kept, however old it is on a server: to look at what is shown."""
        return self._up_to_date(experiment_id) if self.remote else self.peek(experiment_id)

    def read(self, experiment_id: str, *, anew: bool = False) -> Reading:
        """The experiment as it stands. May take seconds."""
        with self._lock:
            one = self._readers.setdefault(experiment_id, threading.Lock())
        with one, self._one_at_a_time:
            found = None if anew else self.peek(experiment_id)
            return found or self._read(experiment_id)

    def merge(self, experiment_id: str, changed: Sequence[Attempt]) -> Reading:
        """Take in what has changed elsewhere; nothing else has."""
        with self._lock:
            kept = self._kept.get(experiment_id)
            there = kept is not None and kept.reading is not None
            if kept is not None and there and not kept.running:
                kept.note(changed)
                kept.read_at = time.monotonic()
            there = there and not (kept is not None and kept.outgrown)
        reading = (self._up_to_date(experiment_id) if there else None) or self.read(experiment_id)
        if reading.obstacle is not None and any(attempt.item_id not in reading.items for attempt in changed):
            return self.read(experiment_id, anew=True)  # its cells are those that have been run
        return reading

    def observe(self, run: Run, plan: ResumePlan) -> Listener:
        """Keep up with a run of this process: it holds the lease, so that nobody else changes what it does."""
        with self._lock:
            self._active.add(run.experiment_id)
            kept = self._turned(run.experiment_id)
        if kept is not None:
            kept.running = self._counts(kept, self._stamp(run.experiment_id))
        return partial(self._on_event, run.experiment_id)

    def _on_event(self, experiment_id: str, event: Event) -> None:
        if isinstance(event, RunFinished):
            with self._lock:
                kept = self._kept.get(experiment_id)
                if kept is not None:
                    kept.note([_light(event.attempt)])
        elif isinstance(event, Ended):
            self._ended(experiment_id)

    def _ended(self, experiment_id: str) -> None:
        with self._lock:
            self._active.discard(experiment_id)
            kept = self._turned(experiment_id)
        if kept is not None:
            now = self._stamp(experiment_id)
            with self._lock:
                kept.stamp = now if kept.running else kept.stamp
                kept.running, kept.read_at = False, -FRESH_SECONDS

    def _turned(self, experiment_id: str) -> _Kept | None:
        """Count a turn; what is kept of the experiment, which may be one of another store."""
        self._turns[experiment_id] = self._turns.get(experiment_id, 0) + 1
        return self._kept.get(experiment_id)

    def _stamp(self, experiment_id: str) -> Hashable:
        """What stays the same in the local file as long as the experiment does."""
        if self.remote:
            return None
        experiment = self._store.get(experiment_id)
        return experiment.updated_at, experiment.status

    def _counts(self, kept: _Kept, stamp: Hashable) -> bool:
        if kept.reading is None or kept.outgrown:
            return False
        young = not self.remote or time.monotonic() - kept.read_at < FRESH_SECONDS
        return kept.running or (young and kept.stamp == stamp)

    def _up_to_date(self, experiment_id: str) -> Reading | None:
        holder = self._store.leases.holder(experiment_id)
        experiment = None if self.remote else self._store.get(experiment_id)
        with self._lock:
            kept = self._kept.get(experiment_id)
            if kept is not None and kept.reading is not None and kept.fresh:
                kept.reading = replace(kept.reading, grid=kept.reading.grid.with_attempts(kept.fresh))
                kept.fresh = []
            reading = (kept.reading or kept.before) if kept is not None else None
            if reading is None:
                return None
            self._kept.move_to_end(experiment_id)
            return replace(reading, experiment=experiment or reading.experiment, holder=holder)

    def _read(self, experiment_id: str) -> Reading:
        # The stamp before it is read: what is recorded meanwhile is not missed.
        kept = _Kept(self._stamp(experiment_id), time.monotonic(), before=self._up_to_date(experiment_id))
        with self._lock:
            was = self._kept.get(experiment_id)
            kept.running = experiment_id in self._active
            self._kept[experiment_id] = kept
        try:
            kept.reading = read_and_finish(self._store.get(experiment_id), self._store)
        except BaseException:
            self._put_back(experiment_id, was)
            raise
        self._forget(experiment_id)
        return self._up_to_date(experiment_id) or kept.reading

    def _put_back(self, experiment_id: str, was: _Kept | None) -> None:
        """It could not be read: what is on show stays."""
        with self._lock:
            self._kept.pop(experiment_id, None)
            if was is not None:
                self._kept[experiment_id] = was

    def _forget(self, latest: str) -> None:
        """Keep the latest, and of the others as many as are small."""
        with self._lock:
            if latest in self._kept:
                self._kept.move_to_end(latest)
            cells = 0
            for experiment_id, kept in reversed(list(self._kept.items())):
                cells += len(kept.reading.grid) if kept.reading is not None else 0
                if cells > KEPT_CELLS and experiment_id != latest:
                    del self._kept[experiment_id]


_by_store: dict[Store, Readings] = {}
_lock = threading.Lock()  # guards the dict above


def readings_of(store: Store) -> Readings:
    """The readings of a store, shared by all views of this process."""
    with _lock:
        if store not in _by_store:
            _by_store[store] = Readings(store)
            registry.observe(_by_store[store].observe)
        return _by_store[store]


def _light(attempt: Attempt) -> Attempt:
    """Without what is large and read again when one looks at the cell."""
    error = attempt.error and replace(attempt.error, traceback="")
    return replace(attempt, task_output=None, error=error)
