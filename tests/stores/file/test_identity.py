"""A file that somebody takes away while it is in use: nothing is called durable that is not, and nothing more starts."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from opik_resume import connect, evaluate
from opik_resume.base.records import Json
from opik_resume.base.settings import opik_settings
from opik_resume.exceptions import StoreError
from opik_resume.stores import close_all
from opik_resume.stores.file.access import opening
from opik_resume.stores.file.access.identity import wal_of
from opik_resume.stores.file.database import Database
from opik_resume.stores.opik import OpikStore
from opik_resume.stores.protocol import Store
from tests.builders import attempt, complete, numbers
from tests.opik_server import OpikServer
from tests.waiting import PATIENCE


def delete(path: Path) -> None:
    path.unlink()


def delete_all(path: Path) -> None:
    for each in sorted(path.parent.glob(f"{path.name}*")):
        each.unlink()


def move(path: Path) -> None:
    path.rename(path.with_suffix(".moved"))


def remove_the_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("gone"))
    shutil.rmtree(path.parent.with_name("gone"))


def empty(path: Path) -> None:
    os.truncate(path, 0)


def replace(path: Path) -> None:
    """By another store, as somebody does who wants to go back to a copy."""
    other = path.with_name("other.sqlite3")
    Database(other).close()
    other.replace(path)


def replace_the_wal(path: Path) -> None:
    """By one that holds something: an empty one is what SQLite makes where there is none."""
    other = path.with_name("other-wal")
    other.write_bytes(bytes(32))
    other.replace(wal_of(path))


AWAY: list[tuple[Callable[[Path], None], str]] = [
    (delete, "was deleted or moved"),
    (delete_all, "was deleted or moved"),
    (move, "was deleted or moved"),
    (remove_the_folder, "was deleted or moved"),
    (empty, "was emptied"),
    (replace, "was replaced"),
    (replace_the_wal, "wal was replaced"),
]


def add(name: str) -> Callable[[sqlite3.Connection], Any]:
    return lambda db: db.execute("INSERT INTO datasets (id, name, created_at) VALUES (?, ?, 't')", (name, name))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder" / "store.sqlite3"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database(path)
    opened.write(add("before"))
    yield opened
    opened.close()


@pytest.mark.parametrize(("take", "says"), AWAY)
def test_a_write_into_a_file_that_is_not_there_any_more_is_refused(
    database: Database, path: Path, take: Callable[[Path], None], says: str
) -> None:
    take(path)
    for _ in range(2):
        with pytest.raises(StoreError, match=f"{says}.*in use"):
            database.write(add("after"))
        with pytest.raises(StoreError, match=says):
            database.verify()
    assert [row["name"] for row in database.read("SELECT name FROM datasets")] == ["before"], (
        "what was kept can be read"
    )


@pytest.mark.parametrize(("take", "says"), [each for each in AWAY if each[0] is not empty])
def test_a_write_is_not_acknowledged_when_the_file_went_while_it_was_written(
    database: Database, path: Path, take: Callable[[Path], None], says: str
) -> None:
    def job(db: sqlite3.Connection) -> None:
        add("after")(db)
        take(path)

    with pytest.raises(StoreError, match=says):
        database.write(job)


def test_a_file_that_is_put_back_is_used_again(database: Database, path: Path) -> None:
    move(path)
    with pytest.raises(StoreError, match="put it back"):
        database.write(add("lost"))
    path.with_suffix(".moved").rename(path)
    database.write(add("after"))
    assert [row["name"] for row in database.read("SELECT name FROM datasets ORDER BY rowid")] == ["before", "after"]


def test_closing_a_file_that_was_replaced_leaves_the_new_one_alone(path: Path) -> None:
    database = Database(path)
    database.write(add("before"))
    replace(path)
    for kind in ("wal", "shm"):
        path.with_name(f"{path.name}-{kind}").unlink()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        add("theirs")(db)
        database.close()
        assert db.execute("SELECT name FROM datasets").fetchall() == [("theirs",)]
        assert wal_of(path).stat().st_size
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT name FROM datasets").fetchall() == [("theirs",)]


def test_an_emptied_file_is_not_written_to_when_it_is_closed(path: Path) -> None:
    code = f"""
import os
from pathlib import Path
from opik_resume import connect
store = connect({str(path)!r})
store.create_dataset("numbers")
os.truncate({str(path)!r}, 0)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert path.stat().st_size == 0


def test_what_is_in_a_removed_wal_is_brought_into_the_file(path: Path) -> None:
    def remove_meanwhile(db: sqlite3.Connection) -> None:
        add("c")(db)
        wal_of(path).unlink()

    database = Database(path)
    database.write(add("a"))
    wal_of(path).unlink()
    database.write(add("b"))
    wal_of(path).unlink()
    database.verify()
    database.write(remove_meanwhile)
    assert wal_of(path).exists() is False
    database.write(add("d"))
    assert wal_of(path).exists()
    database.close()
    with closing(sqlite3.connect(path)) as db:
        assert [name for (name,) in db.execute("SELECT name FROM datasets ORDER BY id")] == ["a", "b", "c", "d"]
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_removed_wal_that_cannot_be_saved_is_said(database: Database, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        wal_of(path).unlink()
        with database._pool.connection() as db:
            db.execute("PRAGMA busy_timeout = 0")
        with pytest.raises(StoreError, match=r"store\.sqlite3-wal was removed.*end every process"):
            database.verify()


@pytest.mark.parametrize(("take", "says"), [each for each in AWAY if each[0] not in {empty, replace_the_wal}])
def test_connect_opens_what_is_there_now(path: Path, take: Callable[[Path], None], says: str) -> None:
    old = connect(path)
    numbers(old, 1)
    take(path)
    new = connect(path)
    assert new is not old
    numbers(new, 1, "others")
    assert connect(path) is new
    close_all()


@pytest.fixture(params=["file", "server"])
def store(request: pytest.FixtureRequest, path: Path) -> Iterator[Store]:
    if request.param == "file":
        yield connect(path)
        close_all()
        return
    with OpikServer() as server:
        opened = OpikStore(opik_settings(server.url), path)
        yield opened
        opened.close()


@pytest.mark.parametrize(("take", "says"), AWAY)
def test_no_task_starts_once_the_file_is_away(
    store: Store, path: Path, take: Callable[[Path], None], says: str
) -> None:
    dataset = numbers(store, 30)
    calls: list[int] = []

    def task(item: Json) -> Json:
        calls.append(item["n"])
        if len(calls) == 5:
            take(path)
        return {"output": str(item["n"])}

    with pytest.raises(StoreError, match=says):
        evaluate(dataset, task, experiment_name="e", task_threads=1, verbose=0, store=store)
    assert len(calls) == 5
    with pytest.raises(StoreError, match=says):
        store.start(attempt())
    with pytest.raises(StoreError, match=says):
        store.record([complete()])


def test_a_wal_that_is_removed_again_and_again_costs_no_run(store: Store, path: Path) -> None:
    dataset = numbers(store, 60)

    def task(item: Json) -> Json:
        if item["n"] % 3 == 0:
            wal_of(path).unlink(missing_ok=True)
        return {"output": str(item["n"])}

    assert evaluate(dataset, task, experiment_name="e", task_threads=4, verbose=0, store=store).complete


def test_an_empty_wal_in_its_place_is_a_removed_one(database: Database, path: Path) -> None:
    wal_of(path).unlink()
    wal_of(path).touch()
    database.write(add("after"))
    database.close()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT name FROM datasets ORDER BY rowid").fetchall() == [("before",), ("after",)]


@pytest.mark.parametrize("at", ["first", "further"])
def test_a_wal_that_is_removed_while_a_connection_is_opened_is_no_second_one(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, at: str
) -> None:
    removed = threading.Event()

    def spoil(open_it: Callable[[Path], sqlite3.Connection], path: Path, *, first: bool) -> sqlite3.Connection:
        connection = open_it(path) if first else None
        if not removed.is_set():
            wal_of(path).unlink()
            removed.set()
        return connection or open_it(path)

    if at == "first":
        monkeypatch.setattr(opening, "opened", partial(spoil, opening.opened, first=True))
    database = Database(path)
    database.write(lambda db: db.execute("CREATE TABLE in_the_wal (n)"))  # of which the first page knows
    monkeypatch.setattr(opening, "one_more", partial(spoil, opening.one_more, first=False))

    def hold() -> None:
        with database._pool.connection():  # so that another one is needed
            held.set()
            assert removed.wait(PATIENCE)

    held = threading.Event()
    with ThreadPoolExecutor() as threads:
        holds = threads.submit(hold)
        assert held.wait(PATIENCE)
        database.write(add("kept"))
        holds.result()
    assert database.read("SELECT name FROM datasets")[0]["name"] == "kept"
    database.close()
    assert not caplog.records
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT name FROM datasets").fetchall() == [("kept",)]
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
