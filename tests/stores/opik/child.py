"""An evaluation on a server in a process of its own, for tests that press Ctrl-C, kill, or look at what it prints.

Every call of the task is a line of a file; calls beyond the number in the gate's file wait until it is raised.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from opik_resume import connect, evaluate, evaluate_resume, get_dataset
from opik_resume.base.records import Json, ScoreResult
from opik_resume.engine.recording.recorder import QUICK_SECONDS
from opik_resume.metrics import BaseMetric, Equals
from tests.waiting import until

Task = Callable[[Json], Json]


class GatedTask:
    """Answers once the gate lets it through."""

    def __init__(self, calls: str, gate: str) -> None:
        self._calls = os.open(calls, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._gate = Path(gate)
        self._lock = threading.Lock()
        self._called = 0

    def __call__(self, item: Json) -> Json:
        with self._lock:
            self._called += 1
            call = self._called
            os.write(self._calls, f"{item['n']}\n".encode())
        until(lambda: call <= int(self._gate.read_text() or 0))
        return {"output": str(item["n"])}


def run(threads: str, task: Task) -> None:
    options: Any = {"experiment_name": "e", "task_threads": int(threads), "verbose": 0}
    result = evaluate(get_dataset("numbers"), task, [Equals()], **options)
    print(result.headline)


def interrupted(threads: str, task: Task) -> None:
    """Says when control is back."""
    try:
        run(threads, task)
    except KeyboardInterrupt:
        print("back", flush=True)


def again_at_once(threads: str, task: Task) -> None:
    """What a user does who has pressed Ctrl-C."""
    interrupted(threads, task)
    result = evaluate_resume("e", task, [Equals()], verbose=0)
    print(result.headline)


def resume(threads: str, task: Task) -> None:
    result = evaluate_resume("e", task, [Equals()], task_threads=int(threads), verbose=0)
    print(result.headline)


def killed(after: str, task: Task) -> None:
    """Killed by itself in the middle of that call."""
    count = 0

    def dying(item: Json) -> Json:
        nonlocal count
        count += 1
        time.sleep(2 * QUICK_SECONDS)  # as all that costs anything
        output = task(item)
        if count == int(after):
            os.kill(os.getpid(), signal.SIGKILL)
        return output

    run("1", dying)


def quiet(threads: str, task: Task) -> None:
    evaluate(get_dataset("numbers"), task, [Equals()], experiment_name="e", task_threads=int(threads), verbose=0)
    evaluate_resume("e", task, [Equals()], verbose=0)


class Raises(BaseMetric):
    def score(self, **_: Any) -> ScoreResult:
        raise ValueError("boom")


def fails(threads: str, task: Task) -> None:
    """A task and a metric raise; prints the packages that are imported then."""

    def failing(item: Json) -> Json:
        if item["n"] == 0:
            raise RuntimeError("no answer")
        return task(item)

    metrics = [Equals(), Raises("raises")]
    result = evaluate(get_dataset("numbers"), failing, metrics, task_threads=int(threads), verbose=0)
    imported = sorted({name.partition(".")[0] for name in sys.modules})
    print(json.dumps({"failures": len(result.failed_runs), "imported": imported}))


DOORS = {door.__name__: door for door in (run, interrupted, again_at_once, resume, killed, quiet, fails)}

if __name__ == "__main__":
    _, door, url, calls, gate, argument = sys.argv
    connect(url)
    DOORS[door](argument, GatedTask(calls, gate))
