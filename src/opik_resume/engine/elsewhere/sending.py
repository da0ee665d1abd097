"""The run's side: hands calls to the executor, waits without a thread for each, and makes attempts of what comes back."""

from __future__ import annotations

import os
import pickle
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Generator, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from opik_resume.base.ids import new_id
from opik_resume.base.records import Attempt, CellKey, Item, Try, utc_now
from opik_resume.base.text import redaction
from opik_resume.base.text.tracebacks import error_info, in_words
from opik_resume.engine.backends import Awaiter
from opik_resume.engine.cells.cell import CellWork
from opik_resume.engine.elsewhere import clusters, remote
from opik_resume.engine.elsewhere.messages import Address, Answer, Call, Done, Fit, Terms
from opik_resume.engine.elsewhere.packing import Place
from opik_resume.engine.elsewhere.parcels import Parcels
from opik_resume.engine.jobs import Callables
from opik_resume.engine.retrying.judging import Judging
from opik_resume.engine.retrying.policy import Pause
from opik_resume.engine.retrying.tries import Pressed
from opik_resume.engine.retrying.waiting import Waits
from opik_resume.engine.workers import start_thread
from opik_resume.exceptions import ExecutorBroken, FailedElsewhere, WorkerLost

logger = redaction.logger(__name__)

Sent = Generator[Future[Any], None, Attempt]
"""The work on one cell; what it yields is waited for before it goes on."""

_NOT_SENT = (ImportError, pickle.PickleError, AttributeError, TypeError)
"""What an executor raises of a call that it could not hand to a worker, or whose answer it could not read."""


class Elsewhere:
    """The cells of one run on an executor.

    Args:
        run_id: the run.
        place: the executor, and what its workers call.
        work: how the cells would be worked on here.
        terms: how their outcome is judged.
        waits: waits for the next try of a cell.
        awaiter: has them wait on the loop, without a thread.
        judging: told which calls a provider refused because there are too many, and which it did not.
        on_the_way: how many calls there may be at a time.
    """

    def __init__(
        self,
        run_id: str,
        place: Place,
        work: CellWork,
        terms: Terms,
        waits: Waits,
        awaiter: Awaiter,
        judging: Judging,
        on_the_way: int,
    ) -> None:
        self._place = place
        self._work = work
        self._terms = terms
        self._waits = waits
        self._awaiter = awaiter
        self._judging = judging
        self._parcels = Parcels(self._submitted, on_the_way)
        self._fit = tuple(Fit.here())
        self._mark = Path(tempfile.gettempdir()) / f"opik-resume-{run_id}.stop"
        self._address = Address(run_id, place.digest, os.fspath(self._mark))
        self._lock = threading.Lock()  # guards the two below
        self._out: set[Future[bytes]] = set()
        self._stopped = False

    def run(self, attempt: Attempt, item: Item) -> Sent:
        """Have the task called and its output scored. ``attempt`` is the start, without an outcome."""
        call, spent = Call(attempt, item, self._terms), 0.0
        while True:
            began = time.monotonic()
            done = yield from self._done(call)
            self._meanwhile(done, began)
            spent += done.attempt.task_seconds or 0.0
            pause = None if done.refused and self._judging.in_vain else done.pause
            waited = 0.0 if pause is None else (yield from self._waited(call, pause))
            tries = _with_wait(done.tries, abs(waited))
            if pause is None or waited <= 0:
                return self._kept(done, tries, spent)
            spent += waited
            again = replace(attempt, prints=done.attempt.prints)
            call = replace(call, attempt=again, tries=tries, pressed=_pressed(done, waited))

    def rescore(self, attempt: Attempt, item: Item, names: Collection[str]) -> Sent:
        """Have kept output scored again, with the metrics of these names."""
        began = time.monotonic()
        done = yield from self._done(Call(attempt, item, self._terms, tuple(names)))
        self._meanwhile(done, began)
        self._note(done)
        if done.fresh is not None and self._work.fresh is not None:
            self._work.fresh[attempt.id] = done.fresh
        return done.attempt

    def stop(self) -> None:
        """What has not begun is not to begin; what has gets its time. Returns at once."""
        with self._lock:
            self._stopped = True
            out = list(self._out)
        self._parcels.stop()
        if not out:
            return
        for tell in (self._mark.touch, partial(start_thread, "stop-elsewhere", self._tell_workers)):
            try:
                tell()
            except Exception as error:  # the other one may reach them; else what waits there begins as if it had begun
                logger.warning("opik-resume: the workers could not be told of the stop: %s", error)
        if clusters.cancels_only_what_has_not_begun(self._place.executor):
            for future in out:
                future.cancel()
        self._tidy()

    def end(self) -> None:
        """Nothing more is sent. What is still out comes back as it may."""
        self._parcels.stop()
        with self._lock:
            if self._out:  # the cluster must not begin it again
                return
        try:
            clusters.forget(self._place.executor, self._address.run_id)
        except Exception as error:
            logger.info("opik-resume: the scheduler could not be told of the end: %s", error)

    def _tell_workers(self) -> None:
        try:
            clusters.tell_workers(self._place.executor, remote.stop, self._address.run_id)
        except Exception as error:
            logger.warning("opik-resume: the workers could not be told of the stop: %s", error)

    def _meanwhile(self, done: Done, began: float) -> None:
        """What a call has told besides what came of it."""
        judging, returned = self._judging, done.attempt.returned
        if done.traced is not None:
            self._work.tracing.take(done.traced)
        if done.refused:
            (judging.judge_refused if returned else judging.refused)(began, done.stated)
        elif returned:
            judging.judge_passed(began)

    # One call

    def _done(self, call: Call) -> Generator[Future[Any], None, Done]:
        """What came of it, whatever the executor does. Raises ExecutorBroken when it takes nothing any more."""
        packed = pickle.dumps(call)
        kind, told = yield from self._answer(call, packed)
        if kind == "missing":  # of this worker's first call: the user's code was not called
            kind, told = yield from self._answer(call, packed, kit=True)
        if isinstance(told, Done):
            self._parcels.took((told.attempt.task_seconds or 0.0) + (told.attempt.scoring_seconds or 0.0))
            return told
        if kind == "again":
            return self._lost(call, RuntimeError("dask wanted to begin it again"))
        if kind == "refused":
            return self._failed(call, CancelledError("the run was stopped before a worker began with this one"))
        return self._failed(call, FailedElsewhere(f"{told or 'no worker keeps what it is sent'}"))

    def _answer(self, call: Call, packed: bytes, *, kit: bool = False) -> Generator[Future[Any], None, Answer]:
        future = self._parcels.send(packed, kit=kit)
        yield future
        try:
            return future.result(0)
        except ExecutorBroken:
            raise
        except CancelledError as error:
            return ("refused", None) if self._stopped else ("done", self._lost(call, error))
        except _NOT_SENT as error:
            why = in_words(error)
            return "unfit", f"the executor could not pass on this call: {why}. Is opik-resume installed on its workers?"
        except BaseException as error:  # of ours there is none: whoever was on it is gone
            return "done", self._lost(call, error)

    def _submitted(self, calls: Sequence[bytes], kit: bool) -> Future[bytes]:
        args = (calls, self._place.payload) if kit else (calls,)
        address = tuple(self._address._replace(ticket=new_id()))
        try:
            future = self._place.executor.submit(remote.answer, self._fit, address, *args)  # type: ignore[arg-type]
        except BaseException as error:  # of somebody else's code: it must not end a worker of ours
            raise self._broken(f"takes no more runs: {in_words(error)}") from error
        if not isinstance(future, Future):
            raise self._broken(f"gave {type(future).__name__} for a call, and no concurrent.futures.Future")
        with self._lock:
            self._out.add(future)
        future.add_done_callback(self._came_back)
        return future

    def _broken(self, how: str) -> ExecutorBroken:
        name = type(self._place.executor).__name__
        return ExecutorBroken(f"executor {name} {how}. What has finished is kept: make a new one and resume with it.")

    def _came_back(self, future: Future[bytes]) -> None:
        with self._lock:
            self._out.discard(future)
        self._tidy()

    def _tidy(self) -> None:
        """The mark of the stop is not needed any more once nothing is out."""
        with self._lock:
            if self._stopped and not self._out:
                self._mark.unlink(missing_ok=True)

    # What becomes of it

    def _kept(self, done: Done, tries: tuple[Try, ...], seconds: float) -> Attempt:
        """By the clock of this machine, and with what all tries took."""
        self._note(done)
        if done.no_cost is not None and self._work.costs is not None:
            self._work.costs.note(done.no_cost)
        attempt = replace(done.attempt, ended_at=utc_now(), tries=tries if len(tries) > 1 else ())
        return attempt if attempt.task_seconds is None else replace(attempt, task_seconds=seconds)

    def _note(self, done: Done) -> None:
        """What was raised is for ``raise_on_failure``: itself, if it can be sent, else what it said."""
        if not done.raised or self._work.on_error is None:
            return
        attempt = done.attempt
        self._work.on_error(CellKey(attempt.item_id, attempt.trial or 0), _raised(done))

    def _lost(self, call: Call, error: BaseException) -> Done:
        return self._failed(
            call,
            WorkerLost(
                f"the worker that was on this run was lost ({in_words(error)}). It "
                "may have been paid for, so it was not begun again; a resume runs it."
            ),
        )

    def _failed(self, call: Call, error: Exception) -> Done:
        """It was not done. What was to be scored again stays as it is, with the failure beside what it has."""
        if call.metrics is None:
            return Done(replace(call.attempt, error=error_info(error)), call.tries, raised=True)
        if not call.attempt.complete:
            return Done(call.attempt)
        fresh: dict[str, Any] = {}
        work = replace(self._work, call=partial(_raise, error), judging=None, fresh=fresh)
        attempt = work.rescore(call.attempt, call.item, call.metrics)
        return Done(attempt, fresh=fresh.get(attempt.id))

    def _waited(self, call: Call, pause: Pause) -> Generator[Future[Any], None, float]:
        """Wait for the next try. Returns the seconds; below 0 when there is to be none."""
        key = CellKey(call.attempt.item_id, call.attempt.trial or 0)
        began = time.monotonic()
        waiting = self._awaiter.begin(self._waits.awaited(key, pause))
        yield waiting
        again = not waiting.cancelled() and waiting.exception() is None and waiting.result()
        seconds = max(time.monotonic() - began, 1e-9)
        return seconds if again else -seconds


def elsewhere_of(
    run_id: str, callables: Callables, work: CellWork, waits: Waits, awaiter: Awaiter, judging: Judging
) -> Elsewhere | None:
    """Where the cells of a run are worked on; None is here. ``work``: how they would be worked on here."""
    if callables.elsewhere is None:
        return None
    terms = Terms(
        work.tolerant, tuple(work.required), work.version, work.tracing.spans, callables.capture, work.tracing.relay()
    )
    return Elsewhere(run_id, callables.elsewhere, work, terms, waits, awaiter, judging, callables.task_threads)


def _pressed(done: Done, waited: float) -> Pressed | None:
    """What refusals have come to, with the wait for the last one."""
    if done.pressed is None or not done.refused:
        return done.pressed
    return replace(done.pressed, waited=done.pressed.waited + waited)


def _with_wait(tries: tuple[Try, ...], seconds: float) -> tuple[Try, ...]:
    return (*tries[:-1], replace(tries[-1], waited=round(seconds, 3))) if tries and seconds else tries


def _raise(error: Exception, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> NoReturn:
    raise error


def _raised(done: Done) -> BaseException:
    info = done.attempt.error
    if done.error is not None:
        try:
            error = pickle.loads(done.error)  # noqa: S301  # our own worker's
            if isinstance(error, BaseException):
                if info is not None:
                    error.add_note(f"It was raised in a worker:\n{info.traceback}")
                return error
        except Exception as problem:  # its class is not here, or cannot be made from what it keeps
            logger.info("opik-resume: an exception of a worker cannot be read: %s", problem)
    if info is None:
        return FailedElsewhere("a worker failed, and did not say how")
    return FailedElsewhere(f"{info.exception_type}: {info.message}\n\nIt was raised in a worker:\n{info.traceback}")
