"""The connections of this process to one file. None of them is carried across a fork.

SQLite keeps count in memory of the locks that a process has. A forked child has those counts but not the locks: even a
connection of its own would read and write unprotected. So before a fork every connection is closed, and opened again,
in parent and child, by whoever needs one next.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opik_resume.base.process import exits
from opik_resume.base.process.forks import around_forks, in_each_process
from opik_resume.base.process.keeping import never_finalized
from opik_resume.exceptions import StoreError
from opik_resume.stores.file.access import opening
from opik_resume.stores.file.access.errors import as_store_errors
from opik_resume.stores.file.access.identity import OpenedFile

PATIENCE_SECONDS = 5.0  # how long a fork waits for a connection that is in use
_LOOK_SECONDS = 0.001
_TRIES = 10  # to open one, each of which somebody may spoil by removing the -wal just then

_carried: set[str] = set()  # the real paths of files of which a connection was carried into this process


class Pool:
    """As many connections as are used at a time. Safe to use from any thread.

    Raises:
        StoreError, StoreBusy: as for :class:`~opik_resume.stores.file.database.Database`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: OpenedFile | None = None
        self._open = 0  # connections
        self._draining = False  # whoever wants one has to wait for the lock
        self._idle: deque[sqlite3.Connection] = deque()
        self._closed = False
        self._forking: int | None = threading.get_ident()  # the thread that forks and has let go of all
        in_each_process(self._begin)
        around_forks(self._let_go, self._go_on)
        with self.connection():
            pass

    def _begin(self) -> None:
        if self._open or self._forking is None:  # some were in use for too long when this process was forked
            _carried.add(os.path.realpath(self.path))
        for connection in self._idle:
            never_finalized(connection)
        self._idle = deque()
        self._open = 0
        self._draining = False
        self._opening = threading.Lock()  # guards the number of connections; held during a fork
        self._forking = None

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection that nobody else uses meanwhile."""
        try:
            with as_store_errors(self.path):
                connection = self._taken()
                try:
                    yield connection
                finally:
                    self._idle.append(connection)
        except StoreError:
            if self.file is not None:
                self.file.check()  # if it was taken away, that is why
            raise

    def _taken(self) -> sqlite3.Connection:
        if not self._draining:
            try:
                return self._idle.pop()
            except IndexError:
                pass
        with self._opening:  # whoever drains the pool holds it
            try:
                return self._idle.pop()
            except IndexError:
                return self._one_more()

    def _one_more(self) -> sqlite3.Connection:
        if self._closed:
            raise closed(self.path)
        if os.path.realpath(self.path) in _carried:
            raise StoreError(
                f"{self.path} was in use by another thread when this process was forked, so that it cannot be used "
                'here. Fork while nothing runs, or start processes another way: multiprocessing.get_context("spawn").'
            )
        exits.arm()
        for _ in range(_TRIES):
            if self.file is not None:  # else somebody else's file would be opened, or a new one be made
                self.file.check()
                self._save_wal()  # nor a second -wal beside one that was removed and is still open
            connection = self._opened()
            if connection is not None:
                self._open += 1
                return connection
        raise self._wal_is_gone()

    def _opened(self) -> sqlite3.Connection | None:
        """A further connection, or the first; None when the -wal was removed in that very moment."""
        file = self.file if self._open else None
        try:
            connection = opening.one_more(self.path) if file is not None else opening.opened(self.path)
        except sqlite3.Error:
            if file is None or not file.wal_removed:  # else it may have looked for pages in a second, empty one
                raise
            return None
        try:
            if self.file is not None:
                self.file.check()
            if file is None:
                file = OpenedFile(self.path)
        except StoreError:
            connection.close()
            raise
        if not file.has_wal:
            opening.close_last(connection, self.path)
            return None
        if file.wal_removed:
            connection.close()
            return None
        self.file = file
        return connection

    def verify(self) -> None:
        """Raise StoreError when the path leads to another file than the one that is open, or to none.

        A ``-wal`` that is gone is not lost as long as it is open: what it holds is brought into the file.
        """
        if self.file is not None and self.file.check():
            with self._opening:
                self._save_wal()

    def _save_wal(self) -> None:
        if self.file is None or not self.file.wal_removed:  # another thread has done it
            return
        with as_store_errors(self.path):
            self.file.drop_second_wal()
            if self._wal_is_in_the_file():
                self._close_idle()
        if self._open:
            raise self._wal_is_gone()

    def _wal_is_gone(self) -> StoreError:
        return StoreError(
            f"The file {self.path.name}-wal was removed from {self.path.parent} while it was in use, so nothing more "
            "can be recorded: end every process that uses it, this one last, then start again."
        )

    def _wal_is_in_the_file(self) -> bool:
        self._draining = True
        connection = self._waited_for(time.monotonic() + PATIENCE_SECONDS)
        self._draining = False
        if connection is None:
            return False
        try:
            left, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self._idle.append(connection)
        return not left

    def checkpoint(self) -> None:
        """Bring what is in the ``-wal`` into the file, as far as nobody has to be waited for."""
        with self.connection() as connection:
            timeout = connection.execute("PRAGMA busy_timeout").fetchone()[0]
            try:
                connection.execute("PRAGMA busy_timeout = 100")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                connection.execute(f"PRAGMA busy_timeout = {timeout}")

    def close(self) -> None:
        """Close every connection, those in use as soon as they are not. Closing twice is allowed."""
        with self._opening:
            self._closed = True
            self._close_idle()

    def _close_idle(self) -> None:
        """Close all that are idle, or soon will be."""
        intact = self._is_intact()
        deadline = time.monotonic() + PATIENCE_SECONDS
        self._draining = True
        try:
            while self._open and (connection := self._waited_for(deadline)) is not None:
                self._close_one(connection, intact=intact)
        finally:
            self._draining = False
        if self.file is not None and not self._open:
            self.file.wal_closed()

    def _close_one(self, connection: sqlite3.Connection, *, intact: bool) -> None:
        if not intact:  # closing would write into it
            never_finalized(connection)
        elif self._open == 1:
            opening.close_last(connection, self.path)
        else:
            connection.close()
        self._open -= 1

    def _waited_for(self, deadline: float) -> sqlite3.Connection | None:
        """A connection out of those that are idle, or soon will be. Not by a Condition: a signal may leave that locked."""
        while True:
            try:
                return self._idle.pop()
            except IndexError:
                if time.monotonic() > deadline:
                    return None
                time.sleep(_LOOK_SECONDS)

    def _is_intact(self) -> bool:
        try:
            if self.file is not None:
                self.file.check()
        except StoreError:
            return False
        return True

    # Around a fork

    def _let_go(self) -> None:
        if self._opening.acquire(timeout=PATIENCE_SECONDS):
            self._forking = threading.get_ident()
            self._close_idle()

    def _go_on(self) -> None:
        if self._forking == threading.get_ident():
            self._forking = None
            self._opening.release()


def closed(path: Path) -> StoreError:
    """What is said to whoever uses a file that was closed."""
    return StoreError(f"The store {path} is closed: connect() opens one again.")
