"""Whether a path still leads to the file that is open. The operating system lets others take it away."""

from __future__ import annotations

import os
from enum import Enum, auto
from pathlib import Path

from opik_resume.exceptions import StoreGone

_Inode = tuple[int, int]


class _Wal(Enum):
    ours = auto()
    removed = auto()
    replaced = auto()


def wal_of(path: Path) -> Path:
    """The file beside it that holds what was committed last. SQLite names it after what links lead to."""
    real = Path(os.path.realpath(path))
    return real.with_name(f"{real.name}-wal")


class OpenedFile:
    """The files that SQLite has opened at a path, to be made when it has."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._wal_path = wal_of(path)
        self._inode = _inode(path)
        self._wal = _inode(self._wal_path)

    @property
    def moved(self) -> bool:
        """Whether the path leads nowhere, or to another file."""
        return _inode(self.path) != self._inode

    @property
    def has_wal(self) -> bool:
        """Whether there was a ``-wal`` when this was made: somebody may have removed it the moment before."""
        return self._wal is not None

    @property
    def wal_removed(self) -> bool:
        """Whether there is no ``-wal`` where there was one, or only an empty one, as SQLite makes beside it."""
        return self._wal_now() is _Wal.removed

    def drop_second_wal(self) -> None:
        """Remove the empty ``-wal`` that SQLite may have made beside the one that is open and was removed."""
        if self.wal_removed:
            self._wal_path.unlink(missing_ok=True)

    def wal_closed(self) -> None:
        """Nothing has the ``-wal`` open any more: another one may come."""
        self._wal = None

    def check(self) -> bool:
        """Raise StoreGone, with what has happened and what to do, if it is not what was opened.

        Returns:
            Whether its ``-wal`` was removed, as :attr:`wal_removed` is: it is looked at before every run.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            raise StoreGone(
                f"{self.path} was deleted or moved while it was in use, so nothing more can be recorded there: "
                "put it back, or open another file with connect()."
            ) from None
        if (found.st_dev, found.st_ino) != self._inode:
            raise StoreGone(
                f"{self.path} was replaced by another file while it was in use, so nothing more can be recorded there: "
                "put the file back, or open the new one with connect()."
            )
        if found.st_size == 0:
            raise StoreGone(
                f"{self.path} was emptied while it was in use, so nothing more can be recorded there: "
                "end this process, and restore the file from a copy or start with a new one."
            )
        wal = self._wal_now()
        if wal is _Wal.replaced:
            raise StoreGone(
                f"{self._wal_path} was replaced while it was in use, so nothing more can be recorded in {self.path}: "
                "end every process that uses it, then start again."
            )
        return wal is _Wal.removed

    def _wal_now(self) -> _Wal:
        known = self._wal
        found = _stat(self._wal_path) if known is not None else None
        if known is None or self._wal != known or (found is not None and _id(found) == known):
            return _Wal.ours  # if it has been closed meanwhile, what was found is the next one
        return _Wal.replaced if found is not None and found.st_size else _Wal.removed


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _id(found: os.stat_result) -> _Inode:
    return found.st_dev, found.st_ino


def _inode(path: Path) -> _Inode | None:
    found = _stat(path)
    return _id(found) if found is not None else None
