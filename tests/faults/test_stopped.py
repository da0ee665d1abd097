"""After a stop, in other kernels: what a task still is on is left out and said; who was taken over says so, too."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.stores.local import LocalStore
from tests.experiments import result_of
from tests.faults import script, stopped
from tests.waiting import until

PATIENCE = 60.0
RESUME = """
import os, sys
from opik_resume import connect, evaluate_resume
from opik_resume.metrics import Equals
connect(sys.argv[1])
calls = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def task(item):
    os.write(calls, f"called {item['n']}\\n".encode())
    return {"output": str(item["n"])}
result = evaluate_resume("e", task, [Equals()], verbose=0)
print(len(result.test_results), sorted(set(result.failures.message)))
"""


class World:
    """A database, a file that counts calls, and kernels that use both."""

    def __init__(self, folder: Path) -> None:
        self.database, self.calls = folder / "store.sqlite3", folder / "calls.txt"
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *command: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        process = subprocess.Popen([sys.executable, *command], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        self.started.append(process)
        return process

    def stopped(self) -> subprocess.Popen[str]:
        """A kernel whose run has ended, with a task on each of some cells."""
        process = self.start("-m", "tests.faults.stopped", str(self.database), str(self.calls))
        assert line(process) == "ended"
        return process

    def resume(self) -> tuple[str, str]:
        """What another kernel says of a resume that runs to its end."""
        process = self.start("-c", RESUME, str(self.database), str(self.calls))
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        return out.strip(), err

    def called(self) -> Counter[str]:
        return Counter(self.calls.read_text().splitlines()) if self.calls.exists() else Counter()

    def words(self, word: str) -> int:
        return sum(count for text, count in self.called().items() if text.startswith(word))

    def result(self) -> EvaluationResult:
        with closing(LocalStore(self.database)) as store:
            return result_of(store.named("e")[0].id, store)

    def lease_that_nobody_can_see_alive(self) -> None:
        """As of another machine on a file system without locks, that has not been heard of for long."""
        with closing(sqlite3.connect(self.database, timeout=0.2)) as db:
            db.execute("UPDATE leases SET process = NULL, host = 'far away', heartbeat = '2020-01-01T00:00:00+00:00'")
            db.commit()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def say(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    for process in made.started:
        process.kill()
        process.communicate()


def test_another_kernel_leaves_out_exactly_the_cells_that_living_tasks_are_on(world: World) -> None:
    kernel = world.stopped()
    out, err = world.resume()
    words = f"a task of a stopped run is still running on it in process {kernel.pid} on "
    assert f"{stopped.THREADS} cells were left out: {stopped.THREADS} × {words}" in err
    assert out.startswith(f"{stopped.ITEMS - stopped.THREADS} ['{words}")
    assert set(world.called().values()) == {1}
    say(kernel)
    assert line(kernel) == "recorded"
    assert world.resume()[0] == f"{stopped.ITEMS} []"
    assert world.called() == Counter({f"called {n}": 1 for n in range(stopped.ITEMS)})


def test_the_cells_of_a_killed_kernel_are_run(world: World) -> None:
    kernel = world.stopped()
    kernel.kill()
    kernel.wait()
    out, err = world.resume()
    assert (out, "left out" in err) == (f"{stopped.ITEMS} []", False)
    assert world.words("called") == stopped.ITEMS + stopped.THREADS


def suspended(world: World) -> subprocess.Popen[str]:
    """An evaluation that was suspended in its middle, and that looks dead."""
    holder = world.start("-m", "tests.faults.script", "evaluate", str(world.database), str(world.calls), "0.05")
    until(lambda: world.words("answered") >= 20, holder)
    until(lambda: stops(holder, world), holder)
    return holder


def stops(holder: subprocess.Popen[str], world: World) -> bool:
    """Whether it could be suspended while it did not write: nobody gets at the file until it goes on."""
    holder.send_signal(signal.SIGSTOP)
    try:
        world.lease_that_nobody_can_see_alive()
    except sqlite3.OperationalError:
        holder.send_signal(signal.SIGCONT)
        return False
    return True


def test_a_suspended_holder_whose_work_was_done_meanwhile_says_so_and_returns_the_result(world: World) -> None:
    holder = suspended(world)
    expected = script.ITEMS * script.TRIALS
    assert world.resume()[0] == f"{expected} []"
    holder.send_signal(signal.SIGCONT)
    out, err = holder.communicate(timeout=PATIENCE)
    assert holder.returncode == 0, err
    assert "Stopped: taken over by process " in err
    assert f"{expected} of {expected} runs complete" in out
    # What the holder had under way when it was suspended, and no more, was paid for twice.
    assert world.words("called") <= expected + script.THREADS


def test_a_suspended_holder_that_was_taken_over_starts_nothing_more(world: World) -> None:
    holder = suspended(world)
    rival = world.start("-m", "tests.faults.script", "resume", str(world.database), str(world.calls), "3600")
    called = world.words("called")
    until(lambda: world.words("called") == called + script.THREADS, rival)
    holder.send_signal(signal.SIGCONT)
    _, err = holder.communicate(timeout=PATIENCE)
    assert holder.returncode != 0
    assert f"EvaluationInterrupted: Stopped: taken over by process {rival.pid} on " in err
    assert world.words("called") == called + script.THREADS, "it called nothing more"
