"""Datasets in the local file: what an older file gets, and what deleting one leaves."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from opik_resume import (
    connect,
    create_dataset,
    delete_dataset,
    evaluate,
    evaluate_resume,
    exceptions,
    experiments,
    get_dataset,
)
from opik_resume.base.ids import new_id
from opik_resume.metrics import Equals
from opik_resume.stores import close_all
from opik_resume.stores.file import schema
from opik_resume.stores.local import LocalStore
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers

BEFORE = schema.STEPS.index(schema._DATASETS)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Store]:
    """The default of the process."""
    yield connect(tmp_path / "local.sqlite3")
    close_all()


def told(store: LocalStore, name: str) -> list[tuple[Any, ...]]:
    versions = reversed(store.versions(store.dataset(name).id))
    return [(v.name, v.items_total, v.items_added, v.items_modified, v.items_deleted, v.is_latest) for v in versions]


def test_an_older_file_says_what_its_versions_changed_as_a_new_one_does(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store.sqlite3")
    dataset = create_dataset("questions", store=store)
    ids = [new_id() for _ in range(4)]
    dataset.insert([{"id": ids[0], "n": 0}, {"id": ids[1], "n": 1}])
    dataset.insert([{"id": ids[0], "n": 10}, {"id": ids[2], "n": 2}])
    dataset.update([{"id": ids[1], "n": 1}], deduplication=False)
    dataset.delete([ids[0]])
    dataset.insert([{"id": ids[0], "n": 100}, {"id": ids[3], "n": 3}])
    dataset.clear()
    wanted = told(store, "questions")
    store.close()
    assert [row[1:5] for row in wanted] == [
        (2, 2, 0, 0),
        (3, 1, 1, 0),
        (3, 0, 0, 0),
        (2, 0, 0, 1),
        (4, 2, 0, 0),
        (0, 0, 0, 4),
    ]
    assert [row[5] for row in wanted] == [False] * 5 + [True]
    again = LocalStore(as_it_was_before(store.path, tmp_path / "old.sqlite3"))
    assert told(again, "questions") == wanted
    assert again.project_of(again.dataset("questions").id) is None
    again.close()


def as_it_was_before(path: Path, old: Path) -> Path:
    """The datasets of a file, in a file of the schema before."""
    tables = {
        "datasets": "id, name, description, created_at",
        "dataset_versions": "id, dataset_id, number, items_total, created_at",
        "dataset_items": "dataset_id, id, added_in, removed_in, data, runs_per_item, digest",
    }
    with closing(sqlite3.connect(old)) as db:
        db.executescript("".join(schema.STEPS[:BEFORE]))
        db.execute("ATTACH ? AS new", (str(path),))
        for table, columns in tables.items():
            db.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")
        db.execute(f"PRAGMA main.application_id = {schema.APPLICATION_ID}")
        db.execute(f"PRAGMA main.user_version = {BEFORE}")
        db.commit()
    return old


def test_a_deleted_dataset_leaves_its_experiments_whole_and_resumable(local: Store) -> None:
    broken = [True]
    task = CountingTask(fail=lambda item, _: broken[0] and item["n"] == 1)
    first = evaluate(numbers(local, 3), task, [Equals()], experiment_name="first", verbose=0)
    delete_dataset("numbers")
    numbers(local, 1)  # another one of that name
    delete_dataset("numbers")
    with pytest.raises(exceptions.DatasetNotFound, match=r"no dataset 'numbers' in local store\.$"):
        get_dataset("numbers")
    assert list(experiments().dataset) == ["numbers"]
    assert [found.name for found in local.find("numbers")[0]] == ["first"]
    broken[0] = False
    whole = evaluate_resume(first.experiment_id, task, [Equals()], verbose=0)
    assert whole.complete
    assert task.calls == {0: 1, 1: 2, 2: 1}


def test_a_dataset_without_experiments_leaves_nothing(local: Store) -> None:
    numbers(local, 3)
    delete_dataset("numbers")
    with closing(sqlite3.connect(local.path)) as db:
        for table in ("datasets", "dataset_versions", "dataset_items"):
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
