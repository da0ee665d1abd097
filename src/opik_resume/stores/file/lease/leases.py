"""Who runs what: one lease an experiment, a row of the local SQLite file.

A lease belongs to one resume, not to one process. It is live while its process lives (:mod:`.processes`). Taking over
raises the token: the old holder's next look at it fails, and it starts nothing more. So does asking it to stop, which
leaves it the lease until it has: nothing is begun by two.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from opik_resume.base.records import CellKey, LeaseHolder, utc_now
from opik_resume.exceptions import ExperimentBusy, LeaseLost
from opik_resume.stores.file.database import Database, placeholders
from opik_resume.stores.file.lease import living, processes
from opik_resume.stores.file.lease.alive import LifeSigns
from opik_resume.stores.file.lease.processes import Process

_COLUMNS = f"experiment_id, token, run_id, since, heartbeat, stopping, {processes.COLUMNS}"
_OF_EXPERIMENT = "SELECT * FROM leases WHERE experiment_id = ?"


class Completed(NamedTuple):
    """Where a file keeps the complete attempts of a store: the table and, of the journal, the server."""

    table: str = "attempts"
    server: str | None = None


@lru_cache(maxsize=200)
def _look(completed: Completed, cells: int) -> str:
    """The token of the lease and whether there are living tasks; then, of so many cells, those that are complete."""
    server = "?2 IS NULL" if completed.server is None else "server = ?2"
    numbers = range(3, 3 + 2 * cells, 2)
    return (
        "SELECT (SELECT token FROM leases WHERE experiment_id = ?1), "
        "EXISTS (SELECT 1 FROM living_tasks WHERE experiment_id = ?1) UNION ALL "
        f"SELECT item_id, trial FROM (VALUES {', '.join(f'(?{n}, ?{n + 1})' for n in numbers)}) "
        f"CROSS JOIN {completed.table} "
        f"WHERE {server} AND experiment_id = ?1 AND item_id = column1 AND trial = column2 AND complete"
    )


class _OurRuns:
    """The resumes of this process that hold a lease, and which of them are stopping.

    A row that names this process but a run that is not here is a leftover (a Ctrl-C at the wrong moment): not live.
    Only a stopping run may be taken over while its process lives.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """After a fork: the runs are the parent's, and so is whoever has the lock."""
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
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_our_runs.forget)


@dataclass(frozen=True)
class _File:
    """One local file as its leases use it. ``needed``: the runs and tasks for which this process has to be seen alive."""

    database: Database
    completed: Completed
    signs: LifeSigns
    needed: set[object] = field(default_factory=set)


class SqliteLeases:
    """The leases of every experiment known to this file; ``completed`` is where it keeps their complete attempts."""

    def __init__(self, database: Database, completed: Completed) -> None:
        self._file = _File(database, completed, LifeSigns(database.path))

    def acquire(self, experiment_id: str, run_id: str) -> SqliteLease:
        _our_runs.add(run_id)
        self._file.needed.add(run_id)
        try:
            me = processes.this_process(self._file.signs)
            token = self._file.database.write(lambda db: _take(db, experiment_id, run_id, me, self._file.signs))
        except BaseException:  # a row that is written all the same is a leftover
            _our_runs.remove(run_id)
            self._file.needed.discard(run_id)
            raise
        return SqliteLease(self._file, experiment_id, run_id, token)

    def holder(self, experiment_id: str) -> LeaseHolder | None:
        found = self._file.database.read(_OF_EXPERIMENT, (experiment_id,))
        return _holder(found[0], self._file.signs) if found and _live(found[0], self._file.signs) else None

    def ask_to_stop(self, experiment_id: str) -> bool:
        ask = "UPDATE leases SET token = token + 1, stopping = 1 WHERE experiment_id = ? AND run_id IS NOT NULL"
        return self._file.database.write(lambda db: db.execute(ask, (experiment_id,)).rowcount == 1)

    def living(self, experiment_id: str) -> dict[CellKey, str]:
        return _living(self._file, experiment_id)

    def close(self) -> None:
        """Nobody needs to know any more that this process lives, unless something of it still runs."""
        if not self._file.needed:
            self._file.signs.take_back()


class SqliteLease:
    """One resume's right to an experiment; see :class:`~opik_resume.stores.protocol.Lease`."""

    def __init__(self, file: _File, experiment_id: str, run_id: str, token: int) -> None:
        self.experiment_id = experiment_id
        self.run_id = run_id
        self.token = token
        self._file = file

    def beat(self) -> bool:
        self._file.signs.renew()
        return self._file.database.write(self._beat)

    def claim(self, cells: Sequence[CellKey]) -> dict[CellKey, str]:
        look = _look(self._file.completed, len(cells))
        values = [value for key in cells for value in key]
        read = self._file.database.read
        (token, living_tasks), *completed = read(look, (self.experiment_id, self._file.completed.server, *values))
        if token != self.token:
            raise self.lost()
        marked = _living(self._file, self.experiment_id) if living_tasks else {}
        taken = {key: marked[key] for key in cells if key in marked}
        return taken | {CellKey(*row): living.COMPLETED for row in completed}

    def lost(self) -> LeaseLost:
        found = self._file.database.read(_OF_EXPERIMENT, (self.experiment_id,))
        if not found:
            return LeaseLost("its lease is gone from the local file")
        row = found[0]
        if row["run_id"] == self.run_id:
            return LeaseLost("asked to stop by another process")
        who = "another run of this process" if processes.is_this(row) else f"process {row['pid']} on {row['host']}"
        return LeaseLost(f"taken over by {who} at {_time_of_day(row)}")

    def stopping(self) -> None:
        _our_runs.stop(self.run_id)
        update = "UPDATE leases SET stopping = 1 WHERE experiment_id = ? AND token = ?"
        self._file.database.write_soon(lambda db: db.execute(update, (self.experiment_id, self.token)))

    def release(self, still_running: Collection[CellKey] = ()) -> None:
        self._file.needed.update((self.run_id, key) for key in still_running)
        _our_runs.remove(self.run_id)
        self._file.database.write(lambda db: self._give_back(db, still_running))
        self._file.needed.discard(self.run_id)

    def _give_back(self, db: sqlite3.Connection, still_running: Collection[CellKey]) -> None:
        # By its run alone: one that was asked to stop has an old token, and it all the same.
        free = "UPDATE leases SET run_id = NULL WHERE experiment_id = ? AND run_id = ?"
        db.execute(free, (self.experiment_id, self.run_id))
        if still_running:
            me = processes.this_process(self._file.signs)
            living.mark(db, self.experiment_id, self.run_id, me, still_running)

    def came_back(self, key: CellKey, *, completed: bool) -> None:
        self._file.needed.discard((self.run_id, key))
        self._file.database.write_soon(
            lambda db: living.came_back(db, self.experiment_id, self.run_id, key, completed=completed)
        )

    def _beat(self, db: sqlite3.Connection) -> bool:
        update = "UPDATE leases SET heartbeat = ? WHERE experiment_id = ? AND token = ? AND run_id = ?"
        values = (utc_now().isoformat(), self.experiment_id, self.token, self.run_id)
        return db.execute(update, values).rowcount == 1


def _living(file: _File, experiment_id: str) -> dict[CellKey, str]:
    found = file.database.read("SELECT * FROM living_tasks WHERE experiment_id = ?", (experiment_id,))
    return living.reasons(found, file.signs)


def _take(db: sqlite3.Connection, experiment_id: str, run_id: str, me: Process, signs: LifeSigns) -> int:
    row = db.execute(_OF_EXPERIMENT, (experiment_id,)).fetchone()
    if row is not None and _live(row, signs) and not _our_runs.is_stopping(row["run_id"]):
        raise ExperimentBusy(_busy_message(row))
    token: int = (row["token"] if row is not None else 0) + 1
    now = utc_now().isoformat()
    values = (experiment_id, token, run_id, now, now, 0, *me)
    db.execute(f"INSERT OR REPLACE INTO leases ({_COLUMNS}) VALUES {placeholders(1, len(values))}", values)
    living.forget(db, experiment_id, signs)
    return token


def _live(row: sqlite3.Row, signs: LifeSigns) -> bool:
    if row["run_id"] is None:
        return False
    if processes.is_this(row):
        return _our_runs.holds(row["run_id"])
    return processes.lives(row, signs, datetime.fromisoformat(row["heartbeat"]))


def _holder(row: sqlite3.Row, signs: LifeSigns) -> LeaseHolder:
    here, heard = processes.is_this(row), datetime.fromisoformat(row["heartbeat"])
    return LeaseHolder(
        experiment_id=row["experiment_id"],
        run_id=row["run_id"],
        token=row["token"],
        host=row["host"],
        pid=row["pid"],
        since=datetime.fromisoformat(row["since"]),
        heartbeat=heard,
        stopping=bool(row["stopping"]),
        here=here,
        program="" if here else processes.program(row),
        until=None if here else processes.silent_until(row, signs, heard),
    )


def _busy_message(row: sqlite3.Row) -> str:
    where = "in this process" if processes.is_this(row) else f"by process {row['pid']}"
    doing = "is still finishing its last runs" if row["stopping"] else "is being run"
    return (
        f"Experiment {row['experiment_id']} {doing} {where} on {row['host']} (since {_time_of_day(row)}). "
        "Wait until it ends or stop it there: running it twice would pay twice."
    )


def _time_of_day(row: sqlite3.Row) -> str:
    return f"{datetime.fromisoformat(row['since']):%H:%M:%S} UTC"
