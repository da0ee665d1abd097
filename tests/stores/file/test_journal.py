"""The journal in the local file, and what becomes of files from before there was one."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from opik_resume.base.ids import new_id
from opik_resume.base.records import Attempt, utc_now
from opik_resume.stores.file import schema
from opik_resume.stores.file.database import Database
from opik_resume.stores.file.journal import Journal
from tests.builders import BOOM, attempt, complete, held
from tests.waiting import until


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "local.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def journal(database: Database) -> Journal:
    return Journal(database, "http://opik.example/api/ w")


def test_an_older_file_gets_the_journal_and_keeps_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(schema.STEPS[0])
        old.execute("INSERT INTO datasets (id, name, created_at) VALUES ('i', 'kept', 't')")
        old.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        old.execute("PRAGMA user_version = 1")
        old.commit()
    for _ in range(2):
        database = Database(path)
        assert [row["name"] for row in database.read("SELECT name FROM datasets")] == ["kept"]
        Journal(database, "s").record([complete()])
        assert database.read("PRAGMA user_version")[0][0] == schema.VERSION
        database.close()


def test_what_is_recorded_again_replaces_what_was_kept(journal: Journal) -> None:
    first = complete(notes=("set kept as a list: ['a']",))
    for made in (replace(first, complete=False, notes=()), first, replace(first, scoring_seconds=2.0, cost=0.5)):
        journal.record([made])
        assert [entry.attempt for entry in journal.batch(10)[0]] == [made]


def test_each_server_has_its_own(database: Database, journal: Journal) -> None:
    journal.record([complete()])
    assert Journal(database, "http://opik.example/api/ another workspace").batch(10)[0] == []
    assert len(journal.batch(10)[0]) == 1


def test_a_batch_of_large_outputs_is_a_small_one(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    journal.record([replace(complete(), id=new_id(), task_output={"output": "x" * 100}) for _ in range(5)])
    assert [(len(entries), full) for entries, full in (journal.batch(n) for n in (2, 5, 6))] == [
        (2, True),
        (5, True),
        (5, False),
    ]
    monkeypatch.setattr("opik_resume.stores.file.journal.BATCH_CHARACTERS", 250)
    entries, full = journal.batch(6)
    assert (len(entries), full) == (3, True)
    journal.delivered(entries)
    entries, full = journal.batch(6)
    assert (len(entries), full) == (2, False)


def test_recording_again_is_a_new_revision_that_is_delivered_again(journal: Journal) -> None:
    first = complete()
    journal.record([first])
    (old,) = journal.batch(10)[0]
    second = replace(first, task_output={"output": "better"})
    journal.record([second])
    (new,) = journal.batch(10)[0]
    assert new.revision > old.revision
    journal.delivered([old])
    assert journal.waiting(), "what was delivered is not what is there now"
    journal.delivered([new])
    assert not journal.waiting()
    assert [entry.attempt for entry in journal.entries(first.experiment_id)] == [second]


def test_complete_is_never_made_incomplete(journal: Journal) -> None:
    done = complete()
    journal.record([done])
    journal.record([replace(done, complete=False, error=BOOM)])
    assert [entry.attempt for entry in journal.batch(10)[0]] == [done]


def test_a_start_is_kept_until_its_attempt_is_recorded(journal: Journal) -> None:
    begun = attempt()
    journal.start(begun)
    journal.record([attempt("other")])  # a write that waits: the start is committed with it
    assert journal.starts("experiment") == [begun]
    assert journal.find(begun.id) == begun
    journal.record([replace(begun, returned=True)])
    assert journal.starts("experiment") == []


def test_what_is_refused_is_told_and_can_be_tried_again(journal: Journal) -> None:
    journal.record([complete(), complete()])
    first, second = journal.batch(10)[0]
    journal.refused(first, "no")
    pending = journal.undelivered("experiment", "down")
    assert (pending.waiting, pending.refused, pending.problem, len(pending)) == (1, {first.attempt.id: "no"}, "down", 2)
    assert len(journal.undelivered("another")) == 0
    assert journal.batch(10)[0] == [second]
    journal.try_again()
    assert len(journal.batch(10)[0]) == 2
    journal.forget("experiment")
    assert len(journal.undelivered()) == 0


def test_a_run_that_ends_before_its_start_is_written_leaves_no_start(journal: Journal, database: Database) -> None:
    ended = [complete("i", trial, experiment_id="experiment") for trial in range(300)]
    unended = Attempt(new_id(), "experiment", "i", 300, utc_now())
    with held(database):
        for each in [*ended, unended]:
            journal.start(Attempt(each.id, "experiment", "i", each.trial, each.started_at))
        recording = threading.Thread(target=journal.record, args=(ended,))
        recording.start()
        until(lambda: database._writer._writes.qsize() > len(ended) + 1)
    recording.join()
    assert journal.starts("experiment") == [unended]
    assert [entry.attempt for entry in journal.entries("experiment")] == ended
