"""The readings of experiments on show, kept as long as nothing else has changed: a large one takes seconds to read.

For looking only: what is run is decided by a reading under the lease (``running.prepare``).
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from opik_resume import running
from opik_resume.events import Ended, Event, RunFinished
from opik_resume.notebook.patience import PATIENCE, Task
from opik_resume.reading import Reading, read_experiment
from opik_resume.records import Attempt, Experiment
from opik_resume.stores.local import LocalStore

if TYPE_CHECKING:
    from opik_resume.engine import Listener, Run
    from opik_resume.plan import ResumePlan
    from opik_resume.stores.protocol import Store

FRESH_SECONDS = 2.0
KEPT_CELLS = 300_000


def stamp(experiment: Experiment, store: Store) -> Hashable:
    """What stays the same as long as the experiment does; only the local file marks every attempt in it."""
    age = 0 if isinstance(store, LocalStore) else int(time.monotonic() / FRESH_SECONDS)
    return experiment.updated_at, experiment.status, age


@dataclass
class _Kept:
    """One reading (None while it is being read), and what runs of this process have recorded since."""

    stamp: Hashable
    reading: Reading | None = None
    fresh: list[Attempt] = field(default_factory=list)
    running: bool = False


class Readings:
    """The readings of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()  # guards the dict and what is in it
        self._one_at_a_time = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._active: set[str] = set()  # what this process runs

    def peek(self, experiment: Experiment) -> Reading | None:
        """What is kept, brought up to date with the runs of this process, if nothing else has changed."""
        holder = self._store.leases.holder(experiment.id)
        with self._lock:
            kept = self._kept.get(experiment.id)
            if kept is None or kept.reading is None:
                return None
            if not kept.running and kept.stamp != stamp(experiment, self._store):
                return None
            if kept.fresh:
                kept.reading = replace(kept.reading, grid=kept.reading.grid.with_attempts(kept.fresh))
                kept.fresh = []
            self._kept.move_to_end(experiment.id)
            return replace(kept.reading, experiment=experiment, holder=holder)

    def read(self, experiment_id: str, *, anew: bool = False) -> Reading:
        """The experiment as it stands. May take seconds."""
        with self._one_at_a_time:
            experiment = self._store.get(experiment_id)
            found = None if anew else self.peek(experiment)
            return found or self._read(experiment)

    def soon(self, experiment: Experiment, later: Callable[[], None]) -> Reading | None:
        """The experiment as it stands, if that is known within moments; else None, and ``later`` is called when it is."""
        found = self.peek(experiment)
        if found is not None:
            return found
        return Task(lambda: self.read(experiment.id), lambda _: later()).result(PATIENCE)

    def observe(self, run: Run, plan: ResumePlan) -> Listener:
        """Keep up with a run of this process: it holds the lease, so that nobody else changes what it does."""
        with self._lock:
            self._active.add(run.experiment_id)
            kept = self._kept.get(run.experiment_id)
        if kept is not None:
            kept.running = kept.stamp == stamp(self._store.get(run.experiment_id), self._store)
        return partial(self._on_event, run.experiment_id)

    def _on_event(self, experiment_id: str, event: Event) -> None:
        with self._lock:
            kept = self._kept.get(experiment_id)
            if kept is not None and isinstance(event, RunFinished):
                kept.fresh.append(_light(event.attempt))
            if isinstance(event, Ended):
                self._active.discard(experiment_id)
        if kept is not None and isinstance(event, Ended):
            now = stamp(self._store.get(experiment_id), self._store)
            with self._lock:
                kept.stamp, kept.running = now if kept.running else kept.stamp, False

    def _read(self, experiment: Experiment) -> Reading:
        kept = _Kept(stamp(experiment, self._store))  # before it is read: what is recorded meanwhile is not missed
        with self._lock:
            kept.running = experiment.id in self._active
            self._kept[experiment.id] = kept
            self._kept.move_to_end(experiment.id)
        try:
            kept.reading = read_experiment(experiment, self._store)
        finally:
            self._forget()
        return kept.reading

    def _forget(self) -> None:
        """Keep the latest, and of the others as many as are small."""
        with self._lock:
            cells = 0
            for experiment_id, kept in reversed(list(self._kept.items())):
                cells += len(kept.reading.grid) if kept.reading is not None else 0
                if kept.reading is None or (cells > KEPT_CELLS and experiment_id != next(reversed(self._kept))):
                    del self._kept[experiment_id]


_by_store: dict[Store, Readings] = {}
_lock = threading.Lock()  # guards the dict above


def readings_of(store: Store) -> Readings:
    """The readings of a store, shared by all views of this process."""
    with _lock:
        if store not in _by_store:
            _by_store[store] = Readings(store)
            running.observe(_by_store[store].observe)
        return _by_store[store]


def _light(attempt: Attempt) -> Attempt:
    """Without what is large and read again when one looks at the cell."""
    error = attempt.error and replace(attempt.error, traceback="")
    return replace(attempt, task_output=None, error=error)
