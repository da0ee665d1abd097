"""Small makers of the nouns, for tests: only what a test cares about is named in it."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from opik_resume import create_dataset
from opik_resume.base.ids import new_id
from opik_resume.base.records import Attempt, ErrorInfo, Json, ScoreResult
from opik_resume.datasets import Dataset
from opik_resume.stores.file.database import Database
from opik_resume.stores.protocol import Store

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
BOOM = ErrorInfo("ValueError", "boom", "Traceback (most recent call last):\nValueError: boom\n")


def attempt(item_id: str = "item", trial: int | None = 0, **fields: Any) -> Attempt:
    """An attempt with a fresh id, later than all before it; interrupted unless the fields say more."""
    fields.setdefault("id", new_id())
    fields.setdefault("experiment_id", "experiment")
    return Attempt(item_id=item_id, trial=trial, started_at=NOON, **fields)


def complete(item_id: str = "item", trial: int | None = 0, **fields: Any) -> Attempt:
    """A complete attempt that took two seconds."""
    ended = {
        "returned": True,
        "complete": True,
        "task_output": {"output": "x"},
        "ended_at": NOON + timedelta(seconds=2),
    }
    return attempt(item_id, trial, **{**ended, **fields})


def failed(item_id: str = "item", trial: int | None = 0, **fields: Any) -> Attempt:
    """An attempt whose task raised."""
    return attempt(item_id, trial, **{"error": BOOM, "ended_at": NOON, **fields})


def failed_score(name: str = "judge") -> ScoreResult:
    return ScoreResult(name, 0.0, reason="ValueError: boom", scoring_failed=True)


def numbers(store: Store, count: int, name: str = "numbers") -> Dataset:
    """A dataset of ``count`` items, ``{"n": 0, "reference": "0"}`` and so on."""
    dataset = create_dataset(name, store=store)
    dataset.insert({"n": n, "reference": str(n)} for n in range(count))
    return dataset


@contextmanager
def held(database: Database) -> Iterator[None]:
    """What is written within commits together, at the end."""
    held, released = threading.Event(), threading.Event()

    def hold(db: sqlite3.Connection) -> None:
        held.set()
        released.wait(10)

    holding = threading.Thread(target=database.write, args=(hold,))
    holding.start()
    held.wait(10)
    try:
        yield
    finally:
        released.set()
        holding.join()


class CountingTask:
    """A task that answers with the item's number and counts its calls; ``fail`` decides which calls raise."""

    def __init__(self, fail: Any = lambda item, call: False) -> None:
        self.calls: Counter[int] = Counter()
        self._fail = fail
        self._lock = threading.Lock()

    def __call__(self, item: Json) -> Json:
        with self._lock:
            self.calls[item["n"]] += 1
            call = self.calls[item["n"]]
        if self._fail(item, call):
            raise RuntimeError(f"no answer for {item['n']}")
        return {"output": str(item["n"])}

    @property
    def total(self) -> int:
        return self.calls.total()
