"""Who runs what: one lease an experiment, a row of the local SQLite file.

A lease belongs to one resume, not to one process. It is live while its process lives on this machine (pid, process
start and boot id agree) or, when another host wrote it, while its heartbeat is young. Taking over raises the token:
the old holder's next heartbeat fails, and it starts nothing more.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import psutil

from opik_resume.base.records import LeaseHolder, utc_now
from opik_resume.exceptions import ExperimentBusy
from opik_resume.stores.file.database import Database

BEAT_SECONDS = 5.0
STALE_AFTER = timedelta(seconds=60)
_START_TOLERANCE = 1.0  # seconds: clocks of the boot drift a little between two readings
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class _Process:
    host: str
    boot_id: str
    pid: int
    process_start: float


@lru_cache(maxsize=4)
def _process(pid: int) -> _Process:
    """This process. ``pid`` is a parameter so that a forked child does not take itself for its parent."""
    boot_id = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else str(round(psutil.boot_time()))
    return _Process(socket.gethostname(), boot_id, pid, psutil.Process(pid).create_time())


class _OurRuns:
    """The resumes of this process that hold a lease, and which of them are stopping.

    A row that names this process but a run that is not here is a leftover (a Ctrl-C at the wrong moment): not live.
    Only a stopping run may be taken over while its process lives.
    """

    def __init__(self) -> None:
        self._stopping: dict[str, bool] = {}
        self._lock = threading.Lock()  # guards the dict

    def add(self, run_id: str) -> None:
        with self._lock:
            self._stopping[run_id] = False

    def stop(self, run_id: str) -> None:
        with self._lock:
            if run_id in self._stopping:
                self._stopping[run_id] = True

    def remove(self, run_id: str) -> None:
        with self._lock:
            self._stopping.pop(run_id, None)

    def holds(self, run_id: str) -> bool:
        with self._lock:
            return run_id in self._stopping

    def is_stopping(self, run_id: str) -> bool:
        with self._lock:
            return self._stopping.get(run_id, False)


_our_runs = _OurRuns()


class SqliteLeases:
    """The leases of every experiment known to this file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, experiment_id: str, run_id: str) -> SqliteLease:
        token = self._database.write(lambda db: _take(db, experiment_id, run_id))
        _our_runs.add(run_id)
        return SqliteLease(self._database, experiment_id, run_id, token)

    def holder(self, experiment_id: str) -> LeaseHolder | None:
        found = self._database.read("SELECT * FROM leases WHERE experiment_id = ?", (experiment_id,))
        return _holder(found[0]) if found and _live(found[0]) else None


class SqliteLease:
    """One resume's right to an experiment; see :class:`~opik_resume.stores.protocol.Lease`."""

    def __init__(self, database: Database, experiment_id: str, run_id: str, token: int) -> None:
        self.experiment_id = experiment_id
        self.run_id = run_id
        self.token = token
        self._database = database

    def beat(self) -> bool:
        return self._change("heartbeat = ?", utc_now().isoformat())

    def stopping(self) -> None:
        _our_runs.stop(self.run_id)
        update = "UPDATE leases SET stopping = 1 WHERE experiment_id = ? AND token = ?"
        self._database.write_soon(lambda db: db.execute(update, (self.experiment_id, self.token)))

    def release(self) -> None:
        _our_runs.remove(self.run_id)
        self._change("run_id = ?", None)

    def _change(self, assignment: str, value: object) -> bool:
        update = f"UPDATE leases SET {assignment} WHERE experiment_id = ? AND token = ? AND run_id = ?"
        values = (value, self.experiment_id, self.token, self.run_id)
        return self._database.write(lambda db: db.execute(update, values).rowcount) == 1


def _take(db: sqlite3.Connection, experiment_id: str, run_id: str) -> int:
    row = db.execute("SELECT * FROM leases WHERE experiment_id = ?", (experiment_id,)).fetchone()
    if row is not None and _live(row) and not _our_runs.is_stopping(row["run_id"]):
        raise ExperimentBusy(_busy_message(row))
    token: int = (row["token"] if row is not None else 0) + 1
    me, now = _process(os.getpid()), utc_now().isoformat()
    db.execute(
        "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        (experiment_id, token, run_id, me.host, me.boot_id, me.pid, me.process_start, now, now),
    )
    return token


def _live(row: sqlite3.Row) -> bool:
    if row["run_id"] is None:
        return False
    me = _process(os.getpid())
    if row["host"] != me.host:
        return utc_now() - datetime.fromisoformat(row["heartbeat"]) < STALE_AFTER
    if row["boot_id"] != me.boot_id:
        return False
    if row["pid"] == me.pid and row["process_start"] == me.process_start:
        return _our_runs.holds(row["run_id"])
    return _alive(row["pid"], row["process_start"])


def _alive(pid: int, process_start: float) -> bool:
    try:
        process = psutil.Process(pid)
        same: bool = abs(process.create_time() - process_start) < _START_TOLERANCE
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _holder(row: sqlite3.Row) -> LeaseHolder:
    return LeaseHolder(
        experiment_id=row["experiment_id"],
        run_id=row["run_id"],
        token=row["token"],
        host=row["host"],
        pid=row["pid"],
        since=datetime.fromisoformat(row["since"]),
        heartbeat=datetime.fromisoformat(row["heartbeat"]),
        stopping=bool(row["stopping"]),
    )


def _busy_message(row: sqlite3.Row) -> str:
    where = "in this process" if row["pid"] == os.getpid() else f"by process {row['pid']}"
    since = f"{datetime.fromisoformat(row['since']):%H:%M:%S} UTC"
    doing = "is still finishing its last runs" if row["stopping"] else "is being run"
    return (
        f"Experiment {row['experiment_id']} {doing} {where} on {row['host']} (since {since}). "
        "Wait until it ends or stop it there: running it twice would pay twice."
    )
