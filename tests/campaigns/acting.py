"""A task and a metric that tell a file what they did, and do at some of their calls what they are told to."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from opik_resume.base.records import ScoreResult
from opik_resume.engine.recording.recorder import QUICK_SECONDS
from opik_resume.metrics import BaseMetric

Act = Callable[[dict[str, Any]], object]


class Late:
    """The first call for each of these items comes to nothing, as a server's time-out does."""

    def __init__(self, items: frozenset[int]) -> None:
        self._items = set(items)
        self._lock = threading.Lock()

    def __call__(self, item: int) -> None:
        with self._lock:
            late = item in self._items
            self._items.discard(item)
        if late:
            raise TimeoutError("no answer in time")

    def __reduce__(self) -> Any:
        return Late, (frozenset(self._items),)


class Task:
    """``acts``: what is done at a call, by its number; items in ``failing`` get no answer, those in ``late`` not at first."""

    def __init__(
        self,
        ledger: Path,
        acts: Mapping[int, Act] | None = None,
        failing: frozenset[int] = frozenset(),
        late: frozenset[int] = frozenset(),
    ) -> None:
        self._ledger = ledger
        self._acts = acts or {}
        self._failing = failing
        self._late = Late(late)
        self._calls = count(1)

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        act = self._acts.get(next(self._calls))
        if act is not None:
            act(item)
        time.sleep(1.5 * QUICK_SECONDS)  # as all that costs anything
        return self._answer(item)

    async def awaited(self, item: dict[str, Any]) -> dict[str, Any]:
        """The same as a coroutine."""
        await asyncio.sleep(1.5 * QUICK_SECONDS)
        return self._answer(item)

    def _answer(self, item: dict[str, Any]) -> dict[str, Any]:
        told(self._ledger, "called", item["n"])
        if item["n"] in self._failing:
            raise RuntimeError("no answer")
        self._late(item["n"])
        told(self._ledger, "returned", item["n"])
        return {"output": item["n"]}


class Judge(BaseMetric):
    """The same of its scores."""

    def __init__(self, ledger: Path, failing: frozenset[int] = frozenset(), late: frozenset[int] = frozenset()) -> None:
        super().__init__("judge", track=False)
        self._ledger = ledger
        self._failing = failing
        self._late = Late(late)

    def score(self, n: int, **_: Any) -> ScoreResult:
        if n in self._failing:
            raise ValueError("no judgement")
        self._late(n)
        time.sleep(1.5 * QUICK_SECONDS)
        told(self._ledger, "scored", n)
        return ScoreResult(self.name, 1.0)


def told(ledger: Path, word: str, number: int) -> None:
    with ledger.open("a") as file:
        file.write(f"{word} {number}\n")
