"""One cell: call the task, score its output, and say what came of it as an attempt. Never raises."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from opik_resume import scoring
from opik_resume.exceptions import InvalidTaskOutput
from opik_resume.jsontext import NOT_JSON, to_json
from opik_resume.metrics.base import Metric
from opik_resume.records import Attempt, Item, Json, utc_now

Task = Callable[[Json], Any]
_SHOWN = 2_000  # characters of a refused output that its error message keeps: it was paid for


@dataclass(frozen=True)
class CellWork:
    """How the cells of one run are worked on: the user's callables, and who awaits what they return."""

    task: Task
    metrics: Sequence[Metric]
    mapping: scoring.KeyMapping | None
    resolve: scoring.Resolve

    def run(self, attempt: Attempt, item: Item) -> Attempt:
        """Call the task on ``item`` and score what it returns. ``attempt`` is the start, without an outcome."""
        began = time.perf_counter()
        try:
            output = _checked(self.resolve(self.task(copy.deepcopy(item.content))))
        except BaseException as error:  # of the user's code, whatever it is: it belongs to this cell
            info = scoring.error_info(error)
            return replace(attempt, ended_at=utc_now(), error=info, task_seconds=time.perf_counter() - began)
        seconds = time.perf_counter() - began
        return self._score(replace(attempt, returned=True, task_output=output, task_seconds=seconds), item)

    def _score(self, attempt: Attempt, item: Item) -> Attempt:
        began = time.perf_counter()
        try:
            scores = scoring.score_output(self.metrics, item, attempt.task_output or {}, self.mapping, self.resolve)
        except BaseException as error:
            info = scoring.error_info(error)
            return replace(attempt, ended_at=utc_now(), error=info, scoring_seconds=time.perf_counter() - began)
        seconds = time.perf_counter() - began
        return replace(attempt, ended_at=utc_now(), complete=True, scores=scores, scoring_seconds=seconds)

    def rescore(self, attempt: Attempt, item: Item, names: Collection[str]) -> Attempt:
        """Score a complete attempt again with the metrics of those names; its other scores stay as they are.

        A metric that fails again, or cannot be called, leaves the attempt as it was but for the newer reason.
        """
        metrics = [metric for metric in self.metrics if metric.name in names]
        try:
            fresh = scoring.score_output(metrics, item, attempt.task_output or {}, self.mapping, self.resolve)
        except BaseException as error:
            info = scoring.error_info(error)
            fresh = tuple(scoring.failed_score(metric.name, info) for metric in metrics)
        replaced = {metric.name for metric in metrics}
        kept = tuple(s for s in attempt.scores if not (s.scoring_failed and s.name in replaced))
        return replace(attempt, scores=kept + fresh)


def _checked(output: Any) -> Json:
    if not isinstance(output, dict):
        raise InvalidTaskOutput(
            f"the task returned {_kind(output)}, not a dict: return for example {{'output': …}}. "
            f"It returned: {output!r:.{_SHOWN}}"
        )
    try:
        to_json(output)
    except NOT_JSON as error:
        raise InvalidTaskOutput(
            f"the task returned something that JSON cannot hold ({error}): return strings, finite numbers, lists and "
            f"dicts. It returned: {_shown(output)}"
        ) from error
    return output


def _kind(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _shown(value: Any) -> str:
    try:
        return repr(value)[:_SHOWN]
    except Exception as error:  # a user's __repr__ may raise, and so does a nesting that is too deep
        return f"<cannot be shown: {type(error).__name__}>"
