"""Runs that this view did not start: of ``evaluate`` in a cell, and of other processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import opik_resume
from opik_resume import evaluate, evaluate_resume
from opik_resume.base.records import REPLAYED, CellState
from opik_resume.metrics import Equals
from opik_resume.notebook.background import elsewhere
from opik_resume.notebook.background.desk import Desk
from opik_resume.notebook.namespace.choosing import Given
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, attempt, numbers
from tests.experiments import unstarted
from tests.notebook.helpers import TIMEOUT, Gate, Screen, View, evaluated, reading_of

Views = Callable[..., View]
ELSEWHERE = """
import sys
from opik_resume import connect, evaluate_resume
def task(item):
    print(item["n"], flush=True)
    sys.stdin.readline()
    return {"output": item["reference"]}
evaluate_resume(sys.argv[2], task, verbose=0, task_threads=1, store=connect(sys.argv[1]))
"""


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "PERIOD", 0.02)


def in_thread(call: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread


def test_a_resume_of_a_cell_is_seen_live(store: Store, view: Views) -> None:
    experiment_id = evaluated(store, items=4, broken=(1, 3))
    gate = Gate()
    shown = view()
    shown.result("open", experiment=experiment_id)
    cell = in_thread(lambda: evaluate_resume(experiment_id, gate, [Equals()], verbose=0, store=store))
    gate.wait_for_calls(2)
    shown.feed.until(lambda ms: (Screen.of(ms).states == CellState.running).sum() == 2)
    assert shown.screen().progress["active"]
    assert shown.screen().progress["own"], "this view's button can stop it"
    gate.open.set()
    screen = shown.ended()
    cell.join(TIMEOUT)
    assert (screen.states & REPLAYED).astype(bool).sum() == 2
    assert screen.head["state"] == "complete"


def test_an_evaluation_of_a_cell_is_announced_and_can_be_opened_and_stopped(store: Store, view: Views) -> None:
    data, gate, shown = numbers(store, 3), Gate(), view()
    stopped: list[BaseException] = []

    def cell() -> None:
        try:
            evaluate(data, gate, experiment_name="live", task_threads=1, verbose=0, store=store)
        except KeyboardInterrupt as error:
            stopped.append(error)

    thread = in_thread(cell)
    gate.wait_for_calls(1)
    shown.feed.until(lambda ms: any(m.content["kind"] == "changed" for m in ms))
    (row,) = shown.result("list")["rows"]
    assert (row["name"], row["state"]) == ("live", "running")
    shown.result("open", experiment=row["id"])
    shown.feed.until(lambda ms: Screen.of(ms).states.tolist().count(CellState.queued) == 2)
    shown.result("stop", experiment=row["id"])
    gate.open.set()
    screen = shown.ended("stopped")
    thread.join(TIMEOUT)
    assert sorted(screen.states.tolist()) == [CellState.never_run, CellState.never_run, CellState.completed]
    assert len(stopped) == 1


def test_an_evaluation_that_nobody_watched_leaves_nothing_behind(store: Store, view: Views, desk: Desk) -> None:
    shown = view()
    experiment_id = evaluated(store)
    assert desk.find(experiment_id) is None
    shown.result("open", experiment=experiment_id)
    shown.feed.until(lambda ms: Screen.of(ms).head)
    assert shown.screen().progress["outcome"] is None


@pytest.mark.usefixtures("soon")
def test_a_run_of_another_process_fills_its_cells(store: Store, view: Views, tmp_path: Path) -> None:
    experiment = unstarted(store, "elsewhere", numbers(store, 2))
    shown = view(Given(CountingTask(), ()))
    shown.result("open", experiment=experiment.id)
    source = str(Path(opik_resume.__file__).parent.parent)
    with subprocess.Popen(
        [sys.executable, "-c", ELSEWHERE, str(tmp_path / "store.db"), experiment.id],
        env={"PYTHONPATH": source}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        shown.feed.until(lambda ms: Screen.of(ms).states.tolist() == [CellState.running, CellState.never_run])
        assert shown.screen().head["state"] == "running"
        assert shown.told("groups", experiment=experiment.id)["groups"] == [], "what runs was not interrupted"
        obstacle = shown.told("plan", experiment=experiment.id)["plan"]["obstacle"]
        assert obstacle.startswith(f"Another process is running it (pid {process.pid} on ")
        process.stdin.write("\n")
        process.stdin.flush()
        process.stdout.readline()
        shown.feed.until(lambda ms: Screen.of(ms).states.tolist() == [CellState.completed, CellState.running])
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.wait(TIMEOUT) == 0
    shown.feed.until(lambda ms: Screen.of(ms).head.get("state") == "complete")
    assert shown.screen().states.tolist() == [CellState.completed] * 2
    assert reading_of(store, experiment.id).grid.complete


@pytest.mark.usefixtures("soon")
def test_what_is_interrupted_for_good_is_not_running(store: Store, view: Views) -> None:
    experiment = unstarted(store, "dead", numbers(store, 1))
    lease = store.leases.acquire(experiment.id, "a run")
    reading = reading_of(store, experiment.id)
    key = next(reading.grid.keys())
    store.start(attempt(*key, experiment_id=experiment.id))  # long before the lease was taken
    shown = view()
    shown.result("open", experiment=experiment.id)
    shown.feed.until(lambda ms: Screen.of(ms).states.tolist() == [CellState.interrupted])
    lease.release()
    shown.feed.until(lambda ms: Screen.of(ms).head.get("state") == "resumable")
