"""One thread that writes, and commits in groups.

Many workers finish at about the same time; each waits until its row is on the disk. The writer takes all that wait into
one transaction, so that they share one fsync.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple

from opik_resume.base.process.forks import in_each_process
from opik_resume.base.text import redaction
from opik_resume.exceptions import StoreError
from opik_resume.stores.file.access.pool import Pool, closed

COMPANY_SECONDS = 0.001  # how long a write waits for as many others as were committed together the last time
LINGER_SECONDS = 0.05  # how long a write that nobody waits for may sit before it is committed by itself

logger = redaction.logger("opik_resume")
_Outcome = tuple[Any, BaseException | None]  # what a job returned, or what it raised


class Write(NamedTuple):
    """What is to be run in a transaction, and who is told what has come of it."""

    job: Callable[..., Any]
    done: Future[Any] | None  # None: nobody asks
    urgent: bool
    values: tuple[Any, ...] | None = None  # what the job is given together with the values of its other writes


class Writer:
    """Commits what it is given, in that order, from any thread. A forked child has a writer of its own."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._closed = False
        in_each_process(self._begin)
        self._start()

    def _begin(self) -> None:
        self._lock = threading.Lock()  # guards the thread
        self._thread: threading.Thread | None = None
        self._writes: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self._company = 0  # the writes of the last group that somebody waited for

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._write_forever, name="opik-resume-writer", daemon=True)
                thread.start()
                self._thread = thread

    def put(self, write: Write) -> None:
        """Queue one more. Raises StoreError once it is closed."""
        if self._closed:
            raise closed(self._pool.path)
        if self._thread is None:
            self._start()
        self._writes.put(write)

    def close(self) -> None:
        """Commit what is queued, and end. Closing twice is allowed."""
        if self._closed:
            return
        self._closed = True
        if self._thread is not None:
            self._writes.put(None)
            self._thread.join()

    def _write_forever(self) -> None:
        going = True
        while going:
            batch, going = self._next_batch()
            if batch:
                self._commit(batch)

    def _next_batch(self) -> tuple[list[Write], bool]:
        """Wait for work; take all that is queued; linger a moment if nobody is waiting for it.

        Those who waited for the last group will be back in a moment: it is worth a millisecond to commit them together.
        """
        batch: list[Write] = []
        urgent = 0
        while True:
            try:
                write = self._writes.get(timeout=_patience(batch, urgent))
            except queue.Empty:
                break
            if write is None:
                return batch, False
            batch.append(write)
            urgent += write.urgent
            if urgent >= self._company and urgent and self._writes.empty():
                break
        self._company = urgent
        return batch, True

    def _commit(self, batch: list[Write]) -> None:
        """Run them, and tell what has come of each: done means that it is on the disk, in the file of that name."""
        jobs = _together(batch)
        try:
            self._pool.verify()
            with self._pool.connection() as connection:
                outcomes = _in_one_transaction(connection, jobs)
            self._pool.verify()
        except StoreError as error:
            outcomes = [(None, error) for _ in jobs]
        for writes, outcome in zip(jobs, outcomes, strict=True):
            _tell(writes, *outcome)


def _patience(batch: Sequence[Write], urgent: int) -> float | None:
    """Seconds to wait for one more write of a group."""
    if not batch:
        return None
    return COMPANY_SECONDS if urgent else LINGER_SECONDS


def _together(batch: Iterable[Write]) -> list[list[Write]]:
    """The writes by what is run once for them, in the order of the first of each."""
    jobs: dict[Any, list[Write]] = {}
    for write in batch:
        jobs.setdefault(write.job if write.values is not None else write.done, []).append(write)
    return list(jobs.values())


def _in_one_transaction(connection: sqlite3.Connection, jobs: Sequence[Sequence[Write]]) -> list[_Outcome]:
    try:
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [_in_savepoint(connection, writes) for writes in jobs]
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return outcomes


def _in_savepoint(connection: sqlite3.Connection, writes: Sequence[Write]) -> _Outcome:
    """One job of a group: its failure undoes only itself. A failure of the file itself undoes the group."""
    connection.execute("SAVEPOINT job")
    try:
        result = _run(connection, writes)
    except sqlite3.Error as error:
        if not isinstance(error, sqlite3.IntegrityError):
            raise
        return _undone(connection, error)
    except Exception as error:
        return _undone(connection, error)
    connection.execute("RELEASE job")
    return result, None


def _run(connection: sqlite3.Connection, writes: Sequence[Write]) -> Any:
    first = writes[0]
    if first.values is None:
        return first.job(connection)
    return first.job(connection, [value for write in writes for value in write.values or ()])


def _undone(connection: sqlite3.Connection, error: Exception) -> _Outcome:
    connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")
    return None, error


def _tell(writes: Sequence[Write], result: Any, problem: BaseException | None) -> None:
    asked = [write.done for write in writes if write.done is not None]
    for done in asked:
        if problem is None:
            done.set_result(result)
        else:
            done.set_exception(problem)
    if problem is not None and not asked:
        logger.warning("What nobody waited for was not written to the local file: %s", problem)
