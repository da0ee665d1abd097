"""What runs cost, as a callable of their user says. It never fails a run: what it cannot tell is noted, and said once."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

from opik_resume.base.records import Json
from opik_resume.base.text.tracebacks import in_words
from opik_resume.metrics.scoring import Call

Cost = Callable[[Json, Json], Any]
"""Of an item's dict and what the task returned for it: US dollars."""


class Costs:
    """The costs of one run's cells. Safe to use from any thread.

    Args:
        cost: the callable; None knows no cost of anything.
        call: how it is called.
    """

    def __init__(self, cost: Cost | None, call: Call) -> None:
        self._cost = cost
        self._call = call
        self._lock = threading.Lock()
        self._untold = 0
        self._problem = ""

    def of(self, item: Json, output: Json) -> tuple[float | None, tuple[str, ...]]:
        """The cost of one run in US dollars, or None and a note that says why."""
        if self._cost is None:
            return None, ()
        try:
            return _checked(self._call(self._cost, item, output)), ()
        except BaseException as error:  # of the user's code, whatever it is: the run is paid for, and is kept
            problem = in_words(error).partition("\n")[0][:200]
        self.note(problem)
        return None, (f"cost() could not tell what this run cost: {problem}",)

    def note(self, problem: str) -> None:
        """The cost of one run could not be told, because of this."""
        with self._lock:
            self._untold += 1
            self._problem = self._problem or problem

    @property
    def problem(self) -> str | None:
        """The first one."""
        return self._problem or None

    @property
    def sentences(self) -> list[str]:
        """One, if it could not tell the cost of some runs."""
        if not self._untold:
            return []
        runs = "1 run has" if self._untold == 1 else f"{self._untold:,} runs have"
        return [f"{runs} no cost, in no sum and not in max_cost either, because cost() failed: {self._problem}"]


def _checked(told: Any) -> float:
    """A number, numpy's too. Raises ValueError for anything else, and for what no cost can be."""
    number = math.nan if isinstance(told, (str, bytes, bool)) or told is None else float(told)
    if not math.isfinite(number) or number < 0:
        raise ValueError(f"it returned {repr(told)[:80]}, not a number of US dollars of 0 or more")
    return number
