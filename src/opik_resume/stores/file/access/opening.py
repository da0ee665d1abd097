"""Opening the file and closing it for good.

While anybody has it open the file is in WAL mode, which its header says; who closes it last brings everything into the
one file and takes it out of WAL mode. So a file whose header says WAL and that has no ``-wal`` beside it is a copy that
was made while somebody used it, or has lost what was in there.
"""

from __future__ import annotations

import random
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep

from opik_resume.base.text import redaction
from opik_resume.exceptions import StoreError
from opik_resume.stores.file import schema
from opik_resume.stores.file.access import errors
from opik_resume.stores.file.access.identity import wal_of

_OPEN_WAL = "SELECT count(*) FROM sqlite_schema"
_LOOK_SECONDS = 0.002
_LOOKS = 6  # before a -wal counts as lost
_FIRST_PAUSE = 0.02  # seconds between two of them, then twice as long each time: the machine may be busy
_TRIES = 3  # of two that close at the same time, each may find the other still there

logger = redaction.logger("opik_resume")


def one_more(path: Path) -> sqlite3.Connection:
    """One more connection to a file that is open, and to its -wal: SQLite opens that with the first query only."""
    connection = connected(path)
    try:
        connection.execute(_OPEN_WAL).fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def connected(path: Path) -> sqlite3.Connection:
    """A connection that has not looked into the file yet."""
    connection = sqlite3.connect(
        path, timeout=errors.BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=64
    )
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        if sys.platform == "darwin":  # where fsync leaves it to the disk when it writes
            connection.execute("PRAGMA fullfsync = ON")
            connection.execute("PRAGMA checkpoint_fullfsync = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def opened(path: Path) -> sqlite3.Connection:
    """The first connection: create the tables in a new file, add to an older one.

    Raises:
        StoreError: it is another program's, or newer than we are.
    """
    connection, version, lost = _looked_at(path)
    try:
        if lost:
            _tell_lost_wal(connection, path)
        if version < schema.VERSION:
            _bring_up_to_date(connection)
        _enter_wal_mode(connection)
        connection.execute(_OPEN_WAL).fetchone()  # or make it
    except BaseException:
        connection.close()
        raise
    return connection


def _looked_at(path: Path) -> tuple[sqlite3.Connection, int, bool]:
    """A connection to the file, its version, and whether it seems to have lost its ``-wal``.

    It seems so as well to whoever comes when another process has entered WAL mode and has not made the ``-wal`` yet, as parent
    and child may after a fork: that one is given the time to.
    """
    for number in range(_LOOKS - 1):
        connection, version, lost = _look(path)
        if not lost:
            return connection, version, lost
        connection.close()
        sleep(_FIRST_PAUSE * 2**number)
    return _look(path)


def _look(path: Path) -> tuple[sqlite3.Connection, int, bool]:
    had_wal = wal_of(path).exists()
    connection = connected(path)
    try:
        version = _version(connection, path)
        lost = not had_wal and version >= schema.CLOSED_FROM and _mode(connection) == "wal"
    except BaseException:
        connection.close()
        raise
    return connection, version, lost


def _version(connection: sqlite3.Connection, path: Path) -> int:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if application != schema.APPLICATION_ID and not empty:
        raise StoreError(f"{path} is another program's database: name a different file in OPIK_RESUME_DB or connect().")
    if version > schema.VERSION:
        raise StoreError(f"{path} was written by a newer opik-resume: upgrade this one, or name another file.")
    return version


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")  # two processes may meet at a file: the second finds it done
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    for statement in ";".join(schema.STEPS[version:]).split(";"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {schema.VERSION}")
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint").fetchone()  # a copy of the file is to say what it is


def _enter_wal_mode(connection: sqlite3.Connection) -> None:
    """SQLite refuses it at once while another process is about to do it: each would wait for the other."""
    deadline = monotonic() + errors.BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not errors.is_busy(error) or monotonic() > deadline:
                raise
            sleep(_LOOK_SECONDS)
        else:
            return


def _mode(connection: sqlite3.Connection) -> str:
    return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def _tell_lost_wal(connection: sqlite3.Connection, path: Path) -> None:
    if _left_wal_mode(connection):  # else another process has it open, and is just opening or closing it
        logger.warning(
            "%s was copied while a process used it, without %s, or has lost that file: its last runs may be missing. "
            "What it holds can be used. For all of it, copy it again once that process has ended, or with its -wal.",
            path,
            wal_of(path).name,
        )


def _left_wal_mode(connection: sqlite3.Connection) -> bool:
    """Bring everything into the one file and leave WAL mode, which takes being alone. Nobody is waited for."""
    timeout = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    try:
        connection.execute("PRAGMA busy_timeout = 0")
        return str(connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]) == "delete"
    except sqlite3.Error as error:
        logger.debug("The local file stays in WAL mode: %s", error)
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout = {timeout}")


def _left_wal_mode_soon(connection: sqlite3.Connection) -> bool:
    """As ``_left_wal_mode``, of whom another may be closing at the same moment.

    If both closed, SQLite would remove the -wal: who opens the file before one of them is back would take it for a copy.
    """
    for _ in range(_TRIES - 1):
        if _left_wal_mode(connection):
            return True
        sleep(random.uniform(0, 2 * _LOOK_SECONDS))
    return _left_wal_mode(connection)


def close_last(connection: sqlite3.Connection, path: Path) -> None:
    """Close the last connection of this process; if it is the last of all, everything is in the one file then."""
    left = _left_wal_mode_soon(connection)
    connection.close()
    if left or wal_of(path).exists() or not path.exists():  # or somebody else has it open, and will do it
        return
    with closing(connected(path)) as again:  # two have closed it at one moment after all
        _left_wal_mode(again)
