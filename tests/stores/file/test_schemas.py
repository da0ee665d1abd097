"""Files of each step of the schema open with everything in them, and what is missing from them is run."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from opik_resume import connect, evaluate_resume, plan_resume
from opik_resume.base.columns.attempts import AttemptColumns
from opik_resume.metrics import Equals
from opik_resume.stores import close_all
from opik_resume.stores.file import schema
from opik_resume.stores.file.database import Database
from opik_resume.stores.file.journal import Journal
from tests.experiments import result_of
from tests.stores.file.schemas import make

FOLDER = Path(make.__file__).parent
STEPS = sorted(int(path.stem) for path in FOLDER.glob("*.sql"))


@pytest.fixture(params=STEPS)
def version(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture
def old(tmp_path: Path, version: int) -> Path:
    path = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.executescript((FOLDER / f"{version}.sql").read_text("utf-8"))
        if version < schema.CLOSED_FROM:  # later code leaves that mode when it closes the file
            db.execute("PRAGMA journal_mode = WAL")
    return path


def contents(path: Path, columns: dict[str, list[str]] | None = None) -> dict[str, Counter[tuple[Any, ...]]]:
    """Every row of every table; or of these columns."""
    with closing(sqlite3.connect(path)) as db:
        if columns is None:
            columns = columns_of(db)
        return {
            table: Counter(db.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall())
            for table, names in columns.items()
        }


def columns_of(db: sqlite3.Connection) -> dict[str, list[str]]:
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {table: [row[1] for row in db.execute(f"PRAGMA table_info({table})")] for table in tables}


def test_none_is_missing_between() -> None:
    """A new step needs a file of the one before: see ``schemas/make.py``."""
    assert list(range(1, schema.VERSION)) == STEPS


def test_it_is_what_it_says(old: Path, version: int) -> None:
    with closing(sqlite3.connect(old)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (version,)
        assert db.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
        columns = columns_of(db)
    everything = contents(old)
    assert all(everything.values()), "there is something in every table"
    assert len(columns) == {1: 7, 2: 9, 3: 9}.get(version, 10)


def test_every_row_is_still_there(old: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(sqlite3.connect(old)) as db:
        columns = columns_of(db)
    before = contents(old)
    Database(old).close()
    assert contents(old, columns) == before
    with closing(sqlite3.connect(old)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert caplog.text == ""


def test_it_has_the_tables_of_a_new_file(old: Path, tmp_path: Path) -> None:
    def shape(path: Path) -> dict[str, list[tuple[Any, ...]]]:
        Database(path).close()
        with closing(sqlite3.connect(path)) as db:
            return {table: sorted(db.execute(f"PRAGMA table_info({table})")) for table in columns_of(db)}

    assert shape(old) == shape(tmp_path / "new.sqlite3")


def test_what_is_in_it_is_read(old: Path) -> None:
    store = connect(old)
    whole, broken = (result_of(store.named(name)[0].id, store) for name in ("whole", "broken"))
    assert whole.complete
    assert len(whole.test_results) == 8
    assert whole.test_results[0].test_case.task_output == {"output": "3"}
    assert {run.test_case.task_output["more"]["ümlaut"][1] for run in broken.test_results} == {None}
    assert [score.reason for run in broken.test_results for score in run.score_results if score.value == 0.5] == [
        "so so — “naïve”"
    ] * 2
    assert Counter(cell.state.name for cell in plan_resume("broken").cells) == {
        "scores_missing": 1,
        "task_failed": 1,
        "interrupted": 1,
    }
    assert store.leases.holder(broken.experiment_id) is None, "that process is gone"
    failed = [attempt for attempt in store.attempts(broken.experiment_id, heavy=True) if attempt.error]
    assert [(attempt.error.message, attempt.error.traceback) for attempt in failed if attempt.error] == [
        ("no answer", make.TRACEBACK)
    ]
    assert [version.number for version in store.versions(store.dataset("questions").id)] == [2, 1]
    close_all()


def told(columns: AttemptColumns) -> Counter[tuple[Any, ...]]:
    """What the columns say of each attempt; seconds to the hundredth."""
    items = list(columns.item_ids)
    rows = zip(columns.item, columns.trial, columns.state, columns.seconds, columns.error, columns.said, strict=True)
    return Counter(
        (items[item], trial, state, f"{seconds:.2f}", columns.error_types[error], columns.metrics[said].failed)
        for item, trial, state, seconds, error, said in rows
    )


def test_what_later_steps_add_is_filled_in(old: Path) -> None:
    """What the light readings look at, and what a version has changed."""
    store = connect(old)
    for name in ("whole", "broken"):
        experiment_id = store.named(name)[0].id
        plain = AttemptColumns.of(store.attempts(experiment_id, heavy=True))
        assert told(store.columns(experiment_id)) == told(plain)
    versions = store.versions(store.dataset("questions").id)
    assert [(v.items_added, v.items_modified, v.items_deleted) for v in versions] == [(1, 0, 0), (4, 0, 0)]
    close_all()


def test_what_has_not_reached_a_server_is_still_on_its_way(old: Path, version: int) -> None:
    database = Database(old)
    left = Journal(database, make.SERVER).undelivered()
    assert (left.waiting, list(left.refused.values())) == ((1, ["too large"]) if version >= 2 else (0, []))
    database.close()


def test_a_resume_runs_only_what_is_missing(old: Path) -> None:
    calls: list[int] = []

    def task(item: dict[str, Any]) -> dict[str, Any]:
        calls.append(item["n"])
        return {"output": str(item["n"]), "more": {}}

    class Patient(make.Judge):
        def score(self, output: str, **_: Any) -> Any:
            return super().score("again")

    store = connect(old)
    before = {attempt.id for attempt in store.attempts(store.named("broken")[0].id) if attempt.complete}
    result = evaluate_resume("broken", task, [Equals(), Patient()], verbose=0)
    assert result.complete
    assert sorted(calls) == [0, 3], "the one that failed and the one that was killed"
    assert before <= {attempt.id for attempt in store.attempts(result.experiment_id) if attempt.complete}
    assert store.get(result.experiment_id).status == "completed"
    close_all()
