"""What a program does in these tests, be it the real ``opik`` package or ours: the same evaluations, the same ends.

Every call is one line of a file that outlives the process, in one write: word, evaluation, item.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import types
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.interchange.cases import CASES, DRAWN, LAST_TURN, SAMPLES, SEED, SOME, TRIALS, Case, is_bad

COSTLY = 0.02
"""Seconds of a run that somebody would mind to lose: ours waits for the disk only after those that take some time."""


@dataclass(frozen=True)
class Program:
    """The names that both programs have, and what differs in handling them."""

    evaluate: Any
    evaluate_resume: Any
    base_metric: Any
    score_result: Any
    sampler: Any
    dataset: Any
    flush: Callable[[], object]
    after_ctrl_c: Callable[[threading.Event], object]


class Notes:
    """The file of calls."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, word: str, evaluation: str, n: int) -> None:
        os.write(self._file, f"{word}\t{evaluation}\t{n}\n".encode())

    def numbers(self, word: str, evaluation: str) -> Counter[int]:
        """The items that were noted with this word, as often as they were."""
        lines = [line.split("\t") for line in self._path.read_text().splitlines()]
        return Counter(int(n) for noted, of, n in lines if (noted, of) == (word, evaluation))


class Task:
    """Answers with the item's number, unless something goes wrong first.

    What goes wrong is told the item, how often the task was called for it, and how often at all.
    """

    def __init__(self, evaluation: str, notes: Notes, goes_wrong: GoesWrong | None = None) -> None:
        self.gate = threading.Event()
        self._evaluation = evaluation
        self._notes = notes
        self._goes_wrong = goes_wrong
        self._calls: Counter[int] = Counter()
        self._lock = threading.Lock()

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        n = item["n"]
        with self._lock:
            self._calls[n] += 1
            call, calls = self._calls[n], self._calls.total()
        self._notes.write("called", self._evaluation, n)
        if self._goes_wrong is not None:
            self._goes_wrong(self, n, call, calls)
        return {"output": f"{n}, call {call}"}

    def wait(self, n: int) -> None:
        """Work on, until somebody ends it."""
        self._notes.write("waiting", self._evaluation, n)
        assert self.gate.wait(600), "nobody came"


GoesWrong = Callable[[Task, int, int, int], object]


def raises(task: Task, n: int, call: int, calls: int) -> None:
    if is_bad(n) or (n % 3 == 2 and call == 1):  # of some items one trial only
        raise RuntimeError("no answer")


def waits_once(task: Task, n: int, call: int, calls: int) -> None:
    if calls == 2:
        task.wait(n)


def waits_after(returning: int) -> GoesWrong:
    def waits(task: Task, n: int, call: int, calls: int) -> None:
        if calls > returning:
            task.wait(n)
        time.sleep(COSTLY)  # it is durable before its worker goes on and waits

    return waits


def exits_after(returning: int) -> GoesWrong:
    def exits(task: Task, n: int, call: int, calls: int) -> None:
        time.sleep(COSTLY)
        if calls > returning:
            os._exit(137)

    return exits


def raises_in_turns(task: Task, n: int, call: int, calls: int) -> None:
    """Of an even item all but the first call, of an odd one the first."""
    if (call > 1) == (n % 2 == 0):
        raise RuntimeError("not in this turn")


def end_of(case: Case) -> GoesWrong | None:
    """What goes wrong in the task for an evaluation to end as the case says."""
    waits = waits_after(case.returning)
    return {
        "task raised": raises,
        "SIGKILL": waits,
        "SIGKILL, links under way": waits,
        "Ctrl-C": waits,
        "Ctrl-C, one thread": waits_once,
        "out of memory": exits_after(case.returning),
    }.get(case.death)


def metrics(program: Program, evaluation: str, notes: Notes, death: str = "") -> list[Any]:
    """Three metrics; one goes wrong on the bad items of evaluations that end in scoring."""

    def equal(self: Any, output: str, reference: str, **_: Any) -> Any:
        notes.write("equal", evaluation, int(reference))
        return program.score_result("equal", float(output.startswith(reference)), reason="compared")

    def shaky(self: Any, output: str, n: int, **_: Any) -> Any:
        notes.write("shaky", evaluation, n)
        if death == "metric raised" and is_bad(n):
            raise ValueError("not today")
        return program.score_result("shaky", 0.5)

    def needy(self: Any, output: str, n: int, context: str, **_: Any) -> Any:
        notes.write("needy", evaluation, n)
        return program.score_result("needy", 1.0)

    def mended(self: Any, output: str, n: int, context: str = "unknown", **_: Any) -> Any:
        return needy(self, output, n, context)

    scores: dict[str, Callable[..., Any]] = {
        "equal": equal,
        "shaky": shaky,
        "needy": needy if death.startswith("argument") else mended,
    }
    return [_metric(program, name, score) for name, score in scores.items()]


def _metric(program: Program, name: str, score: Callable[..., Any]) -> Any:
    return types.new_class(name.title(), (program.base_metric,), {}, lambda body: body.update(score=score))(name)


def options(program: Program, case: Case) -> dict[str, Any]:
    """The arguments of ``evaluate`` that choose the runs."""
    ids = [item["id"] for item in program.dataset.get_items() if item["n"] in SOME]  # newest first
    known: dict[str, dict[str, Any]] = {
        "trials": {"trial_count": TRIALS},
        "filter": {"dataset_filter_string": 'data.parity = "odd"'},
        "samples": {"nb_samples": SAMPLES},
        "sampler": {"dataset_sampler": program.sampler(max_samples=DRAWN, seed=SEED)},
        "ids": {"dataset_item_ids": ids},
        "words": {"dataset_filter_string": 'data.parity != "größer als „3“ \\ 4"'},
    }
    return {name: value for option in case.options for name, value in known[option].items()}


def evaluate(program: Program, notes: Notes, name: str) -> None:
    """The evaluation of that case, to its end."""
    case = CASES[name]
    task, raised = Task(case.name, notes, end_of(case)), None
    quiet: dict[str, Any] = {"verbose": 0, "task_threads": case.threads, "error_tolerance": case.tolerance}
    scoring = metrics(program, case.name, notes, case.death)
    try:
        program.evaluate(program.dataset, task, scoring, experiment_name=case.name, **quiet, **options(program, case))
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # pressed often enough
        notes.write("interrupted", case.name, 0)
        program.after_ctrl_c(task.gate)
    except Exception as error:
        raised = type(error).__name__
    print(json.dumps([case.name, raised]), flush=True)


def resume(program: Program, notes: Notes, name: str, experiment_id: str) -> None:
    """A resume in which nothing goes wrong, noted as such."""
    noted = f"{name}; resumed"
    scoring = metrics(program, noted, notes)
    result = program.evaluate_resume(experiment_id, Task(noted, notes), scoring, verbose=0)
    print(json.dumps([name, len(result.test_results)]), flush=True)


def halt(program: Program, notes: Notes, name: str, experiment_id: str) -> None:
    """A resume that waits to be killed after two of its runs."""
    noted = f"{name}; halted"
    task = Task(noted, notes, waits_after(2))
    program.evaluate_resume(experiment_id, task, metrics(program, noted, notes), verbose=0, task_threads=2)


def turn(program: Program, notes: Notes, number: str, name: str, experiment_id: str) -> None:
    """One program's turn at an experiment; the first makes it, and in all but the last some runs fail."""
    noted = f"{name}; turn {number}"
    task = Task(noted, notes, raises_in_turns if int(number) < LAST_TURN else None)
    scoring = metrics(program, noted, notes)
    how = {"trial_count": LAST_TURN + 1, "nb_samples": SAMPLES, "experiment_name": name}
    try:
        if experiment_id == "new":
            program.evaluate(program.dataset, task, scoring, verbose=0, **how)
        else:
            program.evaluate_resume(experiment_id, task, scoring, verbose=0)
    except RuntimeError as error:
        print(name, error, file=sys.stderr)


DOORS: dict[str, Callable[..., None]] = {"evaluate": evaluate, "resume": resume, "halt": halt, "turn": turn}
WORDS = {"evaluate": 1, "resume": 2, "halt": 2, "turn": 3}  # that each call of a door takes


def play(program: Program, door: str, calls: str, *which: str) -> None:
    """``evaluate CALLS CASE…``, ``resume CALLS NAME ID…``, ``halt CALLS NAME ID``, ``turn CALLS NUMBER NAME ID…``."""
    notes = Notes(Path(calls))
    for words in zip(*[iter(which)] * WORDS[door], strict=True):
        DOORS[door](program, notes, *words)
    program.flush()
