"""Who is alive: a process keeps a file of its own locked, and the operating system drops the lock with the process.

No clock and no process id is asked, so that neither a step of the clock nor a namespace of process ids matters. The
files lie in a folder beside the database, never in the database: to close any descriptor of that would drop the locks
of SQLite.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
import threading
from contextlib import suppress
from pathlib import Path

from opik_resume.base.text import redaction

_NAME = re.compile("[0-9a-f]{32}")  # of our files: a name out of a database must not lead elsewhere
_TRIES = 100

logger = redaction.logger("opik_resume")

_guard = threading.Lock()  # guards the dict: no fork happens between the opening of a file and its entry here
_held: dict[str, int] = {}  # the files that this process keeps locked, by name, and their descriptors

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int, *, shared: bool = False) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True
else:
    import fcntl

    def _try_lock(descriptor: int, *, shared: bool = False) -> bool:
        """Whether it could be locked. Raises OSError on a file system that has no locks.

        ``flock``, not ``lockf``, whose locks go with the first descriptor of the file that the process closes.
        """
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        return True


def is_ours(token: str | None) -> bool:
    """Whether this is a token of this process."""
    return token in _held


class LifeSigns:
    """The signs of life of those who use one database: this process has at most one, its *token* is the file's name."""

    def __init__(self, database: Path) -> None:
        real = database.resolve()  # as SQLite does it: the same for all, whatever links they come by
        self._folder = real.with_name(f"{real.name}.alive")
        self._token: str | None = None
        self._over = False

    def give(self) -> str | None:
        """The token of this process, whose file is locked from now on; None where files cannot be locked."""
        if self._over:  # what still ends while the process does must not leave a file behind
            return None
        if self._token is None or not is_ours(self._token):  # never given, or before a fork
            self._token = self._made()
        return self._token

    def renew(self) -> None:
        """Make the file again if somebody has cleaned it away."""
        token = self._token
        if token is not None and is_ours(token) and not _is_at(_held[token], self._folder / token):
            with suppress(OSError):
                self._lock_new(token)

    def take_back(self) -> None:
        """Nothing of this process needs it any more, for good."""
        self._over = True
        with _guard:
            descriptor = _held.pop(self._token or "", None)
        if descriptor is not None:
            with suppress(OSError):
                (self._folder / str(self._token)).unlink()
            os.close(descriptor)
        with suppress(OSError):  # others are in there, or it never was
            self._folder.rmdir()

    def shows(self, token: str) -> bool | None:
        """Whether the process of that token lives; None: it cannot be told. The file of a dead one is removed."""
        if is_ours(token):
            return True
        if not _NAME.fullmatch(token):
            return None
        try:
            descriptor = os.open(self._folder / token, os.O_RDONLY)
        except FileNotFoundError:
            return False
        except OSError:
            return None
        try:
            # Shared: two who look at the same time must not take each other for the holder.
            if not _try_lock(descriptor, shared=True):
                return True
            with suppress(OSError):  # under the lock: who makes a file looks whether it is still there
                (self._folder / token).unlink()
        except OSError:
            return None
        finally:
            os.close(descriptor)
        return False

    def _made(self) -> str | None:
        try:
            self._sweep()
            for _ in range(_TRIES):
                token = secrets.token_hex(16)
                if self._lock_new(token):
                    return token
        except OSError as error:
            logger.info("No file can be locked in %s (%s): process ids and heartbeats have to do.", self._folder, error)
        return None

    def _sweep(self) -> None:
        """Remove what dead processes have left."""
        if self._folder.exists():
            for path in self._folder.iterdir():
                self.shows(path.name)

    def _lock_new(self, token: str) -> bool:
        """Make the file and lock it. False when somebody who looked for dead ones was faster."""
        path = self._folder / token
        with _guard:
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
            except FileNotFoundError:  # the folder was empty, and its last user has removed it
                return False
            try:
                locked = _try_lock(descriptor) and _is_at(descriptor, path)
            except OSError:
                os.close(descriptor)
                path.unlink(missing_ok=True)
                raise
            if not locked:
                os.close(descriptor)
                return False
            before = _held.get(token)
            _held[token] = descriptor
        if before is not None:
            os.close(before)
        return True


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _let_go() -> None:
    """In a forked child: its copies would keep the locks of a parent that is dead."""
    for descriptor in _held.values():
        with suppress(OSError):
            os.close(descriptor)
    _held.clear()
    _guard.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_guard.acquire, after_in_parent=_guard.release, after_in_child=_let_go)
