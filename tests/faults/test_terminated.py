"""SIGTERM: in a script it is a stop, whatever stands behind it; then it is what it was before. And what a script shows."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opik_resume import connect, evaluate_resume
from opik_resume.metrics import Equals
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask
from tests.waiting import PATIENCE, until

ITEMS = 200
COMMON = """
import asyncio, os, signal, sys, time
from opik_resume import aevaluate, connect, create_dataset, evaluate
from opik_resume.exceptions import EvaluationInterrupted
from opik_resume.metrics import Equals
connect(sys.argv[1])
calls = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
dataset = create_dataset("numbers")
dataset.insert([{"n": n, "reference": str(n)} for n in range(200)])
threads = int(sys.argv[3])

def task(item):
    os.write(calls, f"called {item['n']}\\n".encode())
    time.sleep(0.02)
    os.write(calls, f"answered {item['n']}\\n".encode())
    return {"output": str(item["n"])}

async def awaited(item):
    os.write(calls, f"called {item['n']}\\n".encode())
    await asyncio.sleep(0.02)
    os.write(calls, f"answered {item['n']}\\n".encode())
    return {"output": str(item["n"])}

def run(**more):
    return evaluate(dataset, task, [Equals()], experiment_name="e", task_threads=threads, **more)
"""
PLAIN = COMMON + "run(verbose=0)\nprint('not reached')\n"
AWAITED = COMMON + (
    "asyncio.run(aevaluate(dataset, awaited, [Equals()], experiment_name='e', task_threads=threads, verbose=0))\n"
    "print('not reached')\n"
)
HANDLED = (
    COMMON
    + """
def leave(number, frame):
    print("leave", signal.getsignal(signal.SIGTERM) is leave, flush=True)
    sys.exit(7)
signal.signal(signal.SIGTERM, leave)
run(verbose=0)
"""
)
NOTED = (
    COMMON
    + """
came = []
signal.signal(signal.SIGTERM, lambda number, frame: came.append(number))
try:
    run(verbose=0)
except EvaluationInterrupted as interruption:
    print(len(came), 0 < len(interruption.result.test_results) < 200)
"""
)
IGNORED = (
    COMMON
    + """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(run(verbose=0).complete, signal.getsignal(signal.SIGTERM) is signal.SIG_IGN)
"""
)

PAUSING = """
import os, signal, sys
from opik_resume import connect, create_dataset, evaluate, evaluate_resume
from opik_resume.exceptions import EvaluationInterrupted
from opik_resume.lifecycle.rounds import rule
from opik_resume.metrics import Equals
rule.FIRST_SECONDS = rule.LONGEST_SECONDS = 10_000.0
connect(sys.argv[1])
calls = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
dataset = create_dataset("numbers")
dataset.insert([{"n": n, "reference": str(n)} for n in range(200)])

def task(item):
    if item["n"] < 30:
        raise TimeoutError("no answer")
    os.write(calls, f"answered {item['n']}\\n".encode())
    return {"output": str(item["n"])}

def down(item):
    raise ValueError("down")

def pausing(note):
    try:
        evaluate_resume("e", task, [Equals()], until_complete=True, display="lines")
    except EvaluationInterrupted as interruption:
        result = interruption.result
        print(note, "between two rounds" in str(interruption), len(result.test_results), len(result.failures), flush=True)

came = []
note = lambda number, frame: came.append(number)
signal.signal(signal.SIGTERM, note)
evaluate(dataset, down, [Equals()], experiment_name="e", verbose=0, breaker=None)
pausing("terminated")
print(came == [signal.SIGTERM], signal.getsignal(signal.SIGTERM) is note, flush=True)
pausing("interrupted")
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, flush=True)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
pausing("not reached")
"""


class Script:
    """A script that evaluates, with its own store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database, self.calls = folder / "script.sqlite3", folder / "calls.txt"
        self._started: list[subprocess.Popen[str]] = []

    def start(self, source: str, threads: int = 4) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", source, str(self.database), str(self.calls), str(threads)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._started.append(process)
        return process

    def terminated(self, source: str, threads: int = 4) -> tuple[int, str, str]:
        """How one ends that is told to in its middle: return code, output, errors."""
        process = self.start(source, threads)
        until(lambda: self.count("answered") >= 10, process)
        process.terminate()
        out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out, err

    def count(self, word: str) -> int:
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return sum(line.startswith(word) for line in lines)

    def kill(self) -> None:
        for process in self._started:
            process.kill()
            process.communicate()


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Script]:
    made = Script(tmp_path)
    yield made
    made.kill()


@pytest.fixture
def resumed(script: Script) -> Iterator[Callable[[], int]]:
    """Resumes what is left; returns how many runs it called the task for."""

    def resume() -> int:
        store: Store = connect(script.database)
        found = store.named("e")[0]
        assert store.leases.holder(found.id) is None, "the lease was given back"
        task = CountingTask()
        assert evaluate_resume("e", task, [Equals()], verbose=0, store=store).complete
        return sum(task.calls.values())

    yield resume
    close_all()


@pytest.mark.parametrize(("source", "threads"), [(PLAIN, 4), (PLAIN, 1), (AWAITED, 4)], ids=["4", "1", "awaited"])
def test_it_ends_durably_and_dies_of_the_signal(
    script: Script, resumed: Callable[[], int], source: str, threads: int
) -> None:
    code, out, err = script.terminated(source, threads)
    assert (code, out) == (-signal.SIGTERM, ""), err
    assert script.count("called") < ITEMS
    answered = script.count("answered")
    cut = (
        threads if source is AWAITED or threads == 1 else 0
    )  # coroutines, and the call in the thread that waits, are cut off
    assert ITEMS - answered <= resumed() <= ITEMS - answered + cut, "nothing is paid twice"


def test_a_handler_of_the_program_is_called_afterwards_and_decides(script: Script, resumed: Callable[[], int]) -> None:
    assert script.terminated(HANDLED)[:2] == (7, "leave True\n")
    assert resumed() == ITEMS - script.count("answered")


def test_one_that_only_notes_it_finds_the_result_of_what_there_is(script: Script) -> None:
    assert script.terminated(NOTED)[:2] == (0, "1 True\n")


def test_who_ignores_it_is_not_stopped(script: Script) -> None:
    assert script.terminated(IGNORED)[:2] == (0, "True True\n")


def test_a_pause_between_two_rounds_ends_at_once(script: Script, resumed: Callable[[], int]) -> None:
    process = script.start(PAUSING)
    assert process.stderr is not None
    assert process.stdout is not None
    for sent in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        while "for 30 runs that timed out (round 2)" not in (line := process.stderr.readline()):
            assert line, "it never came to a pause"
        process.send_signal(sent)
    out, err = process.communicate(timeout=PATIENCE)
    told = ["terminated True 170 30", "True True", "interrupted True 170 30", "True"]
    assert (process.returncode, out.splitlines()) == (-signal.SIGTERM, told), err
    assert script.count("answered") == 170
    assert resumed() == 30, "what is done is recorded, and the lease was given back"


SHOWN = COMMON + "run(cost=lambda item, output: 0.001, max_runs=50)\n"


def test_a_terminal_shows_one_line(script: Script) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 160))
    command = [sys.executable, "-c", SHOWN, str(script.database), str(script.calls), "4"]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        text = everything(ours)
        assert process.wait(PATIENCE) == 0
    drawn = [part for part in text.replace("\n", "\r").split("\r") if part.startswith("e: ")]
    bars = [part for part in drawn if "%|" in part]
    assert len(bars) > 3
    assert "25%|" in bars[-1]
    assert "50/200" in bars[-1]
    assert "$0.05" in bars[-1]
    assert "run/s" in bars[-1]
    assert text.count("\n", 0, text.rindex("%|")) == 0, "all of it on one line"


def test_a_pipe_gets_lines(script: Script) -> None:
    process = script.start(SHOWN)
    _, err = process.communicate(timeout=PATIENCE)
    assert err.startswith("e: 50 of 200 runs, $0.05, in ")
    assert "\r" not in err


def everything(terminal: int) -> str:
    """All that comes out of it until nobody writes to it any more."""
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux says so when the last writer has left
            break
        if not part:
            break
        parts.append(part)
    os.close(terminal)
    return b"".join(parts).decode()
