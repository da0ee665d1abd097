"""One file, and what is beside it: closed cleanly it is whole, and a copy that is not is told."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from opik_resume.stores.file import schema
from opik_resume.stores.file.access import opening
from opik_resume.stores.file.access.identity import wal_of
from opik_resume.stores.file.database import Database
from tests.waiting import until

OPENER = """
import sys
from pathlib import Path
from opik_resume.stores.file.database import Database
database = Database(Path(sys.argv[1]))
for line in sys.stdin:
    if line == "close\\n":
        database.close()
    else:
        database.write(lambda db: db.execute(line))
    print("done", flush=True)
"""
TOLD = "was copied while a process used it"


def add(name: str) -> str:
    return f"INSERT INTO datasets (id, name, created_at) VALUES ('{name}', '{name}', 't')"


def names(path: Path) -> list[str]:
    database = Database(path)
    found = [row["name"] for row in database.read("SELECT name FROM datasets ORDER BY id")]
    database.close()
    return found


class Other:
    """Another process that has the file open."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-c", OPENER, str(path)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, line: str) -> None:
        assert self.process.stdin
        assert self.process.stdout
        print(line, file=self.process.stdin, flush=True)
        assert self.process.stdout.readline() == "done\n"

    def end(self, how: signal.Signals | None = None) -> None:
        if how is not None:
            self.process.send_signal(how)
        self.process.communicate()


@contextmanager
def another(path: Path) -> Iterator[Other]:
    other = Other(path)
    try:
        yield other
    finally:
        other.process.kill()
        other.process.communicate()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite3"


def said(caplog: pytest.LogCaptureFixture, path: Path) -> list[str]:
    """What was logged of the files there: what earlier tests have left running may say something, too."""
    told = (record.getMessage() for record in caplog.records)
    return [each for each in told if str(path.parent) in each]


def copied(path: Path) -> Path:
    """As people do it: that one file."""
    copy = path.with_name("copy.sqlite3")
    shutil.copy(path, copy)
    return copy


def test_after_a_clean_close_one_file_is_all_there_is(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    database = Database(path)
    database.write(lambda db: db.execute(add("a")))
    database.close()
    assert list(path.parent.glob("store*")) == [path]
    assert names(copied(path)) == ["a"]
    assert said(caplog, path) == []


def test_whoever_is_just_opening_it_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite itself refuses at once to enter WAL mode while another is about to."""
    Database(path).close()
    refused = threading.Event()
    monkeypatch.setattr(opening, "sleep", lambda _: refused.set(), raising=False)
    with closing(sqlite3.connect(path, isolation_level=None)) as other, ThreadPoolExecutor() as threads:
        other.execute("BEGIN IMMEDIATE")
        opened = threads.submit(Database, path)
        until(lambda: refused.is_set() or opened.done())
        other.execute("COMMIT")
        opened.result().close()


def test_who_is_just_opening_it_has_lost_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """For a moment the header says WAL, and there is no ``-wal`` yet: as parent and child open it after a fork."""
    Database(path).close()
    version = opening._version
    steps = iter(["PRAGMA journal_mode = WAL", "SELECT count(*) FROM sqlite_schema"])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:

        def go_on() -> None:
            other.execute(next(steps, "SELECT 1")).fetchone()

        def after_one_more(connection: sqlite3.Connection, path: Path) -> int:
            go_on()
            return version(connection, path)

        monkeypatch.setattr(opening, "_version", after_one_more)
        monkeypatch.setattr(opening, "sleep", lambda _: go_on())
        Database(path).close()
    assert said(caplog, path) == []


def test_who_closes_last_leaves_one_file(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    database = Database(path)
    with another(path) as other:
        other.do(add("theirs"))
        database.write(lambda db: db.execute(add("ours")))
        database.close()
        assert wal_of(path).exists(), "the other still uses it"
        other.do(add("theirs, later"))
        other.do("close")
    assert not wal_of(path).exists()
    assert names(copied(path)) == ["ours", "theirs", "theirs, later"]
    assert said(caplog, path) == []


def test_two_that_close_at_once_leave_one_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each finds that the other still has it open, and neither has it afterwards."""
    both = threading.Barrier(2)
    first = threading.local()
    leave = opening._left_wal_mode

    def left_wal_mode(connection: sqlite3.Connection) -> bool:
        left = leave(connection)
        if not hasattr(first, "over"):
            first.over = True
            assert not left
            both.wait(10)
        return left

    databases = [Database(path), Database(path)]
    databases[0].write(lambda db: db.execute(add("a")))
    monkeypatch.setattr(opening, "_left_wal_mode", left_wal_mode)
    closing = [threading.Thread(target=database.close) for database in databases]
    for thread in closing:
        thread.start()
    for thread in closing:
        thread.join()
    monkeypatch.undo()
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    db.close()


@pytest.mark.parametrize("checkpointed", [True, False])
def test_a_copy_without_its_wal_is_told_and_can_be_used(
    path: Path, caplog: pytest.LogCaptureFixture, checkpointed: bool
) -> None:
    with another(path) as other:
        other.do(add("a"))
        if checkpointed:
            database = Database(path)
            database.checkpoint()
            database.close()
        other.do(add("b"))
        copy = copied(path)
    caplog.clear()
    assert names(copy) == (["a"] if checkpointed else [])
    assert [TOLD in each for each in said(caplog, path)] == [True]
    assert f"{copy} was copied" in caplog.text
    caplog.clear()
    assert names(copy) == (["a"] if checkpointed else [])
    assert said(caplog, path) == [], "closed cleanly, it is a file like any other"


def test_a_copy_with_its_wal_is_whole(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with another(path) as other:
        other.do(add("a"))
        copy = copied(path)
        shutil.copy(wal_of(path), wal_of(copy))
    assert names(copy) == ["a"]
    assert said(caplog, path) == []


def test_a_killed_process_leaves_its_wal_and_no_warning(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with another(path) as other:
        other.do(add("a"))
        other.end(signal.SIGKILL)
    assert names(path) == ["a"]
    assert said(caplog, path) == []


def test_a_file_that_others_are_opening_is_no_copy(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Between the mark and the making of the ``-wal`` the file looks like a copy."""
    Database(path).close()
    with closing(sqlite3.connect(path)) as opening_it:
        opening_it.execute("PRAGMA journal_mode = WAL")
        opening_it.execute("BEGIN").execute("SELECT * FROM datasets").fetchall()
        wal_of(path).unlink()
        assert names(path) == []
    assert said(caplog, path) == []


def test_two_who_close_it_at_one_moment_leave_no_copy(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has found the other there until the last look; then SQLite removes the ``-wal``, and the mark stays."""
    looks, left = [0], opening._left_wal_mode

    def while_the_other_is_there(connection: sqlite3.Connection) -> bool:
        looks[0] += 1
        return looks[0] > opening._TRIES and left(connection)

    monkeypatch.setattr(opening, "_left_wal_mode", while_the_other_is_there)
    Database(path).close()
    assert not wal_of(path).exists()
    assert looks == [opening._TRIES + 1], "once more, when both are gone"
    assert names(copied(path)) == []
    assert said(caplog, path) == []


def test_a_file_of_before_clean_closes_was_never_marked(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript("".join(schema.STEPS[: schema.CLOSED_FROM - 1]))
        db.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {schema.CLOSED_FROM - 1}")
    assert not wal_of(path).exists()
    assert names(path) == []
    assert said(caplog, path) == []


def test_a_checkpoint_brings_all_into_the_file_and_waits_for_nobody(path: Path) -> None:
    database = Database(path)
    database.write(lambda db: db.execute(add("a")))
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM datasets").fetchall()
        database.write(lambda db: db.execute(add("b")))
        database.checkpoint()  # as far as that reader lets it
        reader.execute("COMMIT")
    database.checkpoint()
    assert wal_of(path).stat().st_size == 0
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as db:
        assert db.execute("SELECT id FROM datasets ORDER BY id").fetchall() == [("a",), ("b",)]
    database.close()


def test_a_checkpoint_that_fails_is_no_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        database.checkpoint()
    database.close()
    assert names(path) == []


def test_mac_os_is_asked_to_write_through_its_disks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There ``fsync`` is done when the disk has it, which may keep it in a cache of its own."""
    usual = Database(path)
    assert [usual.read(f"PRAGMA {name}")[0][0] for name in ("fullfsync", "checkpoint_fullfsync")] == [0, 0]
    usual.close()
    monkeypatch.setattr(sys, "platform", "darwin")
    database = Database(path)
    for name in ("fullfsync", "checkpoint_fullfsync"):
        assert database.read(f"PRAGMA {name}")[0][0] == 1
        assert database.write(lambda db, name=name: db.execute(f"PRAGMA {name}").fetchone()[0]) == 1  # type: ignore[misc]
    database.close()
