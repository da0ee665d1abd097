"""Resumes in the background of this kernel: start, stop, wait; one registry of them, by experiment id.

The registry (:data:`desk`) also knows every feed. Whatever shows an experiment sees its resume, whoever started it:
a second widget, a view after a reload, the browser while the magic blocks its cell.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from opik_resume.evaluation import prepare_resume
from opik_resume.events import Ended, Event, RunDropped, RunFinished, RunQueued, RunStarted
from opik_resume.exceptions import ExperimentBusy
from opik_resume.grid import state_of
from opik_resume.notebook.progress import IDLE, Meter, Progress
from opik_resume.plan import ResumePlan
from opik_resume.records import REPLAYED, CellKey, CellState

if TYPE_CHECKING:
    from opik_resume.engine import Callables, Run
    from opik_resume.stores.protocol import Store


REMEMBERED = 20
"""Ended resumes that are remembered, for views that come late."""


class Watcher(Protocol):
    """A feed, as the desk sees it. Called under the desk's lock: quick, and never calling the desk back."""

    def on_cell(self, experiment_id: str, cell: CellKey, state: int | None) -> None:
        """This cell has this state byte now; None: what the store said before."""

    def on_turn(self, experiment_id: str, turn: str) -> None:
        """A resume has ``started``, is ``stopping`` or has ``ended``."""


class Resume:
    """One resume of one experiment, as far as it is known to this process.

    Its fields change under the desk's lock only.
    """

    def __init__(self, plan: ResumePlan, *, blocking: bool, publish: Callable[[CellKey, int | None], None]) -> None:
        self.experiment_id = plan.experiment_id
        self.blocking = blocking
        self.run: Run | None = None
        self.ended: Ended | None = None
        self._told_to_stop = False
        self.states: dict[CellKey, int] = {}
        self._meter = Meter(time.monotonic())
        self._publish = publish

    @property
    def active(self) -> bool:
        return self.ended is None

    @property
    def stopping(self) -> bool:
        return self.active and (self._told_to_stop or (self.run is not None and self.run.stopping))

    def tell_to_stop(self) -> None:
        """Remember it: the run itself may not be ready yet."""
        self._told_to_stop = True

    def take(self, event: Event) -> None:
        """Count one event of the engine and tell the watchers of its cell."""
        match event:
            case RunQueued(cell):
                self._meter.queued()
                self._put(cell, CellState.queued)
            case RunStarted(cell):
                self._put(cell, CellState.running)
            case RunFinished(cell, attempt):
                self._meter.finished(time.monotonic(), complete=attempt.complete)
                self._put(cell, state_of(attempt) | REPLAYED)
            case RunDropped(cell):
                self._drop(cell)
            case Ended():
                self._end(event)

    def _put(self, cell: CellKey, state: int) -> None:
        self.states[cell] = state
        self._publish(cell, state)

    def _drop(self, cell: CellKey) -> None:
        self.states.pop(cell, None)
        self._publish(cell, None)

    def _end(self, event: Ended) -> None:
        """Whatever still waits never ran; whatever still runs counts as interrupted until it arrives after all."""
        self.ended = event
        for cell, state in list(self.states.items()):
            if state == CellState.queued:
                self._drop(cell)
            elif state == CellState.running:
                self._put(cell, CellState.interrupted)

    def progress(self, *, own: bool) -> Progress:
        now, meter, ended = time.monotonic(), self._meter, self.ended
        return Progress(
            active=self.active,
            stopping=self.stopping,
            outcome=ended.outcome if ended else None,
            message=ended.reason if ended else None,
            done=meter.done,
            total=meter.total,
            failed=meter.failed,
            abandoned=sum(self.states.get(cell) == CellState.interrupted for cell in ended.abandoned) if ended else 0,
            rate=meter.rate(now) if self.active else None,
            seconds_left=meter.seconds_left(now) if self.active and not self.stopping else None,
            own=own,
        )


@dataclass
class Desk:
    """Every resume that notebooks of this process started, and every feed that shows some experiment.

    ``lock`` protects the registry, the watchers and the fields of every :class:`Resume`, and makes "read what runs,
    then watch it" one step. Order of locks: the desk's, then a feed's; never the other way round.
    """

    lock: threading.RLock = field(default_factory=threading.RLock)
    _resumes: dict[str, Resume] = field(default_factory=dict)
    _watchers: list[Watcher] = field(default_factory=list)

    def watch(self, watcher: Watcher) -> None:
        with self.lock:
            self._watchers.append(watcher)

    def unwatch(self, watcher: Watcher) -> None:
        with self.lock:
            self._watchers = [other for other in self._watchers if other is not watcher]

    @property
    def watching(self) -> int:
        """How many feeds there are."""
        return len(self._watchers)

    def find(self, experiment_id: str) -> Resume | None:
        """The latest resume of this experiment in this process, running or ended."""
        with self.lock:
            return self._resumes.get(experiment_id)

    def active(self, experiment_id: str) -> Resume | None:
        """The resume of this experiment that runs in this process now."""
        with self.lock:
            resume = self._resumes.get(experiment_id)
            return resume if resume is not None and resume.active else None

    def running(self) -> list[str]:
        """The ids of the experiments that are being resumed, the latest first."""
        with self.lock:
            return [id_ for id_, resume in reversed(self._resumes.items()) if resume.active]

    def progress(self, experiment_id: str, *, own: bool) -> Progress:
        """How far the latest resume is. ``own``: whether the asking view can stop even one that blocks its cell."""
        with self.lock:
            resume = self._resumes.get(experiment_id)
            return IDLE if resume is None else resume.progress(own=own or not resume.blocking)

    def prepare(self, plan: ResumePlan, calls: Callables, *, store: Store, blocking: bool = False) -> Run:
        """Make a resume of a plan ready and known to every view; ``run.start()`` starts it in the background.

        ``blocking``: a cell is going to wait for it, so that the view in that cell cannot stop it.

        Raises:
            ExperimentBusy: another resume runs them, in this process or elsewhere.
        """
        resume, previous = self._register(plan, blocking=blocking)
        try:
            resume.run = prepare_resume(
                plan,
                calls.task,
                calls.scoring_metrics,
                scoring_key_mapping=calls.scoring_key_mapping,
                task_threads=calls.task_threads,
                experiment_scoring_functions=calls.experiment_scoring_functions,
                store=store,
                listener=lambda event: self._on_event(resume, event),
            )
        except BaseException:
            self._take_back(resume, previous)
            raise
        if resume.stopping:  # asked for in the meantime
            resume.run.stop()
        return resume.run

    def stop(self, experiment_id: str, reason: str | None = None) -> bool:
        """Start nothing more of this experiment; returns at once. False when nothing of it runs here."""
        with self.lock:
            resume = self.active(experiment_id)
            if resume is None:
                return False
            resume.tell_to_stop()
            self._turn(resume, "stopping")
        if resume.run is not None:
            resume.run.stop(reason)
            resume.run.start()  # one that was never started has to end as well
        return True

    def _register(self, plan: ResumePlan, *, blocking: bool) -> tuple[Resume, Resume | None]:
        with self.lock:
            previous = self._resumes.get(plan.experiment_id)
            if previous is not None and previous.active and not previous.stopping:
                raise ExperimentBusy(f"{plan.experiment_name} is being resumed in this kernel already.")
            resume = Resume(plan, blocking=blocking, publish=lambda cell, state: self._cell(resume, cell, state))
            self._resumes.pop(plan.experiment_id, None)
            self._resumes[plan.experiment_id] = resume
            for id_ in [id_ for id_, other in self._resumes.items() if not other.active][:-REMEMBERED]:
                del self._resumes[id_]
            self._turn(resume, "started")
            return resume, previous

    def _take_back(self, resume: Resume, previous: Resume | None) -> None:
        """It never started: views go back to what they showed."""
        with self.lock:
            for cell in list(resume.states):
                resume.take(RunDropped(cell, "not started"))
            del self._resumes[resume.experiment_id]
            if previous is not None:
                self._resumes[resume.experiment_id] = previous
            self._turn(resume, "ended")

    def _on_event(self, resume: Resume, event: Event) -> None:
        """The listener of a run: called from its threads, in order."""
        with self.lock:
            current = self._resumes.get(resume.experiment_id) is resume
            # A stopped run may be followed by the next one while its last tasks still run: these count, no more.
            if current or isinstance(event, RunFinished):
                resume.take(event)
            if current and isinstance(event, Ended):
                self._turn(resume, "ended")

    def _cell(self, resume: Resume, cell: CellKey, state: int | None) -> None:
        for watcher in self._watchers:
            watcher.on_cell(resume.experiment_id, cell, state)

    def _turn(self, resume: Resume, turn: str) -> None:
        for watcher in self._watchers:
            watcher.on_turn(resume.experiment_id, turn)


desk = Desk()
"""The one of this process."""


def overlay(resume: Resume, base: Iterable[int], index: Callable[[CellKey], int]) -> dict[int, int]:
    """The state bytes by cell number that ``resume`` knows better than what was just read from the store.

    While it runs, all of them. Afterwards the store knows more (somebody else may have gone on): only the mark
    "filled by this resume" is added where both agree.
    """
    read = list(base)
    known = {index(cell): state for cell, state in resume.states.items()}
    if resume.active:
        return known
    return {cell: state for cell, state in known.items() if state & ~REPLAYED == read[cell]}
