"""Tasks of ended runs that still are on a cell: each is a mark, valid while its process lives.

A sync task cannot be killed. Its run has given the lease back, and what the task returns is recorded when it comes; no
resume, here or elsewhere, may pay for its cell meanwhile. The mark of a task that has completed its cell stays until
the next resume begins, which reads the cell then: a server's answer and the journal may show it to nobody before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from opik_resume.base.records import CellKey, utc_now
from opik_resume.stores.file.database import placeholders
from opik_resume.stores.file.lease import processes
from opik_resume.stores.file.lease.alive import LifeSigns
from opik_resume.stores.file.lease.processes import Process

COMPLETED = "completed in the meantime"
_COLUMNS = f"experiment_id, item_id, trial, run_id, since, completed, {processes.COLUMNS}"
_OF_CELL = "experiment_id = ? AND item_id = ? AND trial = ?"


def mark(db: sqlite3.Connection, experiment_id: str, run_id: str, me: Process, cells: Iterable[CellKey]) -> None:
    """A task of this run still is on each of these cells."""
    now = utc_now().isoformat()
    values = [(experiment_id, *key, run_id, now, 0, *me) for key in cells]
    row = placeholders(1, 6 + len(me))
    db.executemany(f"INSERT OR REPLACE INTO living_tasks ({_COLUMNS}) VALUES {row}", values)


def came_back(db: sqlite3.Connection, experiment_id: str, run_id: str, key: CellKey, *, completed: bool) -> None:
    """The task has come back, and what it brought is recorded."""
    change = "UPDATE living_tasks SET completed = 1" if completed else "DELETE FROM living_tasks"
    db.execute(f"{change} WHERE {_OF_CELL} AND run_id = ?", (experiment_id, *key, run_id))


def forget(db: sqlite3.Connection, experiment_id: str, signs: LifeSigns) -> None:
    """A resume begins: what has come back is read now, and what died with its process will not come."""
    for row in db.execute("SELECT rowid, * FROM living_tasks WHERE experiment_id = ?", (experiment_id,)).fetchall():
        if row["completed"] or not _lives(row, signs):
            db.execute("DELETE FROM living_tasks WHERE rowid = ?", (row["rowid"],))


def reasons(rows: Iterable[sqlite3.Row], signs: LifeSigns) -> dict[CellKey, str]:
    """Why each of the cells must be left alone, of those where the mark still counts."""
    told = ((CellKey(row["item_id"], row["trial"]), _reason(row, signs)) for row in rows)
    return {key: reason for key, reason in told if reason is not None}


def _reason(row: sqlite3.Row, signs: LifeSigns) -> str | None:
    if row["completed"]:
        return COMPLETED
    if not _lives(row, signs):
        return None
    where = "this process" if processes.is_this(row) else f"process {row['pid']} on {row['host']}"
    return f"a task of a stopped run is still running on it in {where}"


def _lives(row: sqlite3.Row, signs: LifeSigns) -> bool:
    return processes.lives(row, signs, datetime.fromisoformat(row["since"]))
