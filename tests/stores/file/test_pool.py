"""The connections of a process, and of its forked children: none of them is carried across."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from opik_resume.exceptions import StoreError
from opik_resume.stores.file.database import Database

HEAD = """
import os, sys, threading
from pathlib import Path
from opik_resume.exceptions import StoreError
from opik_resume.stores.file.access import pool
from opik_resume.stores.file.database import Database
from opik_resume.stores.file.access.identity import wal_of

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def add(name):
    return lambda db: db.execute("INSERT INTO datasets (id, name, created_at) VALUES (?, ?, 't')", (name, name))

path = Path(sys.argv[1])
database = Database(path)
database.write(add("before"))
"""


def told(script: str, path: Path) -> Sequence[str]:
    command = [sys.executable, "-c", HEAD + script, str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()


def test_a_childs_locks_are_its_own(tmp_path: Path) -> None:
    """With what it inherits of a connection it would have none, and lose what the parent takes away when it closes."""
    script = """
(used, use), (closed, close) = os.pipe(), os.pipe()
if os.fork() == 0:
    database.write(add("child"))
    os.write(use, b"x")
    os.read(closed, 1)
    say([row["name"] for row in database.read("SELECT name FROM datasets ORDER BY rowid")])
    database.close()
    os._exit(0)
os.read(used, 1)
database.write(add("parent"))
database.close()
say(wal_of(path).exists())
os.write(close, b"x")
os.wait()
say(wal_of(path).exists())
"""
    assert told(script, tmp_path / "store.sqlite3") == [
        "True",
        "['before', 'child', 'parent']",
        "False",
    ]


def test_a_child_writes_whatever_its_parent_is_doing(tmp_path: Path) -> None:
    """Threads of the parent that write and read at the fork are waited for, and go on afterwards."""
    script = """
stop = threading.Event()
counts = [0, 0]
def write():
    while not stop.is_set():
        database.write(add(f"n{counts[0]}"))
        counts[0] += 1
def read():
    while not stop.is_set():
        counts[1] += len(database.read("SELECT * FROM datasets LIMIT 1"))
threads = [threading.Thread(target=work) for work in (write, read, read)]
for thread in threads:
    thread.start()
for number in range(20):
    if os.fork() == 0:
        database.write(add(f"child {number}"))
        os._exit(0)
    os.wait()
stop.set()
for thread in threads:
    thread.join()
names = [row["name"] for row in database.read("SELECT name FROM datasets")]
say(sum(name.startswith("child") for name in names), sum(name.startswith("n") for name in names) == counts[0])
say(database.read("PRAGMA integrity_check")[0][0])
"""
    assert told(script, tmp_path / "store.sqlite3") == ["20 True", "ok"]


def test_a_connection_that_cannot_be_let_go_of_is_not_used_by_the_child(tmp_path: Path) -> None:
    script = """
pool.PATIENCE_SECONDS = 0.1
held, go = threading.Event(), threading.Event()
writing = threading.Thread(target=database.write, args=[lambda db: (held.set(), go.wait(30))])
writing.start()
held.wait()
if os.fork() == 0:
    for use in (database, Database):
        try:
            use.read("SELECT 1") if use is database else use(path)
        except StoreError as error:
            say("not usable here" if "cannot be used here" in str(error) else error)
    sys.exit()
os.wait()
go.set()
writing.join()
database.write(add("after"))
say(len(database.read("SELECT * FROM datasets")))
"""
    assert told(script, tmp_path / "store.sqlite3") == ["not usable here", "not usable here", "2"]


def test_a_fork_of_a_fork_goes_on(tmp_path: Path) -> None:
    script = """
for generation in range(3):
    if os.fork():
        os.wait()
        break
    database.write(add(generation))
else:
    say(len(database.read("SELECT * FROM datasets")))
"""
    assert told(script, tmp_path / "store.sqlite3") == ["4"]


def test_a_file_that_was_deleted_before_the_fork_is_not_made_again(tmp_path: Path) -> None:
    script = """
if os.fork() == 0:
    path.unlink()
    os._exit(0)
os.wait()
try:
    database.write(add("lost"))
except StoreError as error:
    say("was deleted" in str(error), path.exists())
"""
    assert told(script, tmp_path / "store.sqlite3") == ["True False"]


def test_a_closed_file_stays_closed(tmp_path: Path) -> None:
    database = Database(tmp_path / "store.sqlite3")
    database.close()
    for use in (lambda: database.read("SELECT 1"), lambda: database.write(lambda db: None)):
        with pytest.raises(StoreError, match=r"closed: connect\(\)"):
            use()


def test_as_many_connections_as_are_used_at_a_time(tmp_path: Path) -> None:
    database = Database(tmp_path / "store.sqlite3")
    together = threading.Barrier(3)

    def use() -> None:
        with database._pool.connection():
            together.wait(10)

    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(5):
        database.read("SELECT 1")
    assert database._pool._open == 3
    database.close()
    assert database._pool._open == 0
