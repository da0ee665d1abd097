"""The run: workers take planned cells one by one, record each attempt durably, and tell the listener.

One ``Run`` is one resume (or one first evaluation) in the background of the process. It holds the experiment's lease
from before it starts until nothing of it runs any more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from opik_resume.base.records import Attempt, CellKey
from opik_resume.base.text import redaction
from opik_resume.base.text.tracebacks import in_words
from opik_resume.engine.backends import Awaiter
from opik_resume.engine.calling import Call, Calls, is_async
from opik_resume.engine.capture.routing import Capture
from opik_resume.engine.cells.cell import CellWork
from opik_resume.engine.cells.costs import Costs
from opik_resume.engine.cells.tracing import Tracing, Untraced
from opik_resume.engine.claims import stopping
from opik_resume.engine.claims.abandoning import Abandoned
from opik_resume.engine.claims.claiming import Claims
from opik_resume.engine.claims.outliving import Outliving
from opik_resume.engine.claims.stopping import RunningCell
from opik_resume.engine.elsewhere.sending import elsewhere_of
from opik_resume.engine.events import Ended, RunDropped, RunFinished, RunQueued
from opik_resume.engine.jobs import Callables, Job, Jobs, Listed
from opik_resume.engine.recording import patience
from opik_resume.engine.recording.recorder import EndedRun, Recorder
from opik_resume.engine.recording.salvage import Salvage
from opik_resume.engine.retrying.judging import Judging
from opik_resume.engine.retrying.trying import Trying
from opik_resume.engine.retrying.waiting import Waits
from opik_resume.engine.running.admission import Admission
from opik_resume.engine.running.course import Course
from opik_resume.engine.running.keeper import Keeper
from opik_resume.engine.running.listeners import Listener, Listeners
from opik_resume.engine.running.slots import WORKERS, Flow, Slots
from opik_resume.engine.running.working import Working
from opik_resume.engine.workers import start_thread, start_workers
from opik_resume.exceptions import LeaseLost, OutOfThreads, StoreError
from opik_resume.experiment.limits import StoppedBy
from opik_resume.stores.protocol import ExperimentStore, Lease

logger = redaction.logger(__name__)


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
        self._course = Course(self._jobs, callables.limits, callables.spent)
        self._lease = lease
        self._abandoned = Abandoned(lease)
        self._outliving = Outliving(self._abandoned)
        self._tell = Listeners(listener)
        self._at_end = at_end
        self._hurried = threading.Event()
        self._ended = threading.Event()
        self._lock = threading.Lock()  # guards the way into a stop
        self.salvage = Salvage(store.path.parent, self.id)
        self._recorder = Recorder(store.record, self._report, self._lose, self._tell, self.salvage)
        self._idle = self._recorder.done  # set when the last worker has left and all it brought is recorded
        self._awaiter = Awaiter(callables.loop)
        self._calls = Calls(self._awaiter)
        self._costs = Costs(callables.cost, self._calls) if callables.cost is not None else None
        self._capture = Capture(wanted=callables.capture)
        self._one_at_a_time = callables.task_threads == 1
        self._workers = min(max(1, callables.task_threads), max(1, len(jobs)))
        self._admission = Admission(
            self._workers, adaptive=callables.retries.adaptive, left=self._course.seconds_left, tell=self._tell
        )
        self._waits = Waits(self._hurried, self._course.seconds_left, self._tell, self._admission)
        retries = callables.retries
        judging = Judging(self._calls, self._admission, retries.max_wait, retries.longest)
        work = self._cell_work(callables, judging, tolerant, tracing or Untraced(), required)
        self._elsewhere = elsewhere_of(self.id, callables, work, self._waits, self._awaiter, judging)
        awaits = self._elsewhere is None and self._workers > WORKERS and is_async(callables.task)
        self._slots = Slots(self._workers, self._next_flow) if awaits or self._elsewhere else None
        self._keeper = Keeper(lease, self._idle, lambda: self.stopping, self.lease_lost, self._awaiter.cancel)
        self._working = Working(
            self,
            self._course,
            Claims(lease, self._course.ahead, lambda: self.stopping),
            work,
            self._recorder,
            store,
            self._tell,
            self._capture,
            self._admission,
            self._awaiter if awaits else None,
            self._elsewhere,
        )

    def _cell_work(
        self, callables: Callables, judging: Judging, tolerant: bool, tracing: Tracing, required: Sequence[str]
    ) -> CellWork:
        retries = callables.retries
        return CellWork(
            callables.task,
            callables.scoring_metrics,
            callables.scoring_key_mapping,
            self._calls,
            tolerant=tolerant,
            on_error=self._calls.note,
            tracing=tracing,
            required=required,
            fresh=callables.fresh,
            version=callables.version.text if callables.version is not None else None,
            costs=self._costs,
            trying=None if retries.plain else Trying(retries, self._calls, self._waits, self._outliving.keep, judging),
            judging=judging,
        )

    # For whoever started it

    def listen(self, listener: Listener) -> None:
        """Tell this listener every event, too. Only before the start: it hears all or nothing."""
        self._tell.add(listener)

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
        if not self._course.start():
            return
        try:
            start_thread("keeper", self._keep)
        except OutOfThreads as error:
            self.broken(error)
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
                self._course.stop(reason or "stopped")
        self._waits.wake()
        self._admission.close()
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
        return self._course.stop_reason is not None and self.active

    @property
    def hurried(self) -> bool:
        """Whether it was told to stop, at whatever time: then its end waits for nobody."""
        return self._hurried.is_set()

    @property
    def on_the_way(self) -> tuple[CellKey, ...]:
        """The cells that workers are on now."""
        return self._course.on_the_way

    @property
    def unrecorded(self) -> list[Attempt]:
        """What has finished and the store has not taken: given up, or still tried again."""
        return self._recorder.unrecorded

    @property
    def first_error(self) -> BaseException | None:
        """What the first failing cell raised, first in the order of the jobs: the user's own exception."""
        return self._calls.first_error

    @property
    def first_lasting_error(self) -> BaseException | None:
        """The same of those that do not pass by themselves."""
        return self._calls.first_lasting_error

    @property
    def stated_until(self) -> float:
        """The moment of ``time.monotonic`` before which a provider has said that it is not to be called again."""
        return self._calls.stated_until

    # Workers

    def _take_jobs(self) -> None:
        while (flow := self._next_flow()) is not None:
            for _ in flow:  # where there are no slots, nothing is awaited elsewhere
                pass

    def _next_flow(self) -> Flow | None:
        try:
            taken = self._course.take()
        except Exception as error:
            self.broken(error)
            return None
        return None if taken is None else self._flow(*taken)

    def _flow(self, place: int, job: Job) -> Flow:
        self._calls.began(place, job.cell.key)
        yield from self._working.do(job)
        self._calls.ended(job.cell.key)

    # What those who work for it tell it

    def broken(self, error: Exception) -> None:
        """The store failed, without which nothing is durable, or the executor: nothing more may start."""
        if self.error is None:
            logger.error("opik-resume: the run of %s broke", self.experiment_id, exc_info=error)
        self.error = self.error or error
        self.stop(in_words(error))

    def lease_lost(self, error: LeaseLost) -> None:
        """Another resume has it: start nothing more. After a stop that is no news: it may take over."""
        if self._course.stop_reason is None:
            self.taken_over = str(error)
            self.stop(self.taken_over)

    def drop(self, key: CellKey, reason: str) -> None:
        """This cell is not going to be run."""
        self._course.drop()
        self.dropped[key] = reason
        self._tell(RunDropped(key, reason))

    def passing(self, key: CellKey) -> bool | None:
        """Whether a provider refused what this cell lacks; None: it does not pass by itself, or nothing was raised."""
        return self._calls.passing(key)

    def leave(self, cell: RunningCell, *, completed: bool = False) -> None:
        """Nothing more will come of this cell, unless a call of its task has outlived its time."""
        self._course.leave(cell.key)
        if self._outliving.leave(cell):
            return
        self._abandoned.came_back(cell.key, completed=completed)
        stopping.leave(cell, completed=completed and self._course.stop_reason is not None)

    def _report(self, ended: EndedRun) -> None:
        self._tell(RunFinished(ended.cell.key, ended.attempt))
        self.leave(ended.cell, completed=ended.attempt.complete)

    def _lose(self, ended: EndedRun, error: Exception) -> None:
        self.broken(error)
        self.leave(ended.cell)

    # From its start to its end, on the keeper's thread

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
            self._keeper.watch()
        except OutOfThreads as error:
            self.broken(error)
            self._recorder.close()
        self._end()

    def _start_workers(self) -> None:
        slots = self._slots
        wanted, work = (self._workers, self._take_jobs) if slots is None else (WORKERS, slots.work)
        started = start_workers(wanted, work, self._recorder.close)
        if started < wanted:
            logger.warning("opik-resume: %d of %d workers could be started", started, wanted)

    def _end(self) -> None:
        self._admission.close()
        self.stopped_by = self._course.stopped_by()
        self.outcome = self._outcome()
        self._capture.let_go()
        self._finally(self._conclude)
        if self._elsewhere is not None:
            self._elsewhere.end()
        self._finally(lambda: self._abandoned.give_back(lambda: {*self.on_the_way, *self._outliving.cells}))
        stopping.unregister(self.stop)
        why = str(self.stopped_by) if self.outcome == "limited" else self._course.stop_reason or ""
        reason = ". ".join(filter(None, (why.rstrip("."), self.salvage.sentence))) or None
        self._tell.last(Ended(self.outcome, reason, self.on_the_way), self._ended)

    def _outcome(self) -> str:
        if self.error:
            return "broken"
        if self._course.stop_reason:
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
