"""A user's morning on a server: connect, make a dataset, evaluate with failures, resume, come back and finish.

What a user does when a cell ends in an error that we document, this one does, too: run the cell again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from opik_resume import create_dataset, evaluate, evaluate_resume, get_or_create_dataset
from opik_resume.datasets import Dataset
from opik_resume.exceptions import ServerError
from opik_resume.metrics import BaseMetric, Equals
from opik_resume.records import Json, ScoreResult
from opik_resume.results import EvaluationResult
from opik_resume.settings import opik_settings
from opik_resume.stores.opik import OpikStore
from tests.builders import CountingTask

T = TypeVar("T")
ITEMS, TRIALS = 3, 2
CALLS = {0: 2, 1: 4, 2: 2}  # by number of the item: each trial once, and once more for each of two failures


class Judge(BaseMetric):
    """Raises at its first call, so that a resume has a score to repair."""

    def __init__(self) -> None:
        super().__init__("judge")
        self.calls = 0

    def score(self, output: str, **_: Any) -> ScoreResult:
        self.calls += 1
        if self.calls == 1:
            raise ValueError("no judgement today")
        return ScoreResult(self.name, 0.5, "so so")


class Story:
    """``again`` is called before a cell is run again; without it an error is the end of the story."""

    def __init__(self, url: str, path: Path, again: Callable[[], None] | None = None) -> None:
        self.task = CountingTask(fail=lambda item, call: item["n"] == 1 and call in {1, 3})
        self.errors: list[ServerError] = []
        self._again = again
        self._settings = opik_settings(url)
        self._path = path
        self._metrics = [Equals(), Judge()]

    def tell(self) -> None:
        with closing(self._connect()) as store:
            dataset = self._cell(lambda: self._make(store))
            self._cell(lambda: dataset.insert({"n": n, "reference": str(n)} for n in range(ITEMS - 1)))
            self._cell(lambda: dataset.insert([{"n": ITEMS - 1, "reference": str(ITEMS - 1)}]))
            self._cell(lambda: self._evaluate(dataset, store))
            self._cell(lambda: self._resume(store))
        self.finish()

    def finish(self) -> None:
        """After a restart of the kernel nothing is remembered but what is in the local file."""
        with closing(self._connect()) as store:
            assert self._cell(lambda: self._resume(store)).complete

    def _connect(self) -> OpikStore:
        store = OpikStore(self._settings, self._path)
        self._cell(store.check)
        return store

    def _cell(self, code: Callable[[], T]) -> T:
        try:
            return code()
        except ServerError as error:
            self.errors.append(error)
            if self._again is None:
                raise
            self._again()
            return self._cell(code)

    def _make(self, store: OpikStore) -> Dataset:
        return (get_or_create_dataset if self.errors else create_dataset)("numbers", store=store)

    def _evaluate(self, dataset: Dataset, store: OpikStore) -> EvaluationResult:
        """A first evaluation, or the resume of one that broke before it could return."""
        if self.errors and store.named("story"):
            return self._resume(store)
        options: Json = {"trial_count": TRIALS, "task_threads": 1, "verbose": 0, "experiment_name": "story"}
        return evaluate(dataset, self.task, self._metrics, **options)

    def _resume(self, store: OpikStore) -> EvaluationResult:
        return evaluate_resume("story", self.task, self._metrics, verbose=0, task_threads=1, store=store)
