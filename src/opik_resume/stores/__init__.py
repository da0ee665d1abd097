"""Stores: ``connect(target)`` opens one and makes it the process's default."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from opik_resume import settings
from opik_resume.exceptions import UnsupportedArgument

if TYPE_CHECKING:
    from opik_resume.stores.protocol import Store

_lock = threading.Lock()  # guards the two names below
_opened: dict[Path, Store] = {}  # one store a file, so that a file has one writer thread in this process
_default: Store | None = None


def connect(target: str | os.PathLike[str] | None = None) -> Store:
    """Open a store and make it the default of this process.

    Args:
        target: the path of an SQLite file, made when missing; None means the file of ``$OPIK_RESUME_DB``, else the one
            in the user's data folder. (A URL of an Opik server is not supported yet.)

    Raises:
        UnsupportedArgument: ``target`` is a URL.
        StoreError: the file cannot be used; the message says why.
    """
    global _default
    if isinstance(target, str) and "://" in target:
        raise UnsupportedArgument.of("connect", "target", "an Opik server is not supported yet, pass a file")
    path = settings.database_path() if target is None else Path(target).expanduser().absolute()
    with _lock:
        _default = _open(path)
        return _default


def default_store() -> Store:
    """The store that functions use without ``store=``: the one connected last, else the configured file."""
    with _lock:
        return _default if _default is not None else _open(settings.database_path())


def close_all() -> None:
    """Close every store that this process has open and forget the default."""
    global _default
    with _lock:
        for store in _opened.values():
            store.close()
        _opened.clear()
        _default = None


def _open(path: Path) -> Store:
    from opik_resume.stores.local import LocalStore

    if path not in _opened:
        _opened[path] = LocalStore(path)
    return _opened[path]
