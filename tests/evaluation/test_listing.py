"""``experiments()``: one experiment that cannot be read never takes the table with it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pandas as pd
import pytest

from opik_resume import close_experiment, delete_experiment, evaluate, evaluate_resume, exceptions, experiments
from opik_resume.base.records import Attempt, CellState, Experiment
from opik_resume.evaluation import listing
from opik_resume.experiment.reading import Reading
from opik_resume.lifecycle import conclude
from opik_resume.metrics import Equals
from opik_resume.notebook.widget.listing import Listing
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers
from tests.notebook.helpers import decoded

BROKEN = "{not JSON"


def made(store: Store, *names: str) -> dict[str, str]:
    """An experiment of each name, 2 of 3 cells complete; their ids."""
    data = numbers(store, 3)
    return {
        name: evaluate(
            data,
            CountingTask(fail=lambda item, call: item["n"] == 1),
            [Equals()],
            experiment_name=name,
            verbose=0,
            store=store,
        ).experiment_id
        for name in names
    }


def change(store: Store, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(store.path)) as file, file:
        file.execute(statement, values)


def told(frame: pd.DataFrame) -> dict[str, list[Any]]:
    rows = frame[["name", "state", "done", "expected", "failed"]].astype(object)
    return {row[0]: [None if value is pd.NA else value for value in row[1:]] for row in rows.itertuples(index=False)}


GOOD = ["resumable", 2, 3, 1]
WRONG = {
    "its metadata": ("UPDATE experiments SET metadata = ? WHERE id = ?", BROKEN),
    "metadata of another kind": ("UPDATE experiments SET metadata = ? WHERE id = ?", "[1]"),
    "its tags": ("UPDATE experiments SET tags = ? WHERE id = ?", BROKEN),
    "its time": ("UPDATE experiments SET created_at = ? WHERE id = ?", "yesterday"),
    "its scores": ("UPDATE experiments SET scores = ? WHERE id = ?", '[{"nome": 1}]'),
    "its resolved ids": ("UPDATE experiments SET item_ids = ? WHERE id = ?", BROKEN),
}
WRONG_WITHIN = {  # what the numbers are not made of
    "a run's scores": ("UPDATE attempts SET scores = ? WHERE experiment_id = ?", BROKEN),
    "a run's time": ("UPDATE attempts SET started_at = ? WHERE experiment_id = ?", "yesterday"),
    "an item": (
        "UPDATE dataset_items SET data = ?1 WHERE id IN (SELECT item_id FROM attempts WHERE experiment_id = ?2)",
        BROKEN,
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_row_that_is_broken_in_the_file_is_unread_with_its_reason(store: Store, what: str) -> None:
    ids = made(store, "a", "bad", "z")
    statement, value = WRONG[what]
    change(store, statement, value, ids["bad"])
    frame = experiments(sort="name")
    assert told(frame) == {"a": GOOD, "bad": ["unread", None, 3, None], "z": GOOD}
    reasons = frame.set_index("name").reason
    assert reasons[["a", "z"]].isna().all()
    assert "broken in the local file" in reasons["bad"]
    with pytest.raises(exceptions.StoreError, match="broken in the local file"):
        evaluate_resume(ids["bad"], CountingTask(), verbose=0)


@pytest.mark.parametrize("what", WRONG_WITHIN)
def test_what_is_broken_within_one_is_told_by_whoever_looks_at_it(store: Store, what: str) -> None:
    ids = made(store, "bad")
    change(store, WRONG_WITHIN[what][0], WRONG_WITHIN[what][1], ids["bad"])
    assert told(experiments()) == {"bad": GOOD}
    with pytest.raises(exceptions.StoreError, match="broken in the local file"):
        evaluate_resume(ids["bad"], CountingTask(), verbose=0)


def test_what_is_unread_can_be_closed_and_deleted(store: Store) -> None:
    ids = made(store, "bad")
    change(store, *WRONG["its metadata"], ids["bad"])
    close_experiment("bad")
    assert experiments().state.tolist() == ["unread"]
    delete_experiment(ids["bad"])
    assert experiments().empty


@pytest.mark.parametrize("error", [KeyError("odd"), exceptions.IncompleteAnswer("sent 2 of 5"), OSError("disk")])
def test_whatever_goes_wrong_with_one_is_its_own(
    store: Store, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    made(store, "a", "bad", "z")
    read = conclude.read_and_finish
    monkeypatch.setattr(type(store), "tallies", lambda self, wanted: {})  # as where it cannot be counted

    def reading(experiment: Experiment, where: Store) -> Reading:
        if experiment.name == "bad":
            raise error
        return read(experiment, where)

    monkeypatch.setattr(listing, "read_and_finish", reading)
    frame = experiments(sort="name")
    assert frame.state.tolist() == ["resumable", "unread", "resumable"]
    assert str(error.args[0]) in frame.reason[1]


def test_who_presses_stop_is_heard(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made(store, "a")

    def reading(experiment: Experiment, where: Store) -> Reading:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(store), "tallies", lambda self, wanted: {})

    monkeypatch.setattr(listing, "read_and_finish", reading)
    with pytest.raises(KeyboardInterrupt):
        experiments()


def test_no_run_is_made_an_object_to_list_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for the table nor for the rows and strips of the widget's list: a million of them would take gigabytes."""
    made(store, "small")
    task = CountingTask(fail=lambda item, call: item["n"] % 50 == 7)
    data = numbers(store, 150, name="many numbers")
    evaluate(data, task, [Equals()], trial_count=2, experiment_name="many", verbose=0, store=store)
    objects: list[Attempt] = []
    make = Attempt.__init__

    def counted(self: Attempt, *arguments: Any, **more: Any) -> None:
        objects.append(self)
        make(self, *arguments, **more)

    monkeypatch.setattr(Attempt, "__init__", counted)
    assert told(experiments(store=store)) == {"many": ["resumable", 294, 300, 6], "small": GOOD}
    page = Listing(store, lambda: None).page(*store.find())
    rows = {row["name"]: row for row in page.rows}
    assert {name: [row["state"], row["done"], row["expected"], row["failed"]] for name, row in rows.items()} == {
        "many": ["resumable", 294, 300, 6],
        "small": GOOD,
    }
    start, length = rows["many"]["strip"]
    line = decoded(page.strips[start : start + length])
    assert 0.015 < (line == CellState.task_failed).mean() < 0.03, "in proportion"
    assert objects == []
    store.attempts(store.named("small")[0].id)
    assert objects, "they would have been seen"
