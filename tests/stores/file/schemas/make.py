"""Make ``N.sql``: a file as the code with schema N leaves it. Whoever adds a step makes one first, with the code of before.

    PYTHONPATH=src python tests/stores/file/schemas/make.py

Two versions of a dataset, an experiment that is complete and one in which everything is that can be missing: runs that
failed, a run without one of its scores, one that was killed, and the lease of the process that was killed. With a
journal, what a server has not acknowledged, too.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from opik_resume import connect, create_dataset, evaluate
from opik_resume.metrics import BaseMetric, Equals, ScoreResult

TRACEBACK = 'Traceback (most recent call last):\n  File "evaluation.py", line 1, in task\nRuntimeError: no answer\n'
LONG_AGO = "2025-12-24T18:00:00+00:00"
SERVER = "https://opik.example.com/api/ team"


class Judge(BaseMetric):
    """Gives a reason, and fails on one item."""

    def __init__(self) -> None:
        super().__init__("judge")

    def score(self, output: str, **_: Any) -> ScoreResult:
        if output == "4":
            raise RuntimeError("no verdict")
        return ScoreResult("judge", 0.5, reason="so so — “naïve”")


def task(item: dict[str, Any]) -> dict[str, Any]:
    if item["n"] == 3:
        raise RuntimeError("no answer")
    return {"output": str(item["n"]), "more": {"ümlaut": [1, None, True]}}


def copied(item: dict[str, Any]) -> dict[str, Any]:
    return {"output": item["reference"]}


def make_world(path: Path) -> None:
    """Through the doors of the code of that time."""
    store = connect(path)
    dataset = create_dataset("questions", "what people ask")
    dataset.insert({"n": n, "reference": str(n)} for n in range(4))
    evaluate(dataset, copied, [Equals()], experiment_name="whole", trial_count=2, verbose=0)
    dataset.insert([{"n": 4, "reference": "4"}])
    evaluate(dataset, task, [Equals(), Judge()], experiment_name="broken", task_threads=1, verbose=0)
    store.close()


def leave_traces(db: sqlite3.Connection) -> None:
    """What a process leaves that is killed, and what has not reached a server."""
    db.execute("UPDATE attempts SET error_traceback = ? WHERE error_traceback IS NOT NULL", (TRACEBACK,))
    (broken,) = db.execute("SELECT id FROM experiments WHERE name = 'broken'").fetchone()
    (run,) = db.execute("SELECT max(id) FROM attempts WHERE experiment_id = ?", (broken,)).fetchone()
    start = "SELECT id, experiment_id, item_id, trial, started_at FROM attempts WHERE id = ?"
    db.execute(f"INSERT INTO starts {start}", (run,))
    db.execute("UPDATE experiments SET status = 'running' WHERE id = ?", (broken,))
    db.execute(
        "UPDATE leases SET run_id = ?, host = 'laptop', boot_id = 'boot', pid = 4242, process_start = 1.0 "
        "WHERE experiment_id = ?",
        (run, broken),
    )
    db.execute("UPDATE leases SET host = 'laptop', boot_id = 'boot', since = ?, heartbeat = ?", (LONG_AGO, LONG_AGO))
    if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'journal'").fetchone():
        columns = ", ".join(_both(db, "attempts", "journal"))
        for number, state in enumerate(("waiting", "refused", "delivered")):
            db.execute(
                f"INSERT INTO journal (server, {columns}, revision, state, problem) SELECT ?, {columns}, ?, ?, ? "
                "FROM attempts WHERE experiment_id = ? AND complete ORDER BY id LIMIT 1 OFFSET ?",
                (
                    SERVER,
                    1_700_000_000_000_000 + number,
                    state,
                    "too large" if state == "refused" else None,
                    broken,
                    number,
                ),
            )
        db.execute(f"INSERT INTO journal_starts SELECT ?, {start[7:]}", (SERVER, run))
    if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'living_tasks'").fetchone():
        owner = ", ".join(_both(db, "leases", "living_tasks", but=("experiment_id", "run_id", "since")))
        db.execute(
            f"INSERT INTO living_tasks (experiment_id, item_id, trial, run_id, since, completed, {owner}) "
            f"SELECT a.experiment_id, a.item_id, a.trial, l.run_id, l.since, 0, {owner} "
            "FROM attempts a JOIN leases l ON l.experiment_id = a.experiment_id WHERE a.id = ?",
            (run,),
        )
    db.execute("DELETE FROM attempts WHERE id = ?", (run,))
    db.commit()


def _both(db: sqlite3.Connection, one: str, other: str, but: Sequence[str] = ()) -> list[str]:
    """The columns that two tables have."""
    there = {row[1] for row in db.execute(f"PRAGMA table_info({other})")}
    return [row[1] for row in db.execute(f"PRAGMA table_info({one})") if row[1] in there and row[1] not in but]


def dumped(db: sqlite3.Connection) -> str:
    kept = [
        f"PRAGMA {name} = {db.execute(f'PRAGMA {name}').fetchone()[0]};" for name in ("application_id", "user_version")
    ]
    return "\n".join([*kept, *db.iterdump(), ""])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        make_world(Path(folder, "store.sqlite3"))
        with closing(sqlite3.connect(Path(folder, "store.sqlite3"))) as db:
            leave_traces(db)
            (version,) = db.execute("PRAGMA user_version").fetchone()
            Path(__file__).with_name(f"{version}.sql").write_text(
                dumped(db).replace(__file__, "evaluation.py"), "utf-8"
            )


if __name__ == "__main__":
    main()
