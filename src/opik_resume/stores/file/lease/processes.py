"""Which process wrote a row, and whether it lives: told by its lock, else by what no step of the clock moves."""

from __future__ import annotations

import os
import socket
import sqlite3
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from opik_resume.base.records import utc_now
from opik_resume.stores.file.lease import alive
from opik_resume.stores.file.lease.alive import LifeSigns

STALE_AFTER = timedelta(seconds=60)
_START_TOLERANCE = 1.0  # seconds, of a start that is told by the clock
_PROC = Path("/proc")
_BOOT_ID = _PROC / "sys/kernel/random/boot_id"


class Process(NamedTuple):
    """A process as rows know it. The fields are columns.

    ``process`` is the name of the file that it keeps locked (None: it cannot). ``boot_id`` and ``pid_namespace`` are
    empty, and ``start_ticks`` is None, where the system does not tell them; ``process_start`` (seconds since 1970) is
    for those systems.
    """

    process: str | None
    host: str
    boot_id: str
    pid: int
    pid_namespace: str
    start_ticks: int | None
    process_start: float


COLUMNS = ", ".join(Process._fields)


def this_process(signs: LifeSigns) -> Process:
    """The process that asks, with its sign of life."""
    return _identity(os.getpid())._replace(process=signs.give())


@lru_cache(maxsize=4)
def _identity(pid: int) -> Process:
    """This process. ``pid`` is a parameter so that a forked child does not take itself for its parent."""
    ticks = _start_ticks(pid)
    start = _started(pid) if ticks is None else 0.0
    return Process(None, socket.gethostname(), _boot_id(), pid, _pid_namespace(), ticks, start)


def _started(pid: int) -> float:
    import psutil  # where the system does not tell it, and of what other processes run

    return psutil.Process(pid).create_time()


def is_this(row: sqlite3.Row) -> bool:
    """Whether the row was written by the process that asks."""
    if row["process"] is not None:
        return alive.is_ours(row["process"])
    me = _identity(os.getpid())
    if (row["host"], row["boot_id"], row["pid"]) != (me.host, me.boot_id, me.pid):
        return False
    return _in_my_namespace(row, me) and _started_then(row)


def lives(row: sqlite3.Row, signs: LifeSigns, heard: datetime) -> bool:
    """Whether the process that wrote the row lives; ``heard`` is when it last said so.

    The lock tells, if this kernel is the one that keeps it. Else another host counts while its word is young.
    """
    me = _identity(os.getpid())
    shown = signs.shows(row["process"]) if row["process"] is not None else None
    same_kernel = row["boot_id"] == me.boot_id != ""
    if shown or (shown is False and (same_kernel or row["host"] == me.host)):
        return bool(shown)
    young = utc_now() - heard < STALE_AFTER
    if row["host"] != me.host:
        return young
    if row["boot_id"] and me.boot_id and not same_kernel:
        return False
    return _started_then(row, otherwise=young) if _in_my_namespace(row, me) else young


def silent_until(row: sqlite3.Row, signs: LifeSigns, heard: datetime) -> datetime | None:
    """When a living holder counts as dead unless it is heard from till then; None: its lock or its process id tells."""
    me = _identity(os.getpid())
    told = row["process"] is not None and bool(signs.shows(row["process"]))
    return None if told or (row["host"] == me.host and _in_my_namespace(row, me)) else heard + STALE_AFTER


def program(row: sqlite3.Row) -> str:
    """What the process that wrote the row runs: the name of the module or the file, no more. Empty: not to be seen from here."""
    me = _identity(os.getpid())
    if (row["host"], row["boot_id"]) != (me.host, me.boot_id) or not _in_my_namespace(row, me):
        return ""
    import psutil

    try:
        process = psutil.Process(row["pid"])
        return named(process.cmdline()) or process.name()
    except psutil.Error:  # it has ended, or belongs to somebody else
        return ""


def named(command: list[str]) -> str:
    """``ipykernel_launcher`` of ``python -m ipykernel_launcher -f …``, ``job.py`` of ``python -u /home/me/job.py …``."""
    rest = iter(command[1:])
    for each in rest:
        if each in ("-X", "-W"):
            next(rest, None)
        elif each == "-m":
            return next(rest, "")
        elif each == "-c" or not each.startswith("-"):
            return "" if each == "-c" else Path(each).name
    return ""


def _in_my_namespace(row: sqlite3.Row, me: Process) -> bool:
    return not row["pid_namespace"] or row["pid_namespace"] == me.pid_namespace


def _started_then(row: sqlite3.Row, *, otherwise: bool = False) -> bool:
    """Whether the process of that id is the one that the row means. ``otherwise``: of one whose clock says no."""
    if row["start_ticks"] is not None:
        return _start_ticks(row["pid"]) == int(row["start_ticks"])
    start: float = row["process_start"]
    import psutil

    try:
        process = psutil.Process(row["pid"])
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return otherwise or abs(process.create_time() - start) < _START_TOLERANCE
    except psutil.NoSuchProcess:
        return False


def _start_ticks(pid: int) -> int | None:
    """When a process started, in ticks since the boot. None: there is none of that id, or nothing tells."""
    try:
        state, *fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[18]) if state not in ("Z", "X") else None  # field 22 of proc(5)


def _boot_id() -> str:
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""


def _pid_namespace() -> str:
    try:
        return str((_PROC / "self/ns/pid").readlink())
    except OSError:
        return ""
