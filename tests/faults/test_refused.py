"""A store that refuses what has been paid for, for a moment or for good: nothing is lost, nothing is paid for meanwhile."""

from __future__ import annotations

import json
import logging
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_resume, exceptions, recover
from opik_resume.base.records import Json
from opik_resume.engine.events import Event, RecordedAgain, RunStarted, Unrecorded
from opik_resume.engine.recording import patience, recorder
from opik_resume.evaluation import plan_resume
from opik_resume.evaluation.resume import prepare_resume
from opik_resume.metrics import Equals
from opik_resume.stores.file.access import errors
from opik_resume.stores.local import LocalStore
from tests.builders import CountingTask, numbers
from tests.experiments import result_of, unstarted

PATIENCE = 30.0
Fault = Callable[[LocalStore], Callable[[], None]]  # breaks the store, and returns what repairs it


def full_disk(store: LocalStore) -> Callable[[], None]:
    """The operating system's own limit: no file of this process can grow beyond what the largest of the store has now."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    largest = max(file.stat().st_size for file in store._database.path.parent.glob("store.sqlite3*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, before[1]))
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(autouse=True)
def _room() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def locked(store: LocalStore) -> Callable[[], None]:
    """Another program writes, for longer than SQLite waits."""
    other = sqlite3.connect(store.path, check_same_thread=False, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def repair() -> None:
        other.execute("ROLLBACK")
        other.close()

    return repair


FAULTS: dict[str, Fault] = {"a full disk": full_disk, "a lock": locked}


@pytest.fixture(params=FAULTS)
def fault(request: pytest.FixtureRequest) -> Fault:
    return FAULTS[request.param]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalStore]:
    monkeypatch.setattr(errors, "BUSY_SECONDS", 0.02)
    made = LocalStore(tmp_path / "store.sqlite3")
    yield made
    made.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HELD_SECONDS", "LAST_SECONDS", "STOPPED_SECONDS"):
        monkeypatch.setattr(patience, name, 0.2)


class Breaking:
    """A task that takes its time, breaks the store in its n-th call, and answers something large."""

    def __init__(self, store: LocalStore, fault: Fault, at: int) -> None:
        self.repair: Callable[[], None] | None = None
        self.seconds = 2 * recorder.QUICK_SECONDS
        self.calls = CountingTask()
        self._store, self._fault, self._at = store, fault, at
        self._lock = threading.Lock()

    def __call__(self, item: Json) -> Json:
        threading.Event().wait(self.seconds)
        with self._lock:
            if self.calls.total == self._at:
                self.repair = self._fault(self._store)
            return {**self.calls(item), "long": "x" * int(self.seconds * 2_000_000)}


class Log:
    """The events of a run; the fault is repaired once the store has been told to refuse a few times."""

    def __init__(self, task: Breaking, times: int = 3) -> None:
        self.events: list[Event] = []
        self._task, self._times = task, times

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        told = sum(isinstance(other, Unrecorded) for other in self.events)
        if isinstance(event, Unrecorded) and told == self._times and self._task.repair is not None:
            threading.Thread(target=self._task.repair).start()

    def between(self) -> list[Event]:
        """What was told while the store refused."""
        kinds = [type(event) for event in self.events]
        return self.events[kinds.index(Unrecorded) : kinds.index(RecordedAgain)]


@pytest.mark.parametrize("threads", [1, 4])
def test_what_the_store_refuses_for_a_moment_is_kept_and_the_run_goes_on(
    store: LocalStore, fault: Fault, threads: int
) -> None:
    unstarted(store, "e", numbers(store, 20))
    task = Breaking(store, fault, at=5)
    log = Log(task)
    run = prepare_resume(
        plan_resume("e", store=store), task, [Equals()], task_threads=threads, store=store, listener=log
    )
    run.start()
    assert run.wait(PATIENCE)
    assert (run.outcome, run.error) == ("finished", None)
    assert result_of(run.experiment_id, store).complete
    assert set(task.calls.calls.values()) == {1}, "nothing is paid for twice"
    started = [event for event in log.between() if isinstance(event, RunStarted)]
    assert len(started) < threads, "nothing new starts while nothing can be recorded"
    told = next(event for event in log.between() if isinstance(event, Unrecorded))
    assert 1 <= told.count <= threads
    assert told.problem


def test_of_runs_that_cost_nothing_nothing_more_starts_either(store: LocalStore) -> None:
    """Nobody waits for those to be recorded."""
    unstarted(store, "e", numbers(store, 3 * recorder.ROOM))
    task = Breaking(store, locked, at=5)
    task.seconds = 0.0
    log = Log(task)
    run = prepare_resume(plan_resume("e", store=store), task, task_threads=4, store=store, listener=log)
    run.start()
    assert run.wait(PATIENCE)
    assert result_of(run.experiment_id, store).complete
    assert set(task.calls.calls.values()) == {1}
    assert sum(isinstance(event, RunStarted) for event in log.between()) <= 4


def test_the_one_who_waits_is_told_at_once_in_one_line(
    store: LocalStore, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = numbers(store, 6)
    task = Breaking(store, fault, at=2)

    class Repairing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "wait" in record.getMessage() and task.repair is not None:
                threading.Thread(target=task.repair).start()

    handler = Repairing()
    logging.getLogger("opik_resume").addHandler(handler)
    try:
        result = evaluate(dataset, task, [Equals()], task_threads=2, verbose=0)
    finally:
        logging.getLogger("opik_resume").removeHandler(handler)
    assert result.complete
    told = [record.getMessage() for record in caplog.records if record.name == "opik_resume"]
    assert len(told) == 2, told
    assert "cannot be recorded" in told[0]
    assert "recorded again" in told[1]


@pytest.mark.usefixtures("impatient")
def test_what_is_left_at_the_end_is_handed_over_and_can_be_brought_back(store: LocalStore, fault: Fault) -> None:
    dataset = numbers(store, 8)
    task = Breaking(store, fault, at=3)
    with pytest.raises(exceptions.RunsNotRecorded) as caught:
        evaluate(dataset, task, [Equals()], experiment_name="e", task_threads=2, verbose=0)
    error = caught.value
    assert error.path is not None
    assert error.path.parent == store.path.parent
    assert str(error.path) in str(error)
    assert "recover" in str(error)
    lines = [json.loads(line) for line in error.path.read_text().splitlines()]
    assert len(lines) == len(error.unrecorded) >= 1
    assert all(len(line["task_output"]["long"]) == 20_000 for line in lines)
    assert error.result is not None
    assert len(error.result.test_results) == task.calls.total, "what was paid for is in the result, stored or not"
    assert task.repair is not None
    task.repair()
    assert (recover(error.path, store=store), recover(error.path, store=store)) == (len(lines), len(lines))
    again = CountingTask()
    result = evaluate_resume("e", again, [Equals()], verbose=0, store=store)
    assert result.complete
    assert again.total == 8 - task.calls.total, "what was brought back is not called again"


@pytest.mark.usefixtures("impatient")
def test_without_a_place_beside_the_store_the_file_is_a_temporary_one(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "temporary"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    dataset = numbers(store, 2)
    task = Breaking(store, full_disk, at=1)
    monkeypatch.setattr(LocalStore, "path", tmp_path / "gone" / "store.sqlite3", raising=False)
    monkeypatch.delattr(store, "path")
    with pytest.raises(exceptions.RunsNotRecorded) as caught:
        evaluate(dataset, task, [Equals()], task_threads=1, verbose=0)
    assert caught.value.path is not None
    assert caught.value.path.parent == elsewhere


def test_a_stop_does_not_wait_for_a_store_that_refuses(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "STOPPED_SECONDS", 0.1)
    unstarted(store, "e", numbers(store, 20))
    task = Breaking(store, full_disk, at=4)
    refused = threading.Event()

    def listener(event: Event) -> None:
        if isinstance(event, Unrecorded):
            refused.set()

    run = prepare_resume(plan_resume("e", store=store), task, task_threads=4, store=store, listener=listener)
    run.start()
    assert refused.wait(PATIENCE)
    run.stop()
    assert run.wait(PATIENCE)
    assert run.outcome == "broken"
    stored = {test.test_case.dataset_item_id for test in result_of(run.experiment_id, store).test_results}
    kept = stored | {attempt.item_id for attempt in run.salvage.attempts}
    assert len(kept) == task.calls.total, "every answer is in the store or in the file"


def test_one_bad_attempt_is_handed_over_and_the_others_are_stored(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the store's refusal: no patience helps, and the rest must not suffer."""
    unstarted(store, "e", numbers(store, 10))
    record = store.record

    def picky(attempts: Any) -> None:
        if any(attempt.task_output and attempt.task_output["output"] == "7" for attempt in attempts):
            raise TypeError("what is this?")
        record(attempts)

    monkeypatch.setattr(store, "record", picky)
    run = prepare_resume(plan_resume("e", store=store), CountingTask(), task_threads=1, store=store)
    run.start()
    assert run.wait(PATIENCE)
    assert isinstance(run.error, TypeError)
    assert [attempt.task_output for attempt in run.salvage.attempts] == [{"output": "7"}]


def test_a_store_error_that_ends_an_evaluation_carries_what_there_is(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here every answer is stored, and a start cannot be noted."""
    start = store.start
    task = CountingTask()

    def refusing(attempt: Any) -> None:
        if task.total == 3:
            raise exceptions.StoreError("the file is gone")
        start(attempt)

    monkeypatch.setattr(store, "start", refusing)
    with pytest.raises(exceptions.StoreError, match="the file is gone") as caught:
        evaluate(numbers(store, 10), task, [Equals()], task_threads=1, verbose=0)
    result = caught.value.result
    assert result is not None
    assert (result.expected, len(result.test_results)) == (10, 3)


def test_a_store_that_cannot_even_be_read_gives_what_was_in_memory(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    def gone(*_: Any, **__: Any) -> Any:
        raise exceptions.StoreError("the file is gone")

    both = threading.Barrier(2)

    def task(item: Json) -> Json:
        both.wait(PATIENCE)  # neither starts once the other is refused
        full_disk(store)
        for name in ("attempts", "get"):
            monkeypatch.setattr(store, name, gone)
        threading.Event().wait(2 * recorder.QUICK_SECONDS)
        return {"output": str(item["n"]), "long": "x" * 200_000}

    with pytest.raises(exceptions.RunsNotRecorded) as caught:
        evaluate(numbers(store, 4), task, [Equals()], task_threads=2, verbose=0)
    assert caught.value.result is not None
    assert len(caught.value.result.test_results) == len(caught.value.unrecorded) == 2


@pytest.mark.parametrize("threads", [1, 3])
def test_a_file_that_was_taken_away_ends_the_run_soon_and_every_answer_is_handed_over(
    store: LocalStore, threads: int
) -> None:
    """It does not come back by waiting."""
    calls = CountingTask()

    def task(item: Json) -> Json:
        threading.Event().wait(2 * recorder.QUICK_SECONDS)
        if calls.total == 3:
            store.path.unlink()
        return calls(item)

    began = time.monotonic()
    with pytest.raises(exceptions.StoreError, match="was deleted or moved") as caught:
        evaluate(numbers(store, 40), task, [Equals()], task_threads=threads, verbose=0)
    assert time.monotonic() - began < PATIENCE
    assert calls.total <= 3 + threads
    assert isinstance(caught.value, exceptions.RunsNotRecorded)
    assert len(caught.value.unrecorded) >= 1


@contextmanager
def child(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.faults.refused", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("door", ["evaluate", "background"])
def test_a_process_whose_disk_is_full_fails_and_leaves_every_answer_behind(tmp_path: Path, door: str) -> None:
    """The operating system's own limit, and a process that ends."""
    with child(door, str(tmp_path)) as process:
        out, err = process.communicate(timeout=60)
    assert "recover" in err, err
    if door == "evaluate":
        assert process.returncode == 1
    (file,) = tmp_path.glob("*.jsonl")
    store = LocalStore(tmp_path / "store.sqlite3")
    try:
        recover(file, store=store)
        stored = result_of(store.named("e")[0].id, store).test_results
        assert len(stored) == len(out.splitlines()), "one line an answer"
    finally:
        store.close()
