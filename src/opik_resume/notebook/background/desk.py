"""Runs in the background of this kernel: start, stop, follow; one registry of them, by experiment id.

The registry (:data:`desk`) also knows every feed. Whatever shows an experiment sees its run, whoever started it: a
second widget, a view after a reload, the browser while the magic or ``evaluate`` blocks a cell.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol
from weakref import WeakValueDictionary

from opik_resume.base.records import CellKey
from opik_resume.engine.events import Ended, Event, RecordedAgain, RunDropped, RunFinished, Unrecorded
from opik_resume.evaluation.resume import prepare_resume
from opik_resume.exceptions import ExperimentBusy
from opik_resume.experiment.planning.plan import ResumePlan
from opik_resume.lifecycle import registry
from opik_resume.notebook.background.progress import IDLE, Progress
from opik_resume.notebook.background.resume import Resume

if TYPE_CHECKING:
    from opik_resume.engine import Callables, Listener, Run
    from opik_resume.stores.protocol import Store


STOPPED_BETWEEN = "stopped between two rounds"
REMEMBERED = 20
"""Ended resumes that are remembered, for views that come late."""


class Watcher(Protocol):
    """A feed, as the desk sees it. Called under the desk's lock: quick, and never calling the desk back."""

    @property
    def experiment_id(self) -> str:
        """What it shows."""

    def on_cell(self, experiment_id: str, cell: CellKey, state: int | None) -> None:
        """This cell has this state byte now; None: what the store said before."""

    def on_turn(self, experiment_id: str, turn: str) -> None:
        """A resume has ``started`` or ``ended``, is ``pausing``, ``stopping`` or ``troubled`` (or no longer: see its progress)."""

    def on_news(self) -> None:
        """What could be called has changed: the plan shown is old."""


@dataclass
class Desk:
    """Every run of this process, whichever door it came through, and every feed that shows some experiment.

    ``lock`` protects the registry and the fields of every :class:`Resume`, and makes "read what runs, then watch it" one
    step. Order of locks: the desk's, then a feed's; never the other way round. Feeds are held weakly: a view that is
    closed, or that nobody holds any more, is let go.
    """

    lock: threading.RLock = field(default_factory=threading.RLock)
    _resumes: dict[str, Resume] = field(default_factory=dict)
    _known: WeakValueDictionary[int, Watcher] = field(default_factory=WeakValueDictionary)

    def watch(self, watcher: Watcher) -> None:
        """Tell this one from now on, for as long as somebody else holds it."""
        self._known[id(watcher)] = watcher

    def unwatch(self, watcher: Watcher) -> None:
        """Tell it nothing more. Takes no lock: the garbage collector calls this from wherever it happens to be."""
        self._known.pop(id(watcher), None)

    @property
    def _watchers(self) -> list[Watcher]:
        """Those that still live, in the order in which they came."""
        there = (reference() for reference in self._known.valuerefs())
        return [watcher for watcher in there if watcher is not None]

    def announce(self) -> None:
        """Tell every feed that the plans shown are old."""
        with self.lock:
            for watcher in self._watchers:
                watcher.on_news()

    @property
    def watching(self) -> int:
        """How many feeds there are."""
        return len(self._known)

    def find(self, experiment_id: str) -> Resume | None:
        """The latest resume of this experiment in this process, running or ended."""
        with self.lock:
            return self._resumes.get(experiment_id)

    def active(self, experiment_id: str) -> Resume | None:
        """The resume of this experiment that runs in this process now."""
        with self.lock:
            resume = self._resumes.get(experiment_id)
            return resume if resume is not None and resume.active else None

    def when_over(self, experiment_id: str, told: Callable[[], None]) -> None:
        """Have this told, quickly and under our lock, when the resume that runs has ended; at once if none does."""
        with self.lock:
            resume = self.active(experiment_id)
            if resume is not None:
                resume.when_over.append(told)
                return
        told()

    def running(self) -> list[str]:
        """The ids of the experiments that are being resumed, the latest first."""
        with self.lock:
            return [id_ for id_, resume in reversed(self._resumes.items()) if resume.active]

    def progress(self, experiment_id: str, *, own: bool) -> Progress:
        """How far the latest resume is. ``own``: whether the asking view can stop even one that blocks its cell."""
        with self.lock:
            resume = self._resumes.get(experiment_id)
            return IDLE if resume is None else resume.progress(own=own or not resume.blocking)

    def prepare(
        self,
        plan: ResumePlan,
        calls: Callables,
        *,
        store: Store,
        blocking: bool = False,
        reuse_outputs: bool = False,
    ) -> Run:
        """Make a resume of a plan ready and known to every view; ``run.start()`` starts it in the background.

        ``blocking``: a cell is going to wait for it, so that the view in that cell cannot stop it.

        Raises:
            ExperimentBusy: another resume runs them, in this process or elsewhere.
        """
        return self._prepared(plan, calls, store, blocking=blocking, reuse_outputs=reuse_outputs)[1]

    def first(self, plan: ResumePlan, calls: Callables, *, store: Store) -> tuple[Resume, Run]:
        """Make a resume of several rounds ready, with the run of the first. Raises as :meth:`prepare`."""
        return self._prepared(plan, calls, store, rounds=True)

    def pause(self, resume: Resume, waits: Callable[[float], str]) -> None:
        """One of its rounds is over. ``waits``: what it waits for, at a moment of ``time.monotonic``."""
        with self.lock:
            resume.pause(waits)
            self._turn(resume, "pausing")

    def waits(self, experiment_id: str, sentence: str | None, *, stopped: bool = False) -> None:
        """A cell that blocks waits for its next round, and says for what; None: not any more. ``stopped``: by ■."""
        with self.lock:
            resume = self._resumes.get(experiment_id)
            if resume is not None and resume.ended is not None:
                resume.waits = None if sentence is None else lambda _: sentence
                if stopped:
                    resume.ended = replace(resume.ended, outcome="stopped", reason=STOPPED_BETWEEN)
                self._turn(resume, "pausing")

    def fall(self, resume: Resume, cell: CellKey, reason: str) -> None:
        """This cell of it is not going to be run by another round."""
        with self.lock:
            resume.take(RunDropped(cell, reason))

    def again(self, resume: Resume, plan: ResumePlan, calls: Callables, *, store: Store) -> Run:
        """Make the next round of a resume ready. Raises as :meth:`prepare`."""
        with self.lock:
            resume.shown = plan
        run = _ready(plan, calls, store)
        with self.lock:
            resume.waits = None
        return run

    def end(self, resume: Resume, ended: Ended) -> None:
        """There is no further round."""
        with self.lock:
            resume.take(ended)
            if self._resumes.get(resume.experiment_id) is resume:
                self._turn(resume, "ended")

    def broken(self, plan: ResumePlan, message: str) -> None:
        """A resume that was asked for could not be prepared, and whoever asked has been answered already."""
        with self.lock:
            resume = self._enter(plan, blocking=False)
            resume.take(Ended("broken", message))
            self._turn(resume, "ended")

    def observe(self, run: Run, plan: ResumePlan) -> Listener:
        """Follow a run of this process that is ready: one that was asked for here, or one of ``evaluate`` in a cell."""
        with self.lock:
            resume = self._resumes.get(plan.experiment_id)
            if resume is None or resume.shown is not plan:
                resume = self._enter(plan, blocking=True, first=plan.untouched)
                resume.remembered = False
            resume.run = run
        if resume.stopping:  # asked for in the meantime
            run.stop()
        return partial(self._on_event, resume)

    def follow(self, run: Run, plan: ResumePlan) -> None:
        """Follow a run that was made ready before there was a desk, if it was; not started yet."""
        resume = self.find(plan.experiment_id)
        if resume is None or resume.run is not run:
            run.listen(self.observe(run, plan))

    def stop(self, experiment_id: str, reason: str | None = None) -> bool:
        """Start nothing more of this experiment; returns at once. False when nothing of it runs here."""
        with self.lock:
            resume = self.active(experiment_id)
            if resume is None:
                return False
            resume.told_to_stop.set()
            self._turn(resume, "stopping")
        if resume.run is not None:
            resume.run.stop(reason)
            resume.run.start()  # one that was never started has to end as well
        return True

    def _prepared(
        self,
        plan: ResumePlan,
        calls: Callables,
        store: Store,
        *,
        blocking: bool = False,
        reuse_outputs: bool = False,
        rounds: bool = False,
    ) -> tuple[Resume, Run]:
        resume, previous = self._register(plan, blocking=blocking, rounds=rounds)
        try:
            return resume, _ready(plan, calls, store, reuse_outputs=reuse_outputs)
        except BaseException:
            self._take_back(resume, previous)
            raise

    def _register(self, plan: ResumePlan, *, blocking: bool, rounds: bool = False) -> tuple[Resume, Resume | None]:
        with self.lock:
            previous = self._resumes.get(plan.experiment_id)
            if previous is not None and previous.active and not previous.stopping:
                raise ExperimentBusy(f"{plan.experiment_name} is being resumed in this kernel already.")
            return self._enter(plan, blocking=blocking, rounds=rounds), previous

    def _enter(self, plan: ResumePlan, *, blocking: bool, first: bool = False, rounds: bool = False) -> Resume:
        """The latest one of its experiment from now on. Called with the lock held."""

        def publish(cell: CellKey, state: int | None) -> None:
            for watcher in self._watchers:
                watcher.on_cell(plan.experiment_id, cell, state)

        resume = Resume(plan, blocking=blocking, publish=publish, first=first, rounds=rounds)
        previous = self._resumes.pop(plan.experiment_id, None)
        if previous is not None:
            previous.told_to_stop.set()  # if it waits for its next round: this one goes on instead
            previous.hand_over(resume)
        self._resumes[plan.experiment_id] = resume
        for id_ in [id_ for id_, other in self._resumes.items() if not other.active][:-REMEMBERED]:
            del self._resumes[id_]
        self._turn(resume, "started")
        return resume

    def _take_back(self, resume: Resume, previous: Resume | None) -> None:
        """It never started: views go back to what they showed."""
        with self.lock:
            for cell in list(resume.states):
                resume.take(RunDropped(cell, "not started"))
            del self._resumes[resume.experiment_id]
            if previous is not None:
                self._resumes[resume.experiment_id] = previous
            if previous is not None and previous.active:
                resume.hand_over(previous)
            else:
                resume.tell_over()
            self._turn(resume, "ended")

    def _on_event(self, resume: Resume, event: Event) -> None:
        """The listener of a run: called from its threads, in order."""
        with self.lock:
            if resume.rounds and isinstance(event, Ended):  # of a round
                resume.round_ended = event
                return
            current = self._resumes.get(resume.experiment_id) is resume
            # A stopped run may be followed by the next one while its last tasks still run: these count, no more.
            if current or isinstance(event, RunFinished):
                resume.take(event)
            if current and isinstance(event, (Unrecorded, RecordedAgain)):
                self._turn(resume, "troubled")
            if current and isinstance(event, Ended):
                self._turn(resume, "ended")
                # What a cell has told in its own output is news to those only who watched it.
                if not resume.remembered and not any(w.experiment_id == resume.experiment_id for w in self._watchers):
                    del self._resumes[resume.experiment_id]

    def _turn(self, resume: Resume, turn: str) -> None:
        for watcher in self._watchers:
            watcher.on_turn(resume.experiment_id, turn)


def _ready(plan: ResumePlan, calls: Callables, store: Store, *, reuse_outputs: bool = False) -> Run:
    return prepare_resume(
        plan,
        calls.task,
        calls.scoring_metrics,
        scoring_key_mapping=calls.scoring_key_mapping,
        task_threads=calls.task_threads,
        experiment_scoring_functions=calls.experiment_scoring_functions,
        reuse_outputs=reuse_outputs,
        on_drift=calls.on_drift,
        limits=calls.limits,
        cost=calls.cost,
        capture=calls.capture,
        retries=calls.retries,
        loop=calls.loop,
        spent=calls.spent,
        store=store,
    )


desk = Desk()
"""The one of this process."""
registry.observe(desk.observe)
registry.observe_waiting(desk.waits)
