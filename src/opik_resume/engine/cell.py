"""One cell: call the task, score its output, and say what came of it as an attempt. Never raises."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from opik_resume.base.jsontext import NOT_JSON, to_json
from opik_resume.base.records import Attempt, CellKey, ErrorInfo, Item, Json, ScoreResult, utc_now
from opik_resume.base.tracebacks import error_info
from opik_resume.engine.tracing import Tracing, Untraced
from opik_resume.exceptions import InvalidTaskOutput
from opik_resume.metrics import scoring
from opik_resume.metrics.base import Metric

Task = Callable[[Json], Any]
_SHOWN = 2_000  # characters of a refused output that its error message keeps: it was paid for


@dataclass(frozen=True)
class CellWork:
    """How the cells of one run are worked on: what is called, who calls it and waits for it, and who traces it."""

    task: Task
    metrics: Sequence[Metric]
    mapping: scoring.KeyMapping | None
    call: scoring.Call
    tolerant: bool = False
    on_error: Callable[[CellKey, BaseException], None] | None = None
    tracing: Tracing = field(default_factory=Untraced)

    def run(self, attempt: Attempt, item: Item) -> Attempt:
        """Call the task on ``item`` and score what it returns. ``attempt`` is the start, without an outcome."""
        began = time.perf_counter()
        try:
            with self.tracing.task(attempt):
                output = _checked(self.call(self.task, _own_copy(item.content)))
        except BaseException as error:  # of the user's code, whatever it is: it belongs to this cell
            seconds = time.perf_counter() - began
            return replace(attempt, ended_at=utc_now(), error=self._told(attempt, error), task_seconds=seconds)
        seconds = time.perf_counter() - began
        return self._score(attempt, item, output, returned=True, task_output=output, task_seconds=seconds)

    def _score(self, attempt: Attempt, item: Item, output: Json, **came: Any) -> Attempt:
        """Score an output. ``came``: what else has come of the attempt."""
        began = time.perf_counter()
        try:
            scores = self._scores(self.metrics, attempt, item, output)
        except BaseException as error:
            came["scoring_seconds"] = time.perf_counter() - began
            return replace(attempt, ended_at=utc_now(), error=self._told(attempt, error), **came)
        came["scoring_seconds"] = time.perf_counter() - began
        return replace(
            attempt, ended_at=attempt.ended_at or utc_now(), complete=True, error=None, scores=scores, **came
        )

    def _scores(self, metrics: Sequence[Metric], attempt: Attempt, item: Item, output: Json) -> tuple[ScoreResult, ...]:
        with self.tracing.scoring(attempt):
            return scoring.score_output(metrics, item, output, self.mapping, self.call, tolerant=self.tolerant)

    def _told(self, attempt: Attempt, error: BaseException) -> ErrorInfo:
        if self.on_error is not None:
            self.on_error(CellKey(attempt.item_id, attempt.trial or 0), error)
        return error_info(error)

    def rescore(self, attempt: Attempt, item: Item, names: Collection[str]) -> Attempt:
        """Score again what the task returned, without calling it.

        An attempt whose scoring failed is scored with every metric; it stays as it is when nothing was kept of what its
        task returned, which a store may find out only now. A complete one is scored with the metrics of those
        names; its other scores stay as they are, and so does a good score whose metric fails now: the failure is kept
        beside it.
        """
        output = attempt.task_output
        if not attempt.complete:
            return attempt if output is None else self._score(attempt, item, output)
        metrics = [metric for metric in self.metrics if metric.name in names]
        try:
            fresh = self._scores(metrics, attempt, item, output or {})
        except BaseException as error:
            info = self._told(attempt, error)
            fresh = tuple(scoring.failed_score(metric.name, info) for metric in metrics)
        return replace(attempt, scores=_merged(attempt.scores, fresh, {metric.name for metric in metrics}))


def _merged(
    before: Sequence[ScoreResult], fresh: Sequence[ScoreResult], metric_names: Collection[str]
) -> tuple[ScoreResult, ...]:
    replaced = {score.name for score in fresh if not score.scoring_failed}
    kept = (s for s in before if s.name not in replaced and not (s.scoring_failed and s.name in metric_names))
    return (*kept, *fresh)


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


def _own_copy(value: Any) -> Any:
    """A task may change what it is given. Items are JSON: nothing but dicts and lists can be changed."""
    if isinstance(value, dict):
        return {key: _own_copy(inner) for key, inner in value.items()}
    return [_own_copy(inner) for inner in value] if isinstance(value, list) else value


def _kind(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _shown(value: Any) -> str:
    try:
        return repr(value)[:_SHOWN]
    except Exception as error:  # a user's __repr__ may raise, and so does a nesting that is too deep
        return f"<cannot be shown: {type(error).__name__}>"
