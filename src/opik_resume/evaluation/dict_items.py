"""``evaluate_on_dict_items``: a task on plain dicts, scored at once, without dataset, experiment or store."""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opik_resume.base.ids import new_id
from opik_resume.base.process import hosts
from opik_resume.base.process.doors import caller, door
from opik_resume.base.records import Attempt, CellKey, Item, Json, utc_now
from opik_resume.base.text import redaction
from opik_resume.engine.backends import Awaiter
from opik_resume.engine.calling import Calls
from opik_resume.engine.cells.cell import CellWork
from opik_resume.engine.events import RunFinished
from opik_resume.engine.workers import start_workers
from opik_resume.evaluation import arguments
from opik_resume.exceptions import ArgumentError
from opik_resume.experiment.results.evaluation_result import EvaluationResultOnDictItems
from opik_resume.experiment.results.test_results import TestCase, TestResult
from opik_resume.lifecycle.display.choosing import chosen
from opik_resume.lifecycle.display.watching import Progress, drawn, progress_of
from opik_resume.lifecycle.wait import raise_with

if TYPE_CHECKING:
    from opik_resume.engine import Callables
    from opik_resume.engine.cells.cell import Task
    from opik_resume.metrics.base import Metric
    from opik_resume.metrics.scoring import KeyMapping

    Functions = Sequence[Callable[..., Any]]

logger = redaction.logger("opik_resume")


@door
def evaluate_on_dict_items(
    items: list[Json],
    task: Task,
    scoring_metrics: Sequence[Metric] | None = None,
    scoring_functions: Functions | None = None,
    project_name: str | None = None,
    verbose: int = 0,
    scoring_key_mapping: KeyMapping | None = None,
    scoring_threads: int = 16,
) -> EvaluationResultOnDictItems:
    """Run a task on dicts and score what it returns. Nothing is recorded, so there is nothing to resume.

    Args:
        items: what the task is given, one dict a run, each with an ``id`` beside its own keys (``temp_item_0``, …).
        task, scoring_metrics, scoring_functions, scoring_key_mapping: as in ``evaluate``. Without metrics nothing is run.
        project_name: accepted for compatibility with Opik: no traces are sent of these runs.
        verbose: 1 shows a progress bar.
        scoring_threads: how many runs go on at a time.

    Returns:
        The results, in the order of the items.

    Raises:
        ArgumentError: an argument cannot be used.
        Exception: the first that a task or the scoring raised, in the order of the items, after all have been run. Its
            ``.result`` has the results of the others.
    """
    callables = arguments.callables(
        task, scoring_metrics, scoring_functions, scoring_key_mapping, scoring_threads, None
    )
    listed = _checked(items)
    arguments.text("project_name", project_name)
    if not callables.scoring_metrics:
        logger.warning("evaluate_on_dict_items(): no metrics were given, so nothing was run.")
        return EvaluationResultOnDictItems([])
    kind = chosen("auto", verbose, hosts.place())  # a grid is of experiments
    with drawn(progress_of("Evaluation", len(listed), kind)) as progress:
        batch = _Batch(listed, callables, progress)
        batch.run()
    return batch.outcome()


def _checked(items: Any) -> list[Item]:
    if not isinstance(items, Iterable) or isinstance(items, (str, Mapping)):
        raise ArgumentError(f"items must be a list of dicts, got {type(items).__name__}")
    listed = list(items)
    for position, item in enumerate(listed):
        if not isinstance(item, Mapping):
            raise ArgumentError(f"items[{position}] must be a dict, got {type(item).__name__}")
    return [Item(f"temp_item_{position}", dict(item)) for position, item in enumerate(listed)]


class _Batch:
    """One call: the items that are left, and what came of the others."""

    def __init__(self, items: list[Item], callables: Callables, progress: Progress) -> None:
        self._items = items
        self._left = deque(range(len(items)))
        self._attempts: dict[int, Attempt] = {}
        self._progress = progress
        self._telling = threading.Lock()
        self._idle = threading.Event()
        self._awaiter = Awaiter()
        self._calls = Calls(self._awaiter)
        self._threads = min(callables.task_threads, len(items))
        self._context = contextvars.copy_context()
        self._work = CellWork(
            callables.task,
            callables.scoring_metrics,
            callables.scoring_key_mapping,
            self._calls,
            on_error=self._calls.note,
        )
        if callables.task_threads == 1:
            self._calls.elsewhere = caller().call

    def run(self) -> None:
        """Work on all of them, unless the caller leaves."""
        caller().when_left(self._stop)
        if not self._items:
            return
        start_workers(self._threads, self._take, self._idle.set)
        while not self._idle.wait(self._progress.seconds):
            self._progress.tick()

    def outcome(self) -> EvaluationResultOnDictItems:
        """The results. Raises what the first failing item raised."""
        complete = (position for position, attempt in self._attempts.items() if attempt.complete)
        result = EvaluationResultOnDictItems([self._result(position) for position in sorted(complete)])
        if (error := self._calls.first_error) is not None:
            raise_with(error, result)
        return result

    def _stop(self) -> None:
        self._left.clear()
        self._awaiter.cancel()
        self._idle.set()

    def _take(self) -> None:
        while True:
            try:
                position = self._left.popleft()
            except IndexError:
                return
            item = self._items[position]
            key = CellKey(item.id, 0)
            self._calls.began(position, key)
            start = Attempt(new_id(), "", item.id, 0, started_at=utc_now())
            attempt = self._attempts[position] = self._context.copy().run(self._work.run, start, item)
            self._calls.ended(key)
            with self._telling:
                self._progress(RunFinished(key, attempt))

    def _result(self, position: int) -> TestResult:
        attempt, item = self._attempts[position], self._items[position]
        case = TestCase(attempt.id, item.id, attempt.task_output or {}, item.content)
        return TestResult(case, list(attempt.scores), 0, attempt.task_seconds, attempt.scoring_seconds)
