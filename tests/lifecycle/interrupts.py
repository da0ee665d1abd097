"""Evaluations in a process of its own, each cut off by a signal in some microsecond, then finished. Never hangs: it dies.

python -m tests.lifecycle.interrupts FOLDER ROUNDS SEED ITEMS SIGNALS

Each round interrupts its evaluation up to SIGNALS times, at random. A line for each round tells what came of it, and
for each thing that must not be, a line begins with "wrong".
"""

from __future__ import annotations

import faulthandler
import random
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from opik_resume import (
    close_experiment,
    connect,
    evaluate,
    evaluate_resume,
    get_or_create_dataset,
    plan_resume,
    reopen_experiment,
)
from opik_resume.exceptions import EvaluationInterrupted, ExperimentNotFound, ExperimentNotResumable
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.metrics import Equals
from opik_resume.stores.protocol import Store
from tests.waiting import soon

HUNG_SECONDS = 60.0


class Round:
    """One evaluation that is interrupted, and its resume."""

    def __init__(self, number: int, store: Store, dice: random.Random, items: int, signals: int) -> None:
        self.name = f"e{number}"
        self.answered: Counter[int] = Counter()
        self._store, self._dice, self._items, self._left = store, dice, items, signals
        self._threads = dice.choice((1, 4))

    def task(self, item: dict[str, Any]) -> dict[str, Any]:
        answer = {"output": str(item["n"])}
        self.answered[item["n"]] += 1
        return answer

    def run(self, longest: float) -> str:
        outcome = self.interrupted(longest)
        try:
            stored = self._store.named(self.name)
            if not stored:
                return outcome if not self.answered else f"wrong: answers without an experiment, {outcome}"
            before = self.answered.total()
            result = self.resumed()
        except ExperimentNotFound:
            return outcome
        twice = self.answered.total() - self._items
        if not result.complete:
            return f"wrong: {result.headline}, {outcome}"
        if twice > (self._threads == 1):  # the running one is interrupted, and called again
            return f"wrong: {twice} of {before} called again, {outcome}"
        if not soon(lambda: self._store.leases.holder(result.experiment_id) is None, HUNG_SECONDS / 2):
            return f"wrong: the lease is held, {outcome}"
        return outcome

    def resumed(self) -> EvaluationResult:
        try:
            return evaluate_resume(self.name, self.task, [Equals()], verbose=0, store=self._store)
        except ExperimentNotResumable:  # closed, and whoever interrupted that twice did not wait for it
            reopen_experiment(self.name, store=self._store)
            return evaluate_resume(self.name, self.task, [Equals()], verbose=0, store=self._store)

    def interrupted(self, longest: float) -> str:
        """What the evaluation ended with."""
        signal.signal(signal.SIGALRM, self._interrupt)
        outcome = "interrupted before it began"
        try:
            try:
                signal.setitimer(signal.ITIMER_REAL, self._dice.uniform(1e-6, longest))
                evaluate(
                    get_or_create_dataset("numbers", store=self._store),
                    self.task,
                    [Equals()],
                    experiment_name=self.name,
                    task_threads=self._threads,
                    verbose=0,
                )
                outcome = "finished"
                plan_resume(self.name, store=self._store)
                if self._dice.random() < 0.1:
                    close_experiment(self.name, store=self._store)
                    outcome = "closed"
            except EvaluationInterrupted as stopped:
                outcome = (
                    f"{type(stopped).__name__} with {(len(stopped.result.test_results) and 'some') or 'no'} results"
                )
            except KeyboardInterrupt:
                outcome = "KeyboardInterrupt"
            finally:
                self._left = 0
                signal.setitimer(signal.ITIMER_REAL, 0)
        except KeyboardInterrupt:  # a late one
            outcome += ", twice"
        return outcome

    def _interrupt(self, *_: object) -> None:
        if self._left > 0:
            self._left -= 1
            signal.setitimer(signal.ITIMER_REAL, self._dice.uniform(1e-6, 1e-3))
            raise KeyboardInterrupt


def main(folder: str, rounds: str, seed: str, items: str, signals: str) -> None:
    store = connect(Path(folder) / "store.sqlite3")
    get_or_create_dataset("numbers").insert({"n": n, "reference": str(n)} for n in range(int(items)))
    dice = random.Random(int(seed))
    began = time.monotonic()
    Round(-1, store, dice, int(items), 0).run(1.0)
    longest = (time.monotonic() - began) / 2
    for number in range(int(rounds)):
        faulthandler.dump_traceback_later(HUNG_SECONDS, exit=True)
        print(Round(number, store, dice, int(items), int(signals)).run(longest), flush=True)
        faulthandler.cancel_dump_traceback_later()
    if not soon(lambda: not workers(), HUNG_SECONDS / 2):
        print("wrong: workers are left")


def workers() -> list[str]:
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith(("opik-resume-worker", "opik-resume-keeper", "opik-resume-door"))]


if __name__ == "__main__":
    main(*sys.argv[1:])
