"""One run of an experiment's cells, as the views of this process see it: the state of each cell, and how far it is."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from opik_resume.base.records import REPLAYED, CellKey, CellState, utc_now
from opik_resume.base.states import DONE, state_of
from opik_resume.engine.events import (
    Ended,
    Event,
    RecordedAgain,
    RunDropped,
    RunFinished,
    RunQueued,
    RunStarted,
    Unrecorded,
)
from opik_resume.experiment.planning.plan import ResumePlan
from opik_resume.lifecycle import left_out
from opik_resume.lifecycle.display.meter import Meter
from opik_resume.lifecycle.progress import Backoffs
from opik_resume.notebook.background.outcome import DONE_ELSEWHERE, Outcome
from opik_resume.notebook.background.progress import Progress

if TYPE_CHECKING:
    from opik_resume.engine import Run


class Resume:
    """One resume of one experiment, as far as it is known to this process.

    Its fields change under the desk's lock only. ``first``: the experiment had nothing before, so that there is no
    difference between kept and replayed to be shown. ``rounds``: it may have several runs, and whoever makes them says when
    it has ended.

    Attributes:
        plan: what it is of.
        shown: what its latest run is of.
        waits: between two rounds, what it waits for, at a moment of ``time.monotonic``. Those of a cell that blocks are
            each a resume of its own: then it is what is waited for after its end.
        told_to_stop: set by a stop. The run itself may not be ready yet.
    """

    def __init__(
        self,
        plan: ResumePlan,
        *,
        blocking: bool,
        publish: Callable[[CellKey, int | None], None],
        first: bool = False,
        rounds: bool = False,
    ) -> None:
        self.plan = self.shown = plan
        self.experiment_id = plan.experiment_id
        self.blocking = blocking
        self.rounds = rounds
        self.run: Run | None = None
        self.ended: Ended | None = None
        self.round_ended: Ended | None = None
        self.problem: str | None = None  # nothing can be recorded
        self.remembered = True
        self.when_over: list[Callable[[], None]] = []
        self.waits: Callable[[float], str] | None = None
        self.told_to_stop = threading.Event()
        self._left_out: dict[CellKey, str] = {}
        self.states: dict[CellKey, int] = {}
        self._meter = Meter(time.monotonic())
        self._outcome = Outcome(plan, utc_now())
        self._backoffs = Backoffs()
        self._mark = 0 if first else REPLAYED
        self._publish = publish

    @property
    def active(self) -> bool:
        return self.ended is None

    @property
    def stopping(self) -> bool:
        return self.active and (self.told_to_stop.is_set() or (self.run is not None and self.run.stopping))

    def tell_over(self) -> None:
        """Tell those who wait for its end."""
        for told in self.when_over:
            told()
        self.when_over.clear()

    def hand_over(self, other: Resume) -> None:
        """They wait for the end of that one."""
        other.when_over += self.when_over
        self.when_over = []

    def take(self, event: Event) -> None:
        """Count one event of the engine and tell the watchers of its cell."""
        self._backoffs.take(event, time.monotonic())
        match event:
            case RunQueued(cell):
                self._queue(cell)
            case RunStarted(cell):
                self._put(cell, CellState.running)
            case RunFinished(cell, attempt):
                self._meter.finished(time.monotonic(), complete=attempt.complete)
                self._outcome.count(attempt)
                self._put(cell, state_of(attempt) | self._mark)
            case RunDropped(cell, reason):
                self._left_out[cell] = reason
                self._drop(cell)
            case Unrecorded():
                self.problem = event.sentence
            case RecordedAgain():
                self.problem = None
            case Ended():
                self._end(event)

    def _queue(self, cell: CellKey) -> None:
        """It is going to be run: again, if an earlier round has."""
        before = self.states.get(cell)
        if before is None:
            self._meter.queued()
            self._left_out.pop(cell, None)
        else:
            self._meter.again(complete=before & ~REPLAYED in DONE)
        self._put(cell, CellState.queued)

    def _put(self, cell: CellKey, state: int) -> None:
        self.states[cell] = state
        self._publish(cell, state)

    def _drop(self, cell: CellKey) -> None:
        self.states.pop(cell, None)
        self._publish(cell, None)

    def pause(self, waits: Callable[[float], str]) -> None:
        """A round is over, and the next one is waited for."""
        self.waits, self.problem, self._backoffs = waits, None, Backoffs()

    def _end(self, event: Ended) -> None:
        """Whatever still waits never ran; whatever still runs counts as interrupted until it arrives after all."""
        self.ended, self.problem, self.waits = event, None, None
        for cell, state in list(self.states.items()):
            if state == CellState.queued:
                self._drop(cell)
            elif state == CellState.running:
                self._put(cell, CellState.interrupted)
        self.tell_over()

    def _note(self) -> str | None:
        """What is to be said besides the numbers: what holds it up while it runs, and of its end."""
        if self.active:
            now = time.monotonic()
            return self.waits(now) if self.waits else self._backoffs.said(now) if len(self._backoffs) else None
        taken_over = self.run.taken_over if self.run is not None else None
        said = ([taken_over] if taken_over else []) + ([left_out.sentence(self._reasons)] if self._left_out else [])
        return "; ".join(said) or None

    def _ending(self, now: float) -> tuple[str | None, str | None]:
        if self.ended is None:
            return None, None
        return ("waiting", self.waits(now)) if self.waits else (self.ended.outcome, self.ended.reason)

    @property
    def _reasons(self) -> Counter[str]:
        return Counter(self._left_out.values())

    def progress(self, *, own: bool) -> Progress:
        now, meter, ended = time.monotonic(), self._meter, self.ended
        works = self.active and self.waits is None
        outcome, message = self._ending(now)
        return Progress(
            active=self.active,
            stopping=self.stopping,
            outcome=outcome,
            message=message,
            done=meter.done,
            total=meter.total,
            failed=meter.failed,
            abandoned=sum(self.states.get(cell) == CellState.interrupted for cell in ended.abandoned) if ended else 0,
            note=self._note(),
            rate=meter.rate(now) if works else None,
            seconds_left=meter.seconds_left(now) if works and not self.stopping else None,
            own=own,
            problem=self.problem,
            summary=self._outcome.to_json(done_elsewhere=sum(self._reasons[reason] for reason in DONE_ELSEWHERE))
            if ended
            else None,
        )


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
