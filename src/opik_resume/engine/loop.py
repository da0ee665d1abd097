"""The run: workers take planned cells one by one, record each attempt durably, and tell the listener.

One ``Run`` is one resume (or one first evaluation) in the background of the process. It holds the experiment's lease
from before it starts until nothing of it runs any more.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from typing import Any

from opik_resume.base.ids import new_id
from opik_resume.base.records import Attempt, CellKey, utc_now
from opik_resume.base.text import redaction
from opik_resume.engine.backends import Awaiter
from opik_resume.engine.calling import Call, Calls, is_async
from opik_resume.engine.capture import routing
from opik_resume.engine.capture.routing import Capture
from opik_resume.engine.cell import CellWork
from opik_resume.engine.claims import stopping
from opik_resume.engine.claims.abandoning import Abandoned
from opik_resume.engine.claims.claiming import Claims
from opik_resume.engine.claims.outliving import Outliving
from opik_resume.engine.claims.stopping import GRACE_SECONDS, RunningCell
from opik_resume.engine.costs import Costs
from opik_resume.engine.elsewhere.messages import Terms
from opik_resume.engine.elsewhere.sending import Elsewhere
from opik_resume.engine.events import Ended, Event, RunDropped, RunFinished, RunQueued, RunStarted
from opik_resume.engine.jobs import Callables, Job, Jobs, Listed
from opik_resume.engine.recording import patience
from opik_resume.engine.recording.recorder import EndedRun, Recorder
from opik_resume.engine.recording.salvage import Salvage
from opik_resume.engine.retrying.policy import Retries
from opik_resume.engine.retrying.trying import Trying
from opik_resume.engine.retrying.waiting import Waits
from opik_resume.engine.slots import WORKERS, Flow, Slots
from opik_resume.engine.tracing import Tracing, Untraced
from opik_resume.engine.workers import start_thread, start_workers
from opik_resume.exceptions import LeaseLost, OutOfThreads, StoreError
from opik_resume.experiment.limits import Spending, StoppedBy
from opik_resume.stores.protocol import ExperimentStore, Lease

BEAT_SECONDS = 5.0
_POLL_SECONDS = 0.25  # how soon the keeper sees that the grace time has passed

logger = redaction.logger(__name__)
Listener = Callable[[Event], None]


class Run:
    """One pass over planned cells, on daemon threads of its own.

    Args:
        experiment_id: the experiment whose cells these are.
        jobs: the cells, in the order in which they start.
        callables: the task, the metrics, the key mapping and the number of workers.
        store: where starts and attempts go.
        lease: the right to run them; the run beats it and gives it back at its end.
        tolerant: a missing score argument fails its metric only (Opik's ``ErrorTolerance.ALL_SCORING_ERRORS``).
        listener: told every event, in order, never twice at a time. It must be quick.
        at_end: called once nothing runs any more, before ``Ended`` is told; what it has to say is kept in ``notes``.
        tracing: what is set up around the calls of task and metrics.
        required: names of the metrics that a run must have been scored with.
    """

    def __init__(
        self,
        experiment_id: str,
        jobs: Jobs | Sequence[Job],
        callables: Callables,
        store: ExperimentStore,
        lease: Lease,
        *,
        tolerant: bool = False,
        listener: Listener | None = None,
        at_end: Callable[[], Sequence[str]] | None = None,
        tracing: Tracing | None = None,
        required: Sequence[str] = (),
    ) -> None:
        self.experiment_id = experiment_id
        self.id = lease.run_id
        self.total = len(jobs)
        self.outcome: str | None = None
        self.error: Exception | None = None
        self.dropped: dict[CellKey, str] = {}
        self.taken_over: str | None = None
        self.stopped_by: StoppedBy | None = None
        self.notes: tuple[str, ...] = ()
        self._jobs = Listed(jobs) if isinstance(jobs, Sequence) else jobs
        self._store = store
        self._lease = lease
        self._abandoned = Abandoned(lease)
        self._outliving = Outliving(self._abandoned)
        self._claims = Claims(lease, self._ahead, lambda: self.stopping)
        self._listeners = [listener] if listener is not None else []
        self._at_end = at_end
        self._hurried = threading.Event()
        self._waits = Waits(self._hurried, lambda: self._spending.seconds_left(time.monotonic()), self._tell)
        self._awaiter = Awaiter(callables.loop)
        self._calls = Calls(self._awaiter)
        self._costs = Costs(callables.cost, self._calls) if callables.cost is not None else None
        self._work = CellWork(
            callables.task,
            callables.scoring_metrics,
            callables.scoring_key_mapping,
            self._calls,
            tolerant=tolerant,
            on_error=self._calls.note,
            tracing=tracing or Untraced(),
            required=required,
            fresh=callables.fresh,
            version=callables.version.text if callables.version is not None else None,
            costs=self._costs,
            trying=self._trying(callables.retries),
        )
        self._context = contextvars.copy_context()
        self._elsewhere = self._on_executor(callables, tolerant=tolerant, required=required, tracing=tracing)
        self._capture = Capture(wanted=callables.capture)
        self._one_at_a_time = callables.task_threads == 1
        self._workers = min(max(1, callables.task_threads), max(1, len(jobs)))
        awaits = self._elsewhere is not None or (self._workers > WORKERS and is_async(callables.task))
        self._slots = Slots(self._workers, self._next_flow) if awaits else None
        self._lock = threading.Lock()  # guards jobs, cells on the way, start and reason to stop
        self._on_the_way: set[CellKey] = set()
        self._started = False
        self._left = len(jobs)  # cells neither begun nor dropped
        self._stop_reason: str | None = None
        self._limits = callables.limits
        self._spending = Spending(self._limits, 0.0)
        self._telling = threading.RLock()  # one event at a time, in order
        self.salvage = Salvage(store.path.parent, self.id)
        self._recorder = Recorder(store.record, self._report, self._lose, self._tell, self.salvage)
        self._idle = self._recorder.done  # set when the last worker has left and all it brought is recorded
        self._ended = threading.Event()

    # For whoever started it

    def listen(self, listener: Listener) -> None:
        """Tell this listener every event, too. Only before the start: it hears all or nothing."""
        with self._telling:
            self._listeners.append(listener)

    def call_in(self, call: Call) -> None:
        """Whoever waits for the run makes the calls of its task and metrics, if it has one worker, as in Opik.

        Only before the start. ``call`` raises KeyboardInterrupt once nobody waits any more.
        """
        if self._one_at_a_time:
            self._calls.elsewhere = call

    def start(self) -> None:
        """Queue every cell and start the workers. Returns at once; starting twice changes nothing.

        All of it happens on the keeper's thread, where a Ctrl-C cannot leave half of it undone.
        """
        with self._lock:
            if self._started:
                return
            self._started = True
            self._spending = Spending(self._limits, time.monotonic())
        try:
            start_thread("keeper", self._keep)
        except OutOfThreads as error:
            self._break(error)
            self._end()

    def stop(self, reason: str | None = None) -> None:
        """Start nothing more. Returns at once; running tasks get a grace time and are recorded.

        A run of which nothing is left to start is not stopped by it; only what its end waits for is not waited for.
        """
        with self._lock:
            if self._hurried.is_set() or self._ended.is_set():
                return
            self._hurried.set()
            if not self._idle.is_set():
                self._stop_reason = reason or "stopped"
        self._waits.wake()
        if self._elsewhere is not None:
            self._elsewhere.stop()
        self._recorder.hurry(patience.STOPPED_SECONDS)
        try:
            self._lease.stopping()
        except StoreError as error:  # others wait for the end of the run then, no more
            logger.warning("opik-resume: the stop of %s could not be noted: %s", self.experiment_id, error)

    def give_back(self) -> None:
        """Give the lease back before the end: nothing of this run needs it any more. Doing it twice changes nothing."""
        self._lease.release()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the run has ended, at most ``timeout`` seconds. Returns whether it has."""
        return self._ended.wait(timeout)

    def settle(self, timeout: float) -> bool:
        """Wait until no task of this run is running, at most ``timeout`` seconds."""
        return self._idle.wait(timeout)

    @property
    def active(self) -> bool:
        """Whether the run has not ended yet."""
        return not self._ended.is_set()

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop and has not ended yet."""
        return self._stop_reason is not None and self.active

    @property
    def hurried(self) -> bool:
        """Whether it was told to stop, at whatever time: then its end waits for nobody."""
        return self._hurried.is_set()

    @property
    def on_the_way(self) -> tuple[CellKey, ...]:
        """The cells that workers are on now."""
        with self._lock:
            return tuple(sorted(self._on_the_way))

    @property
    def unrecorded(self) -> list[Attempt]:
        """What has finished and the store has not taken: given up, or still tried again."""
        return self._recorder.unrecorded

    @property
    def first_error(self) -> BaseException | None:
        """What the first failing cell raised, first in the order of the jobs: the user's own exception."""
        return self._calls.first_error

    # Workers

    def _take_jobs(self) -> None:
        while (flow := self._next_flow()) is not None:
            for _ in flow:  # where there are no slots, nothing is awaited elsewhere
                pass

    def _next_flow(self) -> Flow | None:
        taken = self._next_job()
        return None if taken is None else self._flow(*taken)

    def _flow(self, place: int, job: Job) -> Flow:
        self._calls.began(place, job.cell.key)
        yield from self._do(job)
        self._calls.ended(job.cell.key)

    def _next_job(self) -> tuple[int, Job] | None:
        """The next one, with its place among all."""
        with self._lock:
            if self._stop_reason is not None or self._spending.tripped:
                return None
            place = self.total - len(self._jobs)
            try:
                job = self._jobs.take()
            except Exception as error:
                broken = error
            else:
                return None if job is None else (place, job)
        self._break(broken)
        return None

    def _ahead(self, number: int) -> list[CellKey]:
        with self._lock:
            return self._jobs.ahead(number)

    def _do(self, job: Job) -> Flow:
        cell = RunningCell(self.experiment_id, job.cell.key)
        if not self._claim(cell, job):
            return
        self._recorder.wait_while_held()
        began = time.monotonic()
        try:
            attempt = yield from self._attempt(job)
        except Exception as error:
            attempt = None
            self._break(error)
        if attempt is None:
            self._leave(cell)
        else:
            with self._lock:
                self._spending.ended(attempt, attempt.cost if job.attempt_id is None else None)
            self._recorder.bring(cell, attempt, time.monotonic() - began)

    def _break(self, error: Exception) -> None:
        """The store failed: without it nothing is durable, so nothing more may start."""
        if self.error is None:
            logger.error("opik-resume: the run of %s broke", self.experiment_id, exc_info=error)
        self.error = self.error or error
        self.stop(redaction.redacted(f"{type(error).__name__}: {error}"))

    def _report(self, ended: EndedRun) -> None:
        self._tell(RunFinished(ended.cell.key, ended.attempt))
        self._leave(ended.cell, completed=ended.attempt.complete)

    def _lose(self, ended: EndedRun, error: Exception) -> None:
        self._break(error)
        self._leave(ended.cell)

    def _leave(self, cell: RunningCell, *, completed: bool = False) -> None:
        with self._lock:
            self._on_the_way.discard(cell.key)
        if self._outliving.leave(cell):
            return
        self._abandoned.came_back(cell.key, completed=completed)
        stopping.leave(cell, completed=completed and self._stop_reason is not None)

    def _claim(self, cell: RunningCell, job: Job) -> bool:
        """Take the cell, unless a last look at it says why not."""
        try:
            why_not = self._claims.take(cell, job)
        except LeaseLost as error:
            self._lose_lease(error)
            return False
        except Exception as error:
            self._break(error)
            return False
        if why_not is not None:
            self._drop(cell.key, why_not)
        return why_not is None

    def _drop(self, key: CellKey, reason: str) -> None:
        with self._lock:
            self._left -= 1
        self.dropped[key] = reason
        self._tell(RunDropped(key, reason))

    def _attempt(self, job: Job) -> Generator[Future[Any], None, Attempt | None]:
        """What came of one job; None when the run was stopped before it began, or a rule says so."""
        key = job.cell.key
        with self._lock:
            if self._stop_reason is not None or not self._spending.may_start(time.monotonic()):
                return None
            self._left -= 1
            self._on_the_way.add(key)
        self._tell(RunStarted(key))
        return (yield from self._rescored(job) if job.attempt_id is not None else self._run(job))

    def _run(self, job: Job) -> Generator[Future[Any], None, Attempt]:
        key = job.cell.key
        start = Attempt(new_id(), self.experiment_id, key.item_id, key.trial, started_at=utc_now())
        self._store.start(start)
        if self._elsewhere is not None:
            return (yield from self._elsewhere.run(start, job.item))
        context = self._context.copy()
        if self._slots is None:
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

    def _on_executor(
        self, callables: Callables, *, tolerant: bool, required: Sequence[str], tracing: Tracing | None
    ) -> Elsewhere | None:
        if callables.elsewhere is None:
            return None
        spans = tracing is not None and tracing.spans
        terms = Terms(tolerant, tuple(required), self._work.version, spans, callables.capture)
        return Elsewhere(self.id, callables.elsewhere, self._work, terms, self._waits, self._awaiter)

    def _trying(self, retries: Retries) -> Trying | None:
        return None if retries.plain else Trying(retries, self._calls, self._waits, self._outliving.keep)

    # The keeper: beats the lease, watches the grace time, ends the run

    def _keep(self) -> None:
        self._capture.hold()
        stopping.register(self.stop)
        stopping.remember(self._recorder)
        for key, reason in list(self.dropped.items()):
            self._tell(RunDropped(key, reason))
        for key in self._jobs.cells():  # no worker has started yet
            self._tell(RunQueued(key))
        try:
            self._recorder.start()
            self._start_workers()
            self._watch()
        except OutOfThreads as error:
            self._break(error)
            self._recorder.close()
        self._end()

    def _start_workers(self) -> None:
        slots = self._slots
        wanted, work = (self._workers, self._take_jobs) if slots is None else (WORKERS, slots.work)
        started = start_workers(wanted, work, self._recorder.close)
        if started < wanted:
            logger.warning("opik-resume: %d of %d workers could be started", started, wanted)

    def _watch(self) -> None:
        """Until the last worker has left, or the grace time of a stop has passed."""
        next_beat = time.monotonic() + BEAT_SECONDS
        deadline: float | None = None
        while not self._idle.wait(_POLL_SECONDS if self.stopping else BEAT_SECONDS / 10):
            now = time.monotonic()
            if now >= next_beat:
                next_beat = now + BEAT_SECONDS
                self._beat()
            if self.stopping:
                deadline = deadline or now + GRACE_SECONDS
                if now >= deadline:
                    self._awaiter.cancel()
                    self._idle.wait(_POLL_SECONDS)
                    return

    def _beat(self) -> None:
        try:
            if not self._lease.beat():
                self._lose_lease(self._lease.lost())
        except Exception:
            logger.exception("opik-resume: the lease of %s could not be renewed", self.experiment_id)

    def _lose_lease(self, error: LeaseLost) -> None:
        """Another resume has it: start nothing more. After a stop that is no news: it may take over."""
        if self._stop_reason is None:
            self.taken_over = str(error)
            self.stop(self.taken_over)

    def _end(self) -> None:
        self.stopped_by = self._spending.stopped_by(self._left)
        self.outcome = self._outcome()
        self._capture.let_go()
        self._finally(self._conclude)
        self._finally(lambda: self._abandoned.give_back(lambda: {*self.on_the_way, *self._outliving.cells}))
        stopping.unregister(self.stop)
        why = str(self.stopped_by) if self.outcome == "limited" else self._stop_reason or ""
        reason = ". ".join(filter(None, (why.rstrip("."), self.salvage.sentence))) or None
        with self._telling:
            self._tell(Ended(self.outcome, reason, self.on_the_way))
            self._ended.set()

    def _outcome(self) -> str:
        if self.error:
            return "broken"
        if self._stop_reason:
            return "stopped"
        return "limited" if self.stopped_by is not None else "finished"

    def _conclude(self) -> None:
        if self._at_end is not None:
            self.notes = tuple(self._at_end())
        if self._costs is not None:
            self.notes += tuple(self._costs.sentences)

    def _finally(self, step: Callable[[], None]) -> None:
        """One step of the end: whatever becomes of it, the others follow."""
        try:
            step()
        except Exception as error:
            logger.exception("opik-resume: the run of %s could not be closed", self.experiment_id)
            self.error, self.outcome = self.error or error, "broken"

    def _tell(self, event: Event) -> None:
        with self._telling:
            for listener in self._listeners:
                try:
                    listener(event)
                except Exception:  # a view must not break what it views
                    logger.exception("opik-resume: a listener failed on %s", type(event).__name__)
