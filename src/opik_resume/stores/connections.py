"""Stores: ``connect(target)`` opens one and makes it the process's default."""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING

from opik_resume.base import settings
from opik_resume.base.process.exits import close_at_exit
from opik_resume.base.process.forks import in_each_process
from opik_resume.exceptions import ArgumentError

if TYPE_CHECKING:
    from opik_resume.base.settings import OpikSettings
    from opik_resume.stores.local import LocalStore
    from opik_resume.stores.opik import OpikStore
    from opik_resume.stores.protocol import Store

_lock: threading.Lock  # guards the two names below
_opened: dict[Hashable, LocalStore | OpikStore] = {}  # one store a file, so that it has one writer in this process
_default: Store | None = None


def _begin() -> None:
    """In a forked child the same stores are there: each has made anew what a child must not share."""
    global _lock
    _lock = threading.Lock()


in_each_process(_begin)


def connect(
    target: str | os.PathLike[str] | None = None,
    *,
    api_key: str | None = None,
    workspace: str | None = None,
    project: str | None = None,
) -> Store:
    """Open a store and make it the default of this process.

    Args:
        target: the URL of an Opik server, like ``http://localhost:5173/api/``, or the path of an SQLite file, made when
            missing. None means the server that Opik is configured for, and without one the file of ``$OPIK_RESUME_DB``,
            else the one in the user's data folder.
        api_key, workspace, project: of the server, over what is configured for Opik. With a project, only its
            experiments are listed.

    Raises:
        NotAuthorized, ServerUnreachable, RequestRefused: the server does not let us in, or is not there; the message
            names the setting to correct.
        ArgumentError: a setting cannot be used.
        StoreError: the file cannot be used; the message says why.
    """
    global _default
    store = open_store(target, api_key=api_key, workspace=workspace, project=project)
    with _lock:
        _default = store
    return store


def open_store(
    target: str | os.PathLike[str] | None = None,
    *,
    api_key: str | None = None,
    workspace: str | None = None,
    project: str | None = None,
) -> Store:
    """Open a store without making it the default. Arguments and errors as for ``connect``."""
    of_server = {"api_key": api_key, "workspace": workspace, "project": project}
    given = [name for name, value in of_server.items() if value is not None]
    if _is_url(target) or (target is None and (given or settings.opik_is_configured())):
        return _server(settings.opik_settings(None if target is None else str(target), **of_server), check=True)
    if given:
        raise ArgumentError(f"{', '.join(given)}: a file has none. Pass the URL of an Opik server as target.")
    return _file(settings.database_path() if target is None else Path(target).expanduser().absolute())


def default_store() -> Store:
    """The store that functions use without ``store=``: the one connected last, else the one that is configured."""
    with _lock:
        connected = _default
    if connected is not None:
        return connected
    if settings.opik_is_configured():
        return _server(settings.opik_settings(), check=False)
    return _file(settings.database_path())


def server_store(found: OpikSettings) -> Store:
    """The store of that server, workspace and key: one that is open, the default before others, else a new one."""
    with _lock:
        there = [store for store in _opened.values() if not store.moved]
    opened: list[Store] = sorted(there, key=lambda store: store is not _default)
    return next((store for store in opened if same_server(store, found)), None) or _server(found, check=False)


def is_default(store: Store) -> bool:
    """Whether functions use it without ``store=``. Opens nothing."""
    with _lock:
        connected = _default
    if connected is not None:
        return connected is store
    return settings.opik_is_configured() and same_server(store, settings.opik_settings())


def same_server(store: Store, found: OpikSettings) -> bool:
    """Whether a store is on that server, in that workspace and with that key."""
    its = getattr(store, "settings", None)
    return its is not None and (its.url, its.workspace, its.api_key) == (found.url, found.workspace, found.api_key)


def close_all() -> None:
    """Close every store that this process has open and forget the default."""
    global _default
    with _lock:
        opened = list(_opened.values())
        _opened.clear()
        _default = None
    for store in opened:
        store.close()


close_at_exit(close_all)


def _is_url(target: str | os.PathLike[str] | None) -> bool:
    return isinstance(target, str) and "://" in target


def _file(path: Path) -> Store:
    from opik_resume.stores.local import LocalStore

    with _lock:
        _forget_moved(path)
        if path not in _opened:
            _opened[path] = LocalStore(path)
        return _opened[path]


def _forget_moved(key: Hashable) -> None:
    """What was opened there is somewhere else now, or nowhere: whoever asks wants what is there now."""
    known = _opened.get(key)
    if known is not None and known.moved:
        del _opened[key]
        known.close()


def _server(found: OpikSettings, *, check: bool) -> Store:
    from opik_resume.stores.opik import OpikStore

    path = settings.database_path()
    key = (found.url, found.api_key, found.workspace, found.project, found.check_tls, path)
    with _lock:
        _forget_moved(key)
        known = _opened.get(key)
    store = known if isinstance(known, OpikStore) else OpikStore(found, path)
    if check:
        _checked(store, close=known is None)
    with _lock:
        kept = _opened.setdefault(key, store)
    if kept is not store:  # another thread was faster
        store.close()
    return kept


def _checked(store: OpikStore, *, close: bool) -> None:
    try:
        store.check()
    except BaseException:
        if close:
            store.close()
        raise
