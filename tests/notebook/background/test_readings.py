"""A large experiment takes seconds to read: it is read once, and nobody waits for it."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opik_resume import evaluate_resume
from opik_resume.base.records import CellState
from opik_resume.experiment.grid import Grid
from opik_resume.experiment.reading import read_experiment
from opik_resume.lifecycle import prepare
from opik_resume.metrics import Equals
from opik_resume.notebook.background import patience, readings
from opik_resume.notebook.background.readings import Readings, readings_of
from opik_resume.notebook.namespace.choosing import Given
from opik_resume.notebook.widget import listing
from opik_resume.notebook.widget.finishing import answering
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, attempt, complete, failed, numbers
from tests.experiments import unstarted
from tests.notebook.helpers import TIMEOUT, Screen, View, evaluated, reading_of

Views = Callable[..., View]
ELSEWHERE = """
import sys
from opik_resume import connect, evaluate_resume
evaluate_resume(sys.argv[2], lambda item: {}, verbose=0, store=connect(sys.argv[1]))
"""


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The experiments that were read, one entry a time."""
    read: list[str] = []

    def counted(experiment: Any, store: Store) -> Any:
        read.append(experiment.id)
        return read_experiment(experiment, store)

    monkeypatch.setattr(readings, "read_and_finish", counted)
    return read


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """While it is cleared, nothing can be read."""
    gate = threading.Event()
    gate.set()

    def gated(experiment: Any, store: Store, *, heavy: bool = False) -> Any:
        assert gate.wait(TIMEOUT)
        return read_experiment(experiment, store, heavy=heavy)

    monkeypatch.setattr(readings, "read_and_finish", gated)
    for module in (listing, prepare):
        monkeypatch.setattr(module, "read_experiment", gated)
    for module in (patience, answering):
        monkeypatch.setattr(module, "PATIENCE", 0.02)
    return gate


def test_what_has_not_changed_is_not_read_again(store: Store, reads: list[str]) -> None:
    one, two = evaluated(store, "one"), evaluated(store, "two")
    kept = readings_of(store)
    first = kept.read(one)
    assert kept.read(one).grid is first.grid
    kept.read(two)
    assert kept.read(one).grid is first.grid
    assert reads == [one, two]
    broken = first.grid.states.tolist().index(CellState.task_failed)
    store.record([complete(*first.grid.key(broken), experiment_id=one)])  # by whomever
    assert kept.read(one).grid.done == first.grid.done + 1
    store.update(one, status="cancelled")
    assert kept.read(one).state == "closed"
    assert reads == [one, two, one, one]


def test_a_lease_is_looked_at_each_time(store: Store, reads: list[str]) -> None:
    experiment_id = evaluated(store)
    kept = readings_of(store)
    assert kept.read(experiment_id).holder is None
    lease = store.leases.acquire(experiment_id, "a run")
    assert kept.read(experiment_id).state == "running"
    lease.release()
    assert kept.read(experiment_id).state == "resumable"
    assert len(reads) == 1


def test_a_run_of_this_process_is_kept_up_with_and_not_read(store: Store, view: Views, reads: list[str]) -> None:
    experiment_id = evaluated(store, items=30, broken=range(10), trials=2)
    shown = view(Given(CountingTask(), [Equals()]))
    plan = shown.told("open", experiment=experiment_id)["plan"]
    shown.result("resume", experiment=experiment_id, plan=plan["id"])
    shown.ended()
    cell = shown.result("cell", experiment=experiment_id, cell=59)
    assert (cell["state"], cell["attempts"]) == ("completed", 2)
    assert shown.told("plan", experiment=experiment_id)["plan"]["obstacle"] == "Complete: there is nothing to run."
    evaluate_resume(experiment_id, CountingTask(), verbose=0, store=store)
    kept, read = readings_of(store).read(experiment_id), reading_of(store, experiment_id)
    assert reads == [experiment_id]
    assert kept.grid.states.tolist() == read.grid.states.tolist()
    assert [a and a.id for a in kept.grid.attempts] == [a and a.id for a in read.grid.attempts]
    assert {a.id for a in kept.grid.history} == {a.id for a in read.grid.history}


@pytest.mark.parametrize("most", [5, 100])
def test_what_nobody_looks_at_does_not_grow(
    store: Store, reads: list[str], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Of a long run that nobody watches any more some is kept, and then nothing: it is read when somebody looks."""
    monkeypatch.setattr(readings, "MOST_FRESH", most)
    experiment_id = evaluated(store, items=30, broken=range(10), trials=2)
    watched = readings_of(store)
    watched.read(experiment_id)
    evaluate_resume(experiment_id, CountingTask(), verbose=0, store=store)
    waiting = len(watched._kept[experiment_id].fresh)
    assert waiting == (0 if most == 5 else 20)
    for _ in range(2):
        assert watched.read(experiment_id).grid.complete
    assert reads == [experiment_id] * (2 if most == 5 else 1)


def test_a_run_that_had_begun_before_the_reading_is_kept_up_with_as_well(store: Store, reads: list[str]) -> None:
    experiment = unstarted(store, "long", numbers(store, 3))
    kept = readings_of(store)

    def task(item: dict[str, Any]) -> dict[str, Any]:
        kept.read(experiment.id)
        return {}

    evaluate_resume(experiment.id, task, task_threads=1, verbose=0, store=store)
    assert kept.read(experiment.id).grid.counts()[CellState.completed] == 3
    assert reads == [experiment.id]


def test_only_so_many_cells_are_kept(store: Store, reads: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "KEPT_CELLS", 10)
    kept = Readings(store)
    ids = [evaluated(store, name, items=6, broken=()) for name in "abc"]
    for experiment_id in (*ids, ids[2], ids[0]):
        kept.read(experiment_id)
    assert reads == [*ids, ids[0]]


@pytest.mark.parametrize("seed", range(30))
def test_a_grid_with_more_attempts_is_the_grid_of_all(seed: int) -> None:
    dice = random.Random(seed)
    make = (attempt, complete, failed)
    all_ = [dice.choice(make)(dice.choice("abcx"), dice.choice((None, 0, 1, 2, 7))) for _ in range(20)]
    expected = {"a": 2, "b": 3, "c": 1}
    whole, grown = Grid(expected, all_), Grid(expected, all_[:8])
    before = grown.states.tolist()
    for end in (12, 20):
        grown = (was := grown).with_attempts(all_[end - 8 : end])
        assert was is not grown
    assert Grid(expected, all_[:8]).states.tolist() == before
    assert [a and a.id for a in grown.attempts] == [a and a.id for a in whole.attempts]
    assert grown.states.tolist() == whole.states.tolist()
    assert {a.id for a in grown.history} == {a.id for a in whole.history}
    assert {a.id for a in grown.surplus} == {a.id for a in whole.surplus}


def test_opening_a_large_one_is_answered_before_it_is_read(store: Store, view: Views, slow: threading.Event) -> None:
    experiment_id = evaluated(store)
    shown = view(Given(CountingTask(), ()))
    slow.clear()
    assert shown.result("open", experiment=experiment_id) == {"head": None, "plan": None}
    assert shown.result("plan", experiment=experiment_id) == {"plan": None}
    assert "is being read" in shown.refusal("cell", experiment=experiment_id, cell=0)["message"]
    assert shown.feed.messages == []
    slow.set()
    shown.feed.until(lambda ms: Screen.of(ms).head.get("id") == experiment_id and ms[-1].content["kind"] == "changed")
    assert shown.told("plan", experiment=experiment_id)["plan"]["run"] == 2


def test_what_came_late_is_not_told_after_it_changed_elsewhere(
    store: Store, view: Views, slow: threading.Event, tmp_path: Path
) -> None:
    experiment_id = evaluated(store)
    shown = view(Given(CountingTask(), ()))
    slow.clear()
    assert shown.result("open", experiment=experiment_id)["plan"] is None
    slow.set()
    shown.feed.until(lambda ms: Screen.of(ms).head.get("id") == experiment_id)
    shown.told("plan", experiment=experiment_id)
    subprocess.run([sys.executable, "-c", ELSEWHERE, str(tmp_path / "store.db"), experiment_id], check=True)
    assert shown.told("plan", experiment=experiment_id)["plan"]["run"] == 0


def test_another_one_that_was_opened_meanwhile_stays(store: Store, view: Views, slow: threading.Event) -> None:
    first, second = evaluated(store, "first"), evaluated(store, "second")
    shown = view()
    slow.clear()
    shown.result("open", experiment=first)
    shown.result("open", experiment=second)
    slow.set()
    shown.feed.until(lambda ms: [m.content["kind"] for m in ms].count("changed") and Screen.of(ms).head)
    readings_of(store).read(first)
    assert shown.widget.selected == second


def test_a_list_is_answered_before_all_is_read(store: Store, view: Views, slow: threading.Event) -> None:
    evaluated(store, "one")
    shown = view()
    slow.clear()
    (row,) = shown.result("list")["rows"]
    assert (row["name"], row["state"], row["strip"]) == ("one", "reading", [0, 0])
    slow.set()
    shown.feed.until(lambda ms: any(m.content["kind"] == "changed" for m in ms))
    (row,) = shown.result("list")["rows"]
    assert (row["state"], row["done"]) == ("resumable", 6)
    assert row["strip"][1] > 0


def test_a_click_is_answered_before_the_resume_is_prepared(store: Store, view: Views, slow: threading.Event) -> None:
    experiment_id, task = evaluated(store), CountingTask()
    shown = view(Given(task, ()))
    plan = shown.told("open", experiment=experiment_id)["plan"]
    slow.clear()
    assert shown.result("resume", experiment=experiment_id, plan=plan["id"]) == {}
    assert shown.refusal("resume", experiment=experiment_id, plan=plan["id"])["type"] == "ExperimentBusy"
    assert task.total == 0
    slow.set()
    assert shown.ended().progress["done"] == 2


def test_what_fails_after_the_answer_is_told_by_the_feed(
    store: Store, view: Views, slow: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment_id = evaluated(store)
    shown = view(Given(CountingTask(), ()))
    plan = shown.told("open", experiment=experiment_id)["plan"]
    gate = threading.Event()

    def broken(*_: Any) -> None:
        assert gate.wait(TIMEOUT)
        raise ValueError("the disk is gone")

    monkeypatch.setattr(prepare, "read_experiment", broken)
    assert shown.result("resume", experiment=experiment_id, plan=plan["id"]) == {}
    gate.set()
    screen = shown.ended("broken")
    assert (screen.progress["active"], screen.progress["message"]) == (False, "the disk is gone")
    assert store.leases.holder(experiment_id) is None
