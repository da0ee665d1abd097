"""The work on one job of a run: take its cell, call and score, and bring what came of it to be recorded."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Generator
from concurrent.futures import Future
from typing import Any, Protocol

from opik_resume.base.ids import new_id
from opik_resume.base.records import Attempt, CellKey, utc_now
from opik_resume.engine.backends import Awaiter
from opik_resume.engine.capture import routing
from opik_resume.engine.capture.routing import Capture
from opik_resume.engine.cells.cell import CellWork
from opik_resume.engine.claims.claiming import Claims
from opik_resume.engine.claims.stopping import RunningCell
from opik_resume.engine.elsewhere.sending import Elsewhere
from opik_resume.engine.events import RunStarted
from opik_resume.engine.jobs import Job
from opik_resume.engine.recording.recorder import Recorder
from opik_resume.engine.running.admission import Admission
from opik_resume.engine.running.course import Course
from opik_resume.engine.running.listeners import Listeners
from opik_resume.engine.running.slots import Flow
from opik_resume.exceptions import LeaseLost
from opik_resume.stores.protocol import ExperimentStore


class Owner(Protocol):
    """The run whose jobs these are."""

    experiment_id: str

    def broken(self, error: Exception) -> None:
        """The store failed: nothing more may start."""

    def lease_lost(self, error: LeaseLost) -> None:
        """Another resume has it."""

    def drop(self, key: CellKey, reason: str) -> None:
        """This cell is not going to be run."""

    def passing(self, key: CellKey) -> bool | None:
        """None: nothing was raised in the work on this cell that passes by itself."""

    def leave(self, cell: RunningCell, *, completed: bool = False) -> None:
        """Nothing more will come of this cell."""


class Working:
    """How the workers of one run do their jobs.

    Args:
        owner: told what goes wrong, and what comes to nothing.
        course: asked whether a cell may begin.
        claims: where its cell is taken.
        work: calls and scores.
        recorder: takes what comes of it.
        store: where starts go, and what is to be scored again is.
        tell: takes events.
        capture: keeps what is printed meanwhile.
        admission: says when a cell may go to work.
        awaiter: who awaits the coroutine of a task on no thread, so that a worker is free for others; None: the worker waits.
        elsewhere: who has all of it called by other processes instead.
    """

    def __init__(
        self,
        owner: Owner,
        course: Course,
        claims: Claims,
        work: CellWork,
        recorder: Recorder,
        store: ExperimentStore,
        tell: Listeners,
        capture: Capture,
        admission: Admission,
        awaiter: Awaiter | None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self._owner = owner
        self._course = course
        self._claims = claims
        self._work = work
        self._recorder = recorder
        self._store = store
        self._tell = tell
        self._capture = capture
        self._admission = admission
        self._awaiter = awaiter
        self._elsewhere = elsewhere
        self._context = contextvars.copy_context()

    def do(self, job: Job) -> Flow:
        """All of it. What is yielded is to be awaited before it goes on."""
        key = job.cell.key
        try:
            turn = self._admission.enter(key)
            if turn is not None and (self._awaiter is not None or self._elsewhere is not None):
                yield turn
            elif turn is not None:
                turn.result()
            yield from self._at_work(job)
        finally:
            self._admission.leave(key)
        if self._course.over:
            self._admission.close()

    def _at_work(self, job: Job) -> Flow:
        cell = RunningCell(self._owner.experiment_id, job.cell.key)
        if self._course.over or not self._claim(cell, job):
            return
        self._recorder.wait_while_held()
        began = time.monotonic()
        try:
            attempt = yield from self._attempt(job)
        except Exception as error:
            attempt = None
            self._owner.broken(error)
        if attempt is None:
            self._owner.leave(cell)
        else:
            cost = attempt.cost if job.attempt_id is None else None
            self._course.ended(attempt, cost, passes=self._owner.passing(cell.key) is not None)
            self._recorder.bring(cell, attempt, time.monotonic() - began)

    def _claim(self, cell: RunningCell, job: Job) -> bool:
        """Take the cell, unless a last look at it says why not."""
        try:
            why_not = self._claims.take(cell, job)
        except LeaseLost as error:
            self._owner.lease_lost(error)
            return False
        except Exception as error:
            self._owner.broken(error)
            return False
        if why_not is not None:
            self._owner.drop(cell.key, why_not)
        return why_not is None

    def _attempt(self, job: Job) -> Generator[Future[Any], None, Attempt | None]:
        """What came of one job; None when the run was stopped before it began, or a rule says so."""
        if not self._course.begin(job.cell.key):
            return None
        self._tell(RunStarted(job.cell.key))
        return (yield from self._rescored(job) if job.attempt_id is not None else self._called(job))

    def _called(self, job: Job) -> Generator[Future[Any], None, Attempt]:
        key = job.cell.key
        start = Attempt(new_id(), self._owner.experiment_id, key.item_id, key.trial, started_at=utc_now())
        self._store.start(start)
        if self._elsewhere is not None:
            return (yield from self._elsewhere.run(start, job.item))
        context = self._context.copy()
        if self._awaiter is None:
            return context.run(self._capture.of, self._work.run, start, job.item)
        came, opened = self._work.begin(), context.run(self._capture.open)
        try:
            yield context.run(self._awaiter.begin, self._work.awaited(start, job.item, came))
            attempt = context.run(self._work.finish, start, job.item, came)
        finally:
            context.run(self._capture.close, opened)
        return routing.told(attempt, opened)

    def _rescored(self, job: Job) -> Generator[Future[Any], None, Attempt]:
        attempt = self._store.attempt(job.attempt_id or "")
        if self._elsewhere is not None:
            return (yield from self._elsewhere.rescore(attempt, job.item, job.cell.metrics))
        return self._context.copy().run(self._capture.of, self._work.rescore, attempt, job.item, job.cell.metrics)
