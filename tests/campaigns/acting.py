"""A task and a metric that tell a file what they did, and do at some of their calls what they are told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from opik_resume.base.records import ScoreResult
from opik_resume.engine.recording.recorder import QUICK_SECONDS
from opik_resume.metrics import BaseMetric

Act = Callable[[dict[str, Any]], object]


class Task:
    """``acts``: what is done at a call, by its number; items in ``failing`` get no answer."""

    def __init__(self, ledger: Path, acts: Mapping[int, Act], failing: frozenset[int] = frozenset()) -> None:
        self._ledger = ledger
        self._acts = acts
        self._failing = failing
        self._calls = 0
        self._lock = threading.Lock()

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            self._calls += 1
            act = self._acts.get(self._calls)
        if act is not None:
            act(item)
        time.sleep(1.5 * QUICK_SECONDS)  # as all that costs anything
        if item["n"] in self._failing:
            raise RuntimeError("no answer")
        told(self._ledger, "returned", item["n"])
        return {"output": item["n"]}


class Judge(BaseMetric):
    def __init__(self, ledger: Path, failing: frozenset[int] = frozenset()) -> None:
        super().__init__("judge")
        self._ledger = ledger
        self._failing = failing

    def score(self, n: int, **_: Any) -> ScoreResult:
        if n in self._failing:
            raise ValueError("no judgement")
        time.sleep(1.5 * QUICK_SECONDS)
        told(self._ledger, "scored", n)
        return ScoreResult(self.name, 1.0)


def told(ledger: Path, word: str, number: int) -> None:
    with ledger.open("a") as file:
        file.write(f"{word} {number}\n")
