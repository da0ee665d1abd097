"""Delivery: a daemon thread that brings the journal to the server until all of it is acknowledged.

One deliverer a server at a time, whatever the number of kernels: it holds a lease of the local file, which a dead
process loses. What is sent twice all the same changes nothing, since the ids are ours.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from opik_resume.base.ids import new_id
from opik_resume.base.process.forks import in_each_process
from opik_resume.base.text import redaction
from opik_resume.exceptions import ExperimentBusy, ServerError
from opik_resume.stores.file.journal import Journal
from opik_resume.stores.opik.writing.dispatch import Dispatch, Send
from opik_resume.stores.protocol import Lease, Leases

BATCH = 1000  # attempts: each is a trace, a link, a handful of spans and scores
GATHER_SECONDS = 0.2  # how long what is to be delivered waits for more, unless somebody waits for it
_ENOUGH = 250  # attempts that are not kept waiting for more
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds between tries while the server does not take anything
BUSY_PAUSE = 0.2  # seconds before we look again whether the other kernel has delivered
_BEAT = 5.0
_JOIN_SECONDS = 2.0

logger = redaction.logger("opik_resume")


class Delivery:
    """Delivers one server's journal.

    Args:
        journal: what is to be delivered.
        leases: who delivers: one process at a time.
        send, greet: how :class:`Dispatch` speaks to the server.
    """

    def __init__(self, journal: Journal, leases: Leases, send: Send, greet: Callable[[], object]) -> None:
        self.problem: str | None = None  # why the last try did not get through
        self._journal = journal
        self._leases = leases
        self._dispatch = Dispatch(journal, send, greet)
        in_each_process(self._begin)

    def _begin(self) -> None:
        """A child delivers what it records itself; what its parent has recorded is the parent's to deliver."""
        self._lock = threading.Lock()  # guards the thread
        self._thread: threading.Thread | None = None
        self._work = threading.Event()  # there may be something to deliver
        self._fresh = 0  # attempts that have come since the last round, about
        self._now = threading.Event()  # they are many, or somebody waits for them
        self._closed = threading.Event()
        self._settled = threading.Condition()  # notified after every round

    def wake(self, fresh: int = 0, *, now: bool = False) -> None:
        """There is something to deliver: so many attempts more; soon, or now. Returns at once."""
        with self._lock:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name="opik-resume-delivery", daemon=True)
                self._thread.start()
            self._fresh += fresh
            if now or self._fresh >= _ENOUGH:
                self._now.set()
        self._work.set()

    def flush(self, timeout: float) -> bool:
        """Deliver now, and wait until nothing waits any more, at most ``timeout`` seconds. Returns whether that is so."""
        deadline = time.monotonic() + timeout
        with self._settled:  # held from the look to the wait: what is settled in between is not missed
            while self._journal.waiting():
                self.wake(now=True)
                left = deadline - time.monotonic()
                if left <= 0 or self._closed.is_set():
                    return False
                self._settled.wait(min(left, BUSY_PAUSE))  # another kernel's delivery is not told to us
        return True

    def stop(self) -> None:
        """Send nothing more after the request at hand; what is left waits for the next start."""
        self._closed.set()
        self._now.set()
        self._work.set()

    def join(self) -> None:
        """Wait for the thread to end, a moment: a request that hangs must not hold up who closes the store."""
        with self._lock:
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        failures = 0
        pause: float | None = None
        while self._waited(pause):
            try:
                pause = self._round()
                failures = 0
            except ServerError as error:
                self._say(error)
                pause = error.wait if error.wait is not None else min(FIRST_PAUSE * 2**failures, LONGEST_PAUSE)
                failures = min(failures + 1, 10)
            except Exception:
                logger.exception("opik-resume: delivery to %s failed", self._journal.server)
                pause = LONGEST_PAUSE
            with self._settled:
                self._settled.notify_all()

    def _waited(self, pause: float | None) -> bool:
        """Wait so many seconds or, with None, until there is something to do. Returns whether to go on."""
        if pause is None:
            self._work.wait()
            self._now.wait(GATHER_SECONDS)
        else:
            self._closed.wait(pause)
        return not self._closed.is_set()

    def _round(self) -> float | None:
        """Deliver what waits. Seconds to pause, or None to sleep until there is something to do."""
        with self._lock:
            self._work.clear()
            self._now.clear()
            self._fresh = 0
        if not self._journal.waiting():
            return None
        try:
            lease = self._leases.acquire(f"delivery to {self._journal.server}", new_id())
        except ExperimentBusy:
            return BUSY_PAUSE
        try:
            self._deliver_all(lease)
        finally:
            lease.release()
            self._say_refused()
        self.problem = None
        return BUSY_PAUSE if self._journal.waiting() and not self._work.is_set() else None

    def _deliver_all(self, lease: Lease) -> None:
        """Batch by batch. What has come during the last and is less than one may wait for more, in the next round."""
        next_beat = time.monotonic() + _BEAT
        entries, full = self._journal.batch(BATCH)
        while entries and not self._closed.is_set():
            self._dispatch.deliver(entries)
            if not full:
                return
            entries, full = self._journal.batch(BATCH)
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + _BEAT
                if not lease.beat():
                    return

    def _say(self, error: ServerError) -> None:
        if self.problem is None:
            logger.warning("%s Finished runs are kept and sent again until they arrive.", _sentence(error))
        self.problem = str(error)

    def _say_refused(self) -> None:
        refused = self._dispatch.told_refused()
        if refused:
            (first, words), count = refused[0], len(refused)
            logger.warning(
                "%d finished run%s will not be taken by the server as %s: item %s, trial %s of experiment %s (%s)%s. Nothing is "
                "lost and nothing is paid twice: they are kept in the local file, and evaluate_resume(%r, task, …)"
                ".to_pandas().to_csv('runs.csv') exports what that experiment has.",
                count,
                "s" if count > 1 else "",
                "they are" if count > 1 else "it is",
                first.item_id,
                first.trial or 0,
                first.experiment_id,
                words.rstrip("."),
                f", and {count - 1:,} more" if count > 1 else "",
                first.experiment_id,
            )


def _sentence(words: object) -> str:
    """What a server says ends as it likes."""
    return f"{str(words).rstrip('.')}."
