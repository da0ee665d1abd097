"""Real processes, killed for real: what was complete stays, is not called again, and the rest is run exactly once."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from opik_resume.evaluation import plan_resume
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.stores.local import LocalStore
from tests.experiments import result_of
from tests.faults import script
from tests.waiting import until

PATIENCE = 60.0
EXPECTED = script.ITEMS * script.TRIALS


class World:
    """A database, a file that counts calls, and processes that use both."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "store.sqlite3"
        self.calls = folder / "calls.txt"
        self.running: list[subprocess.Popen[str]] = []

    def start(self, door: str, seconds: str = "0.01") -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.faults.script", door, str(self.database), str(self.calls), seconds]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.running.append(process)
        return process

    def lines(self, word: str) -> int:
        return self.calls.read_text().count(word) if self.calls.exists() else 0

    def result(self) -> EvaluationResult:
        store = LocalStore(self.database)
        try:
            return result_of(store.named("e")[0].id, store)
        finally:
            store.close()

    def planned(self) -> Counter[str]:
        store = LocalStore(self.database)
        try:
            return Counter(cell.state.name for cell in plan_resume("e", store=store).cells)
        finally:
            store.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    for process in made.running:
        process.kill()
        process.communicate()


def outcome(result: EvaluationResult) -> list[tuple[object, ...]]:
    """What two results must have in common: cells, outputs, scores. Item ids differ from file to file."""
    return [
        (
            test.test_case.dataset_item_content["n"],
            test.trial_id,
            test.test_case.task_output,
            [(score.name, score.value) for score in test.score_results],
        )
        for test in result.test_results
    ]


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    return out


@pytest.mark.parametrize("answered", [1, 25, 70])
def test_after_sigkill_a_resume_in_another_process_runs_only_the_rest(world: World, answered: int) -> None:
    process = world.start("evaluate")
    until(lambda: world.lines("answered") >= answered, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = len(world.result().test_results)
    called = world.lines("called")
    # Only what the workers were on at that moment is not kept: answers are durable before the next task starts.
    assert kept >= world.lines("answered") - script.THREADS
    assert called - kept <= script.THREADS
    finish(world.start("resume"))
    assert world.lines("called") == called + (EXPECTED - kept), "complete runs are not called again"
    assert world.result().complete


def test_runs_on_the_way_at_a_sigkill_are_told_from_those_never_started(world: World) -> None:
    process = world.start("evaluate", seconds="2")
    until(lambda: world.lines("called") == script.THREADS, process)
    until(lambda: world.planned()["interrupted"] == script.THREADS, process)
    process.kill()
    process.wait()
    assert world.planned() == {"interrupted": script.THREADS, "never_run": EXPECTED - script.THREADS}


def test_the_merged_result_equals_the_uninterrupted_one(world: World, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    whole = World(tmp_path / "whole")
    finish(whole.start("evaluate"))
    process = world.start("evaluate")
    until(lambda: world.lines("answered") >= 40, process)
    process.kill()
    process.wait()
    finish(world.start("resume"))
    assert outcome(world.result()) == outcome(whole.result())


def test_of_two_resumes_one_is_refused_clearly_and_nothing_runs_twice(world: World) -> None:
    process = world.start("evaluate")
    until(lambda: world.lines("answered") >= 10, process)
    process.kill()
    process.wait()
    missing, called = EXPECTED - len(world.result().test_results), world.lines("called")
    first = world.start("resume", seconds="0.2")
    until(lambda: world.lines("called") > called, first)
    second = world.start("resume")
    _, err = second.communicate(timeout=PATIENCE)
    assert second.returncode != 0
    assert "ExperimentBusy: Experiment" in err
    assert f"is being run by process {first.pid}" in err
    finish(first)
    assert world.lines("called") == called + missing
    assert world.result().complete


def test_ctrl_c_in_a_script_keeps_what_was_on_its_way(world: World) -> None:
    process = world.start("evaluate", seconds="0.8")
    until(lambda: world.lines("called") >= script.THREADS, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert "EvaluationInterrupted: Stopped" in err
    assert world.lines("called") == script.THREADS, "no task starts after the stop"
    assert len(world.result().test_results) == script.THREADS, "the process waited for what it had paid for"
