"""What is played with: a process that evaluates or resumes. ``python -m bench.campaigns.child DOOR OPTIONS`` (JSON).

It ends with 0 when the experiment is complete (then it prints the outputs), 3 when another one is running it, 4 when it
was left unfinished, 1 with a traceback.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench.campaigns.ledger import Ledger
from opik_resume import connect, evaluate, evaluate_resume, get_dataset, get_or_create_dataset, plan_resume
from opik_resume.exceptions import EvaluationInterrupted, ExperimentBusy, ExperimentNotFound
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.metrics import Equals

COMPLETE, BUSY, UNFINISHED = 0, 3, 4
DEFAULTS = {
    "seconds": [0.006, 0.02],  # a task takes between; never less than engine.recording.QUICK_SECONDS
    "threads": 4,
    "seed": 0,
    "asynchronous": False,
    "gate": None,  # a file to wait for, and after it so many seconds
    "delay": 0.0,
    "stops": [],  # seconds into each call of a door at which Ctrl-C comes
    "clock": 0.0,  # seconds by which this process' wall clock is off
    "busy": None,  # seconds for which a lock is waited for
    "impatient": False,  # whether a server is asked again after milliseconds, instead of seconds
    "full": [],  # [after so many seconds, for so many] the disk is full for this process
    "forks": [],  # calls of a task that fork, by number
    "fork_lives": 0.0,  # seconds that a forked process does nothing; 0: it plans, and writes a dataset
}


class Task:
    """Answers with the item's number, after a while, and tells the ledger."""

    def __init__(self, options: SimpleNamespace) -> None:
        self._ledger = Ledger(Path(options.ledger), Path(f"{options.database}-wal"))
        self._random = random.Random(options.seed)
        self._options = options
        self._lock = threading.Lock()
        self._calls = 0

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        number, seconds = self._next()
        self._ledger.called(item["n"])
        if number in self._options.forks:
            fork(self._options)
        time.sleep(seconds)
        self._ledger.answered(item["n"])
        return {"output": answer(item["n"])}

    async def asynchronous(self, item: dict[str, Any]) -> dict[str, Any]:
        number, seconds = self._next()
        self._ledger.called(item["n"], f"call{number}")
        await asyncio.sleep(seconds)
        self._ledger.answered(item["n"], f"call{number}")
        return {"output": answer(item["n"])}

    def _next(self) -> tuple[int, float]:
        with self._lock:
            self._calls += 1
            return self._calls, self._random.uniform(*self._options.seconds)


def answer(number: int) -> str:
    """What the task says to an item: to be found in whatever file it was kept."""
    return f"answer {number}!"


def evaluated(options: SimpleNamespace, task: Callable[..., Any]) -> EvaluationResult:
    arguments: dict[str, Any] = {"task_threads": options.threads, "verbose": 0}
    return evaluate(get_dataset("numbers"), task, [Equals()], experiment_name="e", **arguments)


def resumed(options: SimpleNamespace, task: Callable[..., Any]) -> EvaluationResult:
    return evaluate_resume("e", task, [Equals()], task_threads=options.threads, verbose=0)


def stopped(options: SimpleNamespace, task: Callable[..., Any]) -> EvaluationResult:
    """Ctrl-C, and at once again, as often as it comes; then until it is complete."""
    began = False
    while True:
        late = options.stops.pop(0) if options.stops else None
        timer = threading.Timer(late or 0, lambda: os.kill(os.getpid(), signal.SIGINT))
        timer.daemon = True
        try:
            if late is not None:
                timer.start()
            try:
                result = (resumed if began else evaluated)(options, task)
            except ExperimentNotFound:  # stopped before it was made
                result = evaluated(options, task)
            if result.complete:
                return result
        except (EvaluationInterrupted, ExperimentBusy, KeyboardInterrupt):
            pass
        finally:
            began = True
            timer.cancel()
        time.sleep(0 if options.stops else 0.05)


DOORS = {"evaluate": evaluated, "resume": resumed, "stop": stopped}


def fork(options: SimpleNamespace) -> None:
    """A child by fork, as data loaders make them. It must end."""
    process = multiprocessing.get_context("fork").Process(target=_forked, args=(options,))
    process.start()
    os.write(1, f"forked {process.pid}\n".encode())
    if not options.fork_lives:
        process.join(20)
        if process.exitcode is None:
            os.write(1, b"hung\n")
            process.kill()


def _forked(options: SimpleNamespace) -> None:
    if options.fork_lives:
        time.sleep(options.fork_lives)
        return
    plan_resume("e")
    get_or_create_dataset("others").insert([{"of": os.getpid()}])


def set_clock(seconds: float) -> None:
    """What a stepped clock changes for a process: the time of day, and when processes seem to have started."""
    from datetime import timedelta

    import psutil

    real_time, real_start = time.time, psutil.Process.create_time
    time.time = lambda: real_time() + seconds
    psutil.Process.create_time = lambda self: real_start(self) + seconds  # type: ignore[method-assign]
    for name, module in list(sys.modules.items()):
        if name.startswith("opik_resume") and "utc_now" in vars(module):
            now = vars(module)["utc_now"]
            module.utc_now = lambda now=now: now() + timedelta(seconds=seconds)  # type: ignore[attr-defined]


def fill_disk(options: SimpleNamespace) -> None:
    """For a moment no file of this process may grow beyond what the write-ahead log has now."""
    after, lasting = options.full
    time.sleep(after)
    size = Path(f"{options.database}-wal").stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    time.sleep(lasting)
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def prepare(options: SimpleNamespace) -> None:
    if options.busy is not None:
        from opik_resume.stores.file.access import errors

        errors.BUSY_SECONDS = options.busy
    if options.impatient:
        from opik_resume.stores.opik.rest import client
        from opik_resume.stores.opik.writing import delivery

        client.FIRST_WAIT = delivery.FIRST_PAUSE = 0.02
        delivery.LONGEST_PAUSE = 0.2
    connect(options.target)
    if options.clock:
        set_clock(options.clock)
    if options.gate:
        while not Path(options.gate).exists():
            time.sleep(0.001)
        time.sleep(options.delay)
    if options.full:
        threading.Thread(target=fill_disk, args=(options,), daemon=True).start()


def main(door: str, text: str) -> int:
    options = SimpleNamespace(**DEFAULTS | json.loads(text))
    prepare(options)
    task = Task(options)
    try:
        result = DOORS[door](options, task.asynchronous if options.asynchronous else task)
    except ExperimentBusy:
        return BUSY
    outputs = {test.test_case.dataset_item_content["n"]: test.test_case.task_output for test in result.test_results}
    print(json.dumps({"outputs": outputs}), flush=True)
    return COMPLETE if result.complete else UNFINISHED


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(*sys.argv[1:]))
