"""A server whose URL carries a user and a password: they go to the server and nowhere else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from opik_resume import connect, create_dataset, evaluate
from opik_resume.base.ids import new_id
from opik_resume.base.settings import opik_settings
from opik_resume.exceptions import ArgumentError, OpikResumeError
from opik_resume.stores import close_all
from opik_resume.stores.file import rows, schema
from opik_resume.stores.file.database import Database, placeholders
from opik_resume.stores.file.journal import Journal
from tests.builders import NOON, complete
from tests.opik_server import OpikServer


def with_user(url: str) -> str:
    return url.replace("://", "://somebody:pass-word-of-theirs@")


def test_neither_file_nor_links_nor_labels_have_them(
    server: OpikServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPIK_RESUME_DB", str(tmp_path / "x.sqlite3"))
    store = connect(with_user(server.url))
    dataset = create_dataset("d")
    dataset.insert([{"n": 1}])
    result = evaluate(dataset, lambda item: {"output": 1}, experiment_name="e", verbose=0)
    assert result.complete
    assert result.experiment_url is not None
    shown = [result.experiment_url, store.label, repr(store), repr(opik_settings(with_user(server.url)))]
    close_all()
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("x.sqlite3*"))
    assert "pass-word-of-theirs" not in "".join(shown)
    assert b"pass-word-of-theirs" not in kept
    assert server.url.encode() in kept


@pytest.mark.parametrize(
    "url", ["http://somebody:pass-word-of-theirs@localhost:9/api/", "ftp://u:pass-word-of-theirs@h/"]
)
def test_no_message_has_them(url: str, impatient: None) -> None:
    with pytest.raises((OpikResumeError, ArgumentError)) as caught:
        connect(url)
    assert "pass-word" not in str(caught.value)


OLD_COLUMNS = (
    "server, id, experiment_id, item_id, trial, started_at, ended_at, returned, complete, task_output, scores, "
    "error_type, error_message, error_traceback, task_seconds, scoring_seconds, revision, state"
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("http://u:p@h:5173/api/ w", "http://h:5173/api/ w"),
        ("https://u:p@ss@h/x@y/api/ w@z", "https://h/x@y/api/ w@z"),
        ("https://token@h/ default", "https://h/ default"),
        ("https://h/a@b/ w", "https://h/a@b/ w"),
        ("https://h/ w", "https://h/ w"),
    ],
)
def test_what_older_files_keep_under_such_a_url_is_found_without_it(tmp_path: Path, old: str, new: str) -> None:
    path, waits, started = tmp_path / "old.sqlite3", complete(id=new_id()), new_id()
    with closing(sqlite3.connect(path)) as db:
        for step in schema.STEPS[:2]:
            db.executescript(step)
        values = [old, *rows.of_attempt(waits)[:15], 1, "waiting"]
        db.execute(f"INSERT INTO journal ({OLD_COLUMNS}) VALUES {placeholders(1, 18)}", values)
        start = (old, started, "experiment", "item", 0, NOON.isoformat())
        db.execute(f"INSERT INTO journal_starts VALUES {placeholders(1, 6)}", start)
        db.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        db.execute("PRAGMA user_version = 2")
        db.commit()
    database = Database(path)
    journal = Journal(database, new)
    assert [entry.attempt for entry in journal.batch(10)[0]] == [waits]
    assert [attempt.id for attempt in journal.starts("experiment")] == [started]
    database.close()
