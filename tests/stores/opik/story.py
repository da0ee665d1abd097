"""Stories of a user on a server, to be told with faults.

What a user does when a cell ends in an error that we document, this one does, too: run the cell again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from opik_resume import create_dataset, evaluate, evaluate_resume, get_or_create_dataset
from opik_resume.base.records import Json, ScoreResult
from opik_resume.base.settings import opik_settings
from opik_resume.datasets import Dataset
from opik_resume.evaluation.pushing import push
from opik_resume.exceptions import ServerError
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.metrics import BaseMetric, Equals
from opik_resume.stores.local import LocalStore
from opik_resume.stores.opik import OpikStore
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask

T = TypeVar("T")
ITEMS, TRIALS = 3, 2
FAILING = {1, 3}  # calls for item 1
CALLS = {0: 2, 1: 4, 2: 2}  # by number of the item: each trial once, and once more for each of two failures

MOST_ERRORS = 1000  # more than there are faults in any story


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
    """What all stories have in common. ``again`` is called before a cell is run again."""

    def __init__(self, url: str, path: Path, again: Callable[[], None]) -> None:
        self.path = path
        self.task = CountingTask(fail=lambda item, call: item["n"] == 1 and call in FAILING)
        self.errors: list[ServerError] = []
        self._again = again
        self._settings = opik_settings(url)
        self._metrics = [Equals(), Judge()]
        self._options: Json = {"task_threads": 1, "verbose": 0}

    def tell(self) -> None:
        raise NotImplementedError

    @property
    def returned(self) -> int:
        """How many calls of the task came to something."""
        failures = sum(self.task.calls[1] >= call for call in FAILING)
        return self.task.total - failures

    def finish(self) -> None:
        """After a restart of the kernel, when nothing is remembered but what is in the local file."""
        with closing(self.connect()) as store:
            assert self.cell(lambda: self.resume(store)).complete

    def connect(self) -> OpikStore:
        store = OpikStore(self._settings, self.path)
        self.cell(store.check)
        return store

    def cell(self, code: Callable[[], T]) -> T:
        while True:
            try:
                return code()
            except ServerError as error:
                self.errors.append(error)
                assert len(self.errors) < MOST_ERRORS, self.errors[-5:]
                self._again()

    def resume(self, store: Store) -> EvaluationResult:
        return evaluate_resume("story", self.task, self._metrics, **self._options, store=store)

    def evaluate(self, dataset: Dataset) -> EvaluationResult:
        return evaluate(dataset, self.task, self._metrics, trial_count=TRIALS, experiment_name="story", **self._options)


class Morning(Story):
    """Connect, make a dataset, evaluate with failures, resume with another, come back and finish."""

    def tell(self) -> None:
        with closing(self.connect()) as store:
            dataset = self.prepare(store)
            self.cell(lambda: self.begin_or_resume(dataset))
            self.cell(lambda: self.resume(store))
        self.finish()

    def prepare(self, store: OpikStore) -> Dataset:
        dataset = self.cell(lambda: self._make(store))
        self.cell(lambda: dataset.insert({"n": n, "reference": str(n)} for n in range(ITEMS - 1)))
        self.cell(lambda: dataset.insert([{"n": ITEMS - 1, "reference": str(ITEMS - 1)}]))
        return dataset

    def _make(self, store: OpikStore) -> Dataset:
        return (get_or_create_dataset if self.errors else create_dataset)("numbers", store=store)

    def begin_or_resume(self, dataset: Dataset) -> EvaluationResult:
        """A first evaluation, or the resume of one that broke before it could return."""
        return self.resume(dataset.store) if dataset.store.named("story") else self.evaluate(dataset)


class Pushed(Story):
    """An experiment with failures in the embedded store, on a dataset of three versions, is pushed and finished there."""

    def tell(self) -> None:
        with closing(LocalStore(self.path.with_suffix(".embedded"))) as local:
            self.evaluate(self._dataset(local))
            with closing(self.connect()) as store:
                self.cell(lambda: push("story", store, store=local))
                self.cell(lambda: self.resume(store))
        self.finish()

    def _dataset(self, local: LocalStore) -> Dataset:
        dataset = create_dataset("numbers", store=local)
        dataset.insert({"n": n, "reference": str(n)} for n in range(ITEMS + 1))
        newest, *_ = dataset.get_items()
        dataset.update([{**newest, "reference": "of old"}])
        dataset.delete([newest["id"]])
        return dataset
