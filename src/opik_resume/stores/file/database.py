"""One connection discipline for the local file: WAL, synchronous=FULL, and one writer thread that commits in groups.

Many workers finish at about the same time; each waits until its row is on the disk. The writer thread takes all that
wait into one transaction, so that they share one fsync.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import psutil

from opik_resume.exceptions import StoreBusy, StoreError
from opik_resume.stores.file import schema

BUSY_SECONDS = 20.0
COMPANY_SECONDS = 0.001  # how long a write waits for as many others as were committed together the last time
LINGER_SECONDS = 0.05  # how long a write that nobody waits for may sit before it is committed by itself
_NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smbfs", "smb3", "afs", "fuse.sshfs", "ncpfs"})

logger = logging.getLogger("opik_resume")
T = TypeVar("T")
Job = Callable[[sqlite3.Connection], Any]
_Outcome = tuple[Any, BaseException | None]  # what a job returned, or what it raised


class _Write(NamedTuple):
    job: Callable[..., Any]
    done: Future[Any] | None  # None: nobody asks
    urgent: bool
    values: tuple[Any, ...] | None = None  # what the job is given together with the values of its other writes


class Database:
    """The local SQLite file. Safe to use from any thread; reads and writes see each other's commits.

    Raises:
        StoreError: the file cannot be opened, is another program's, is damaged, or lies on a network file system.
        StoreBusy: another process kept it locked for longer than ``BUSY_SECONDS``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._readers: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._writes: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._closed = False
        self._company = 0  # the writes of the last group that somebody waited for
        with _as_store_errors(path):
            _refuse_network_file_system(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect(lambda connection: _prepare(connection, path))
        self._thread = threading.Thread(target=self._write_forever, name="opik-resume-writer", daemon=True)
        self._thread.start()

    def _connect(self, prepare: Callable[[sqlite3.Connection], None] | None = None) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=64
        )
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
            if prepare is not None:
                prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def read(
        self, sql: str, parameters: Sequence[Any] = (), *, until: Callable[[sqlite3.Row], bool] | None = None
    ) -> list[sqlite3.Row]:
        """All rows of one query, as committed now; or those up to the one of which ``until`` is true."""
        with (
            _as_store_errors(self.path),
            self._reader() as connection,
            closing(connection.execute(sql, parameters)) as found,
        ):
            if until is None:
                return found.fetchall()
            rows = []
            for row in found:
                rows.append(row)
                if until(row):
                    break
            return rows

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._readers.get_nowait()
        except queue.Empty:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._readers.put(connection)

    def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``job`` in a transaction; on return it is on the disk. If it raises, nothing of it is kept."""
        result: T = self._submit(job, urgent=True).result()
        return result

    def write_soon(self, job: Job) -> Future[Any]:
        """Run ``job`` with the next group commit, without waiting for it."""
        return self._submit(job, urgent=False)

    def write_rows(self, job: Callable[[sqlite3.Connection, list[T]], Any], values: Sequence[T]) -> None:
        """As ``write``, for small writes of many: ``job`` is run once for the values of all that commit together."""
        self._submit(job, urgent=True, values=tuple(values)).result()

    def write_rows_soon(self, job: Callable[[sqlite3.Connection, list[T]], Any], values: Sequence[T]) -> None:
        """As ``write_rows``, and nobody will ask what has become of it: a failure is logged."""
        self._put(_Write(job, None, urgent=False, values=tuple(values)))

    def _submit(self, job: Callable[..., Any], *, urgent: bool, values: tuple[Any, ...] | None = None) -> Future[Any]:
        done: Future[Any] = Future()
        self._put(_Write(job, done, urgent, values))
        return done

    def _put(self, write: _Write) -> None:
        if self._closed:
            raise StoreError(f"The store {self.path} is closed: connect() opens one again.")
        self._writes.put(write)

    def close(self) -> None:
        """Commit what is queued and close the file. Closing twice is allowed."""
        if self._closed:
            return
        self._closed = True
        self._writes.put(None)
        self._thread.join()
        while not self._readers.empty():
            self._readers.get_nowait().close()

    def _write_forever(self) -> None:
        going = True
        while going:
            batch, going = self._next_batch()
            if batch:
                self._commit(batch)
        self._writer.close()

    def _next_batch(self) -> tuple[list[_Write], bool]:
        """Wait for work; take all that is queued; linger a moment if nobody is waiting for it.

        Those who waited for the last group will be back in a moment: it is worth a millisecond to commit them together.
        """
        batch: list[_Write] = []
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

    def _commit(self, batch: list[_Write]) -> None:
        jobs = _together(batch)
        outcomes: list[_Outcome] = []
        try:
            with _as_store_errors(self.path):
                self._writer.execute("BEGIN IMMEDIATE")
                outcomes = [_in_savepoint(self._writer, writes) for writes in jobs]
                self._writer.execute("COMMIT")
        except StoreError as error:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            outcomes = [(None, error) for _ in jobs]
        for writes, outcome in zip(jobs, outcomes, strict=True):
            _tell(writes, *outcome)


def _patience(batch: Sequence[_Write], urgent: int) -> float | None:
    """Seconds to wait for one more write of a group."""
    if not batch:
        return None
    return COMPANY_SECONDS if urgent else LINGER_SECONDS


def _tell(writes: Sequence[_Write], result: Any, problem: BaseException | None) -> None:
    asked = [write.done for write in writes if write.done is not None]
    for done in asked:
        if problem is None:
            done.set_result(result)
        else:
            done.set_exception(problem)
    if problem is not None and not asked:
        logger.warning("What nobody waited for was not written to the local file: %s", problem)


def _together(batch: Iterable[_Write]) -> list[list[_Write]]:
    """The writes by what is run once for them, in the order of the first of each."""
    jobs: dict[Any, list[_Write]] = {}
    for write in batch:
        jobs.setdefault(write.job if write.values is not None else write.done, []).append(write)
    return list(jobs.values())


def _in_savepoint(connection: sqlite3.Connection, writes: Sequence[_Write]) -> _Outcome:
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


def _run(connection: sqlite3.Connection, writes: Sequence[_Write]) -> Any:
    first = writes[0]
    if first.values is None:
        return first.job(connection)
    return first.job(connection, [value for write in writes for value in write.values or ()])


def _undone(connection: sqlite3.Connection, error: Exception) -> _Outcome:
    connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")
    return None, error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables in a new file, add to an older one; refuse a file that is not ours or is newer than we are."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if application != schema.APPLICATION_ID and not empty:
        raise StoreError(f"{path} is another program's database: name a different file in OPIK_RESUME_DB or connect().")
    if version > schema.VERSION:
        raise StoreError(f"{path} was written by a newer opik-resume: upgrade this one, or name another file.")
    connection.execute("PRAGMA journal_mode = WAL")
    if version < schema.VERSION:
        _bring_up_to_date(connection)


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")  # two processes may meet at a file: the second finds it done
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    for statement in ";".join(schema.STEPS[version:]).split(";"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {schema.VERSION}")
    connection.execute("COMMIT")


def _refuse_network_file_system(path: Path) -> None:
    """WAL needs shared memory and honest locks, which network file systems do not give."""
    parents = {str(parent) for parent in path.absolute().parents}
    mounts = [mount for mount in psutil.disk_partitions(all=True) if mount.mountpoint in parents]
    home = max(mounts, key=lambda mount: len(mount.mountpoint), default=None)
    if home is not None and home.fstype.lower() in _NETWORK_FILE_SYSTEMS:
        raise StoreError(
            f"{path} lies on a network file system ({home.fstype}), where SQLite can lose data: "
            "name a file on a local disk in OPIK_RESUME_DB or connect()."
        )


@contextmanager
def _as_store_errors(path: Path) -> Iterator[None]:
    """Say what sqlite3 and the file system mean, and what to do about it."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise StoreBusy(
                f"{path} has been locked by another process for {BUSY_SECONDS:.0f} s: close that one, or try again."
            ) from error
        raise StoreError(f"Cannot use {path}: {error}. Check that the folder exists and is writable.") from error
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path} is not a usable SQLite file ({error}): restore it, or name another file.") from error
    except OSError as error:
        raise StoreError(
            f"Cannot use {path}: {error.strerror or error}. Name another file in OPIK_RESUME_DB."
        ) from error


def placeholders(rows: int, columns: int) -> str:
    """``(?, ?), (?, ?)``: many rows in one statement are one step of SQLite, during which other threads run."""
    row = f"({', '.join('?' * columns)})"
    return ", ".join([row] * rows)
