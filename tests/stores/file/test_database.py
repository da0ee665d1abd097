"""The local file: what is refused, what is shared, and that one bad write does not take others with it."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from opik_resume.exceptions import StoreBusy, StoreError
from opik_resume.stores.file.access import errors
from opik_resume.stores.file.database import Database
from tests.builders import held


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "store.sqlite3"


def test_the_file_and_its_folder_are_made(path: Path) -> None:
    Database(path).close()
    assert path.exists()


def test_two_handles_on_one_file_see_each_other(path: Path) -> None:
    one, other = Database(path), Database(path)
    one.write(lambda db: db.execute("INSERT INTO datasets (id, name, created_at) VALUES ('i', 'n', 't')"))
    assert [row["name"] for row in other.read("SELECT * FROM datasets")] == ["n"]
    one.close()
    other.close()


def test_commits_are_synced_to_the_disk(path: Path) -> None:
    database = Database(path)
    assert database.write(lambda db: db.execute("PRAGMA synchronous").fetchone()[0]) == 2, "FULL"
    assert database.read("PRAGMA journal_mode")[0][0] == "wal"
    database.close()


def soon(database: Database, job: Callable[..., Any], *values: str) -> Future[Any]:
    """As ``write_rows_soon``, for one who asks."""
    return database._submit(job, urgent=False, values=values)


def test_rows_of_many_that_commit_together_are_one_call_and_fail_together(path: Path) -> None:
    database = Database(path)
    calls: list[list[str]] = []

    def keep(db: sqlite3.Connection, names: list[str]) -> None:
        calls.append(names)
        for name in names:
            db.execute("INSERT INTO datasets (id, name, created_at) VALUES (?, ?, 't')", (name, name))

    def refuse(db: sqlite3.Connection, names: list[str]) -> None:
        raise RuntimeError(" ".join(names))

    with held(database):
        one, two = soon(database, keep, "1", "2"), soon(database, refuse, "3")
        three, four = soon(database, keep, "4"), soon(database, refuse, "5")
    assert (one.result(10), three.result(10)) == (None, None)
    assert [str(each.exception(10)) for each in (two, four)] == ["3 5", "3 5"]
    assert calls == [["1", "2", "4"]]
    assert {row["name"] for row in database.read("SELECT name FROM datasets")} == {"1", "2", "4"}
    database.close()


def test_a_failure_that_nobody_waits_for_is_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def refuse(db: sqlite3.Connection, names: list[str]) -> None:
        raise RuntimeError("not " + " ".join(names))

    database = Database(path)
    database.write_rows_soon(refuse, ["this"])
    database.close()
    assert "not written to the local file: not this" in caplog.text


def test_a_failing_write_of_a_group_undoes_only_itself(path: Path) -> None:
    database = Database(path)
    gate = threading.Event()
    first = database.write_soon(lambda db: gate.wait(10))  # holds the writer until the group below is queued
    insert = "INSERT INTO datasets (id, name, created_at) VALUES (?, ?, 't')"
    good = database.write_soon(lambda db: db.execute(insert, ("1", "kept")))
    doubled = database.write_soon(lambda db: db.execute(insert, ("2", "kept")))
    broken = database.write_soon(lambda db: 1 / 0)
    gate.set()
    first.result(10)
    good.result(10)
    assert isinstance(doubled.exception(10), sqlite3.IntegrityError)
    assert isinstance(broken.exception(10), ZeroDivisionError)
    assert [row["id"] for row in database.read("SELECT id FROM datasets")] == ["1"]
    database.close()


def test_what_nobody_waits_for_is_written_soon_and_at_the_latest_on_close(path: Path) -> None:
    database = Database(path)
    database.write_soon(
        lambda db: db.execute("INSERT INTO datasets (id, name, created_at) VALUES ('i', 'soon', 't')")
    ).result(10)
    database.write_soon(lambda db: db.execute("INSERT INTO datasets (id, name, created_at) VALUES ('j', 'last', 't')"))
    database.close()
    database.close()
    with closing(sqlite3.connect(path)) as db:
        names = [row[0] for row in db.execute("SELECT name FROM datasets ORDER BY id")]
    assert names == [
        "soon",
        "last",
    ]
    with pytest.raises(StoreError, match=r"closed.*connect\(\)"):
        database.write(lambda db: None)


def foreign_database(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()


def newer_database(path: Path) -> None:
    Database(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (lambda path: path.write_bytes(b"certainly not a database" * 50), "not a usable SQLite file"),
        (foreign_database, "another program's database"),
        (newer_database, "newer opik-resume"),
        (lambda path: path.mkdir(), "Cannot use"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_and_left_alone(path: Path, prepare: Any, says: str) -> None:
    path.parent.mkdir()
    prepare(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError, match=says):
        Database(path)
    assert (path.read_bytes() if path.is_file() else None) == before


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="Cannot use"):
        Database(tmp_path / "file" / "store.sqlite3")


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """For root, who may write anywhere: somebody who may not."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


@pytest.fixture
def read_only_file() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    Database(folder / "store.sqlite3").close()
    (folder / "store.sqlite3").chmod(0o444)
    folder.chmod(0o555)
    yield folder / "store.sqlite3"
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_read_only_file_is_said(read_only_file: Path, ordinary_user: None) -> None:
    with pytest.raises(StoreError, match=f"Cannot use {read_only_file}.*writable"):
        Database(read_only_file)


def test_a_full_disk_is_said_and_the_store_goes_on_once_there_is_room(path: Path) -> None:
    database = Database(path)

    def limit(pages: int) -> None:  # what SQLite then says is what it says of a full disk
        with database._pool.connection() as db:
            db.execute(f"PRAGMA max_page_count = {pages}")

    def insert(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO datasets (id, name, created_at) VALUES ('i', ?, 't')", ("x" * 100_000,))

    limit(1)
    with pytest.raises(StoreError, match=rf"disk of {path.parent} is full.*free some space.*not lost as long as"):
        database.write(insert)
    limit(1_000_000)
    database.write(insert)
    database.close()


def test_a_full_disk_is_said_by_whatever_meets_it(path: Path) -> None:
    with pytest.raises(StoreError, match=f"disk of {path.parent} is full"), errors.as_store_errors(path):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_statement_that_fails_is_not_blamed_on_the_folder(path: Path) -> None:
    database = Database(path)
    with pytest.raises(StoreError, match=r"no such table: missing\.$"):
        database.read("SELECT * FROM missing")
    database.close()


def test_a_file_that_stays_locked_is_said_and_nothing_is_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "BUSY_SECONDS", 0.05)
    database = Database(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="locked by another process"):
        database.write(lambda db: db.execute("INSERT INTO datasets (id, name, created_at) VALUES ('i', 'n', 't')"))
    other.execute("ROLLBACK")
    other.close()
    assert database.read("SELECT * FROM datasets") == []
    database.write(lambda db: db.execute("INSERT INTO datasets (id, name, created_at) VALUES ('i', 'n', 't')"))
    database.close()
