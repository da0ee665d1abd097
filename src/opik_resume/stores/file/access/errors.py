"""What sqlite3 and the file system mean, and what to do about it."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opik_resume.exceptions import StoreBusy, StoreError

BUSY_SECONDS = 20.0  # how long what is locked by another process is waited for
_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
_ADVICE = {
    sqlite3.SQLITE_CANTOPEN: "Check that the folder exists and is writable.",
    sqlite3.SQLITE_READONLY: "Check that the file and its folder are writable.",
    sqlite3.SQLITE_PERM: "Check that the file and its folder are writable.",
    sqlite3.SQLITE_IOERR: "Check the disk that it is on, or name a file on another one in OPIK_RESUME_DB or connect().",
}


@contextmanager
def as_store_errors(path: Path) -> Iterator[None]:
    """Raise StoreError or StoreBusy for what the file does not give. An IntegrityError is a matter of the caller's."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.OperationalError as error:
        raise _operational(path, error) from error
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path} is not a usable SQLite file ({error}): restore it, or name another file.") from error
    except OSError as error:
        if error.errno in _FULL:
            raise _full(path) from error
        raise StoreError(
            f"Cannot use {path}: {error.strerror or error}. Name another file in OPIK_RESUME_DB."
        ) from error


def _operational(path: Path, error: sqlite3.OperationalError) -> StoreError:
    code = _code(error)
    if code == sqlite3.SQLITE_FULL:
        return _full(path)
    if is_busy(error):
        return StoreBusy(
            f"{path} has been locked by another process for {BUSY_SECONDS:.0f} s: close that one, or try again."
        )
    return StoreError(f"Cannot use {path}: {error}. {_ADVICE.get(code, '')}".rstrip())


def is_busy(error: sqlite3.OperationalError) -> bool:
    """Whether another connection has locked it."""
    return _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _code(error: sqlite3.OperationalError) -> int:
    """Without what SQLite adds to tell more; 0 when sqlite3 raised it."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _full(path: Path) -> StoreError:
    return StoreError(
        f"The disk of {path.parent} is full, so nothing can be recorded in {path.name}: free some space there. "
        "What has finished is not lost as long as this process lives."
    )
