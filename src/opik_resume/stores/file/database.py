"""The local SQLite file and its one discipline: WAL, synchronous=FULL, and one writer that commits in groups."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from opik_resume.base.text import redaction
from opik_resume.exceptions import StoreError
from opik_resume.stores.file.access import file_systems
from opik_resume.stores.file.access.errors import as_store_errors
from opik_resume.stores.file.access.pool import Pool
from opik_resume.stores.file.access.writer import Write, Writer

logger = redaction.logger("opik_resume")
T = TypeVar("T")
Job = Callable[[sqlite3.Connection], Any]
_STRETCH = 3_000  # rows that are there as objects, twice for a moment: a few megabytes


class Database:
    """The local SQLite file. Safe to use from any thread; reads and writes see each other's commits.

    A forked child of this process may go on using it.

    Raises:
        StoreError: the file cannot be opened, is another program's, is damaged, lies where SQLite can lose data, or is
            no longer what the path leads to.
        StoreBusy: another process kept it locked for too long.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with as_store_errors(path):
            file_systems.make_home(path)
        self._pool = Pool(path)
        self._writer = Writer(self._pool)

    def read(
        self, sql: str, parameters: Sequence[Any] = (), *, until: Callable[[sqlite3.Row], bool] | None = None
    ) -> list[sqlite3.Row]:
        """All rows of one query, as committed now; or those up to the one of which ``until`` is true."""
        with self._pool.connection() as connection, closing(connection.execute(sql, parameters)) as found:
            if until is None:
                return found.fetchall()
            rows = []
            for row in found:
                rows.append(row)
                if until(row):
                    break
            return rows

    def stretches(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of one query, as committed now, some thousands at a time."""
        with self._pool.connection() as connection, closing(connection.cursor()) as found:
            found.row_factory = None
            found.execute(sql, parameters)
            while rows := found.fetchmany(_STRETCH):
                yield rows

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
        self._writer.put(Write(job, None, urgent=False, values=tuple(values)))

    def _submit(self, job: Callable[..., Any], *, urgent: bool, values: tuple[Any, ...] | None = None) -> Future[Any]:
        done: Future[Any] = Future()
        self._writer.put(Write(job, done, urgent, values))
        return done

    def verify(self) -> None:
        """Raise StoreError when what is written would be lost: the file was deleted, replaced or emptied meanwhile."""
        self._pool.verify()

    @property
    def moved(self) -> bool:
        """Whether the path no longer leads to this file: opening it would open another one."""
        return self._pool.file is not None and self._pool.file.moved

    def checkpoint(self) -> None:
        """Bring all that is committed into the one file, if nobody has to be waited for long."""
        try:
            self._pool.verify()
            self._pool.checkpoint()
        except StoreError as error:  # it is durable as it is, in two files
            logger.info("What is in the -wal was not brought into %s: %s", self.path, error)

    def close(self) -> None:
        """Commit what is queued and close the file. Closing twice is allowed."""
        self._writer.close()
        self._pool.close()


def placeholders(rows: int, columns: int) -> str:
    """``(?, ?), (?, ?)``: many rows in one statement are one step of SQLite, during which other threads run."""
    row = f"({', '.join('?' * columns)})"
    return ", ".join([row] * rows)
