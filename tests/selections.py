"""An experiment that lacks things in many ways, and what selections of them mean: the same table at every door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opik_resume import ScoreResult, evaluate
from opik_resume.base.records import Json
from opik_resume.experiment.planning.choosing import Only
from opik_resume.metrics import BaseMetric
from opik_resume.stores.protocol import Store
from tests.builders import numbers

Cells = set[tuple[int, int]]
"""The number of an item, and a trial."""
ITEMS, TRIALS = 7, 2
NEVER, LIMITED, UNSCORED, JUDGED, SLOW = range(5)  # the others are complete


class RateLimitError(Exception):
    """As providers call it."""


class Task:
    """Fails as the number of its item says, until it is mended; counts its calls."""

    def __init__(self, *, mended: bool = False) -> None:
        self.mended = mended
        self.calls: Counter[int] = Counter()

    def __call__(self, item: Json) -> Json:
        n = item["n"]
        self.calls[n] += 1
        if self.mended:
            return {"output": str(n), "low": 1}
        if n == LIMITED:
            raise RateLimitError(f"Limit 100, used {100 + self.calls.total()}, request req_{self.calls[n]}f3a9c1b7")
        if n == SLOW and self.calls[n] == TRIALS:
            raise TimeoutError("no answer in 30 s")
        return {"output": "" if n == JUDGED else str(n), **({} if n == UNSCORED else {"low": 1})}


class Judge(BaseMetric):
    """Divides by zero where there is no output, until it is mended."""

    def __init__(self, *, mended: bool = False) -> None:
        super().__init__(name="judge")
        self._least = int(mended)

    def score(self, output: str, low: int, **_ignored: Any) -> ScoreResult:
        return ScoreResult(self.name, low / max(self._least, len(output)))


JUDGE, MENDED = Judge(), Judge(mended=True)
PATTERN = "RateLimitError: Limit <number>, used <number>, request req_<id>"


def lacking(store: Store, name: str = "e") -> dict[int, str]:
    """Make that experiment; returns the ids of its items by their numbers."""
    dataset = numbers(store, ITEMS, f"data of {name}")
    most = (ITEMS - 1) * TRIALS  # the newest items come first
    evaluate(
        dataset, Task(), [JUDGE], experiment_name=name, trial_count=TRIALS, task_threads=1, verbose=0, breaker=None, adaptive=False,
        max_runs=most,
    )  # fmt: skip
    return {item["n"]: item["id"] for item in dataset.get_items()}


def both(*numbers: int) -> Cells:
    return {(n, trial) for n in numbers for trial in range(TRIALS)}


LATE = {(SLOW, 1)}
MISSING = both(NEVER, LIMITED, UNSCORED, JUDGED) | LATE


@dataclass(frozen=True)
class Selection:
    """What may be said, given the ids of the items, and the cells that it means."""

    said: Callable[[dict[int, str]], Only]
    meant: Cells


SELECTIONS = {
    "two states": Selection(lambda ids: "failed", both(LIMITED, UNSCORED) | LATE),
    "a state": Selection(lambda ids: "task_failed", both(LIMITED) | LATE),
    "what never ran": Selection(lambda ids: "never_run", both(NEVER)),
    "missing scores": Selection(lambda ids: "scores_missing", both(JUDGED)),
    "an exception": Selection(lambda ids: "TimeoutError", LATE),
    "exceptions": Selection(lambda ids: "*Error", both(LIMITED, JUDGED) | LATE),
    "a group": Selection(lambda ids: PATTERN, both(LIMITED)),
    "a group that is no exception": Selection(lambda ids: "never started", both(NEVER)),
    "a metric": Selection(lambda ids: "judge", both(JUDGED)),
    "a union": Selection(lambda ids: ["judge", "Time*", "never_run"], both(JUDGED, NEVER) | LATE),
    "items": Selection(lambda ids: {"items": [ids[NEVER], ids[SLOW]]}, both(NEVER) | LATE),
    "an item": Selection(lambda ids: {"items": ids[JUDGED]}, both(JUDGED)),
    "a trial": Selection(lambda ids: {"trials": 1}, {cell for cell in MISSING if cell[1] == 1}),
    "cells": Selection(lambda ids: {"cells": [(ids[NEVER], 1), (ids[SLOW], 1)]}, {(NEVER, 1), (SLOW, 1)}),
    "an intersection": Selection(lambda ids: {"states": "failed", "trials": [0]}, {(LIMITED, 0), (UNSCORED, 0)}),
    "metrics and exceptions": Selection(lambda ids: {"metrics": ["judge"], "exceptions": "Zero*"}, both(JUDGED)),
    "a union with an intersection": Selection(
        lambda ids: ["TimeoutError", {"items": [ids[LIMITED]], "trials": 1}], LATE | {(LIMITED, 1)}
    ),
    "groups": Selection(lambda ids: {"groups": [PATTERN, "never started"]}, both(LIMITED, NEVER)),
}
