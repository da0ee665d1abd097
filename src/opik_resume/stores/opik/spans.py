"""Attempts → the spans of their task, its scoring and every metric, as the SDK writes them.

How things were called is in ``attempt.steps`` (see ``engine.cells.steps``): names of arguments and times. What was in them is
in the item, the output and the scores. Runs without steps, of the embedded store or of older versions, are told as far
as those go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from opik_resume.base.records import Attempt, ErrorInfo, Json, ScoreResult
from opik_resume.stores.file.rows import value_of
from opik_resume.stores.opik.rest.encoding import encoded_row
from opik_resume.stores.opik.runs import (
    LOOKING_SPAN,
    SCORING_SPAN,
    VALIDATION_SUFFIX,
    Context,
    derived_id,
    of_error,
    output_of,
    root_is_theirs,
)
from opik_resume.stores.opik.wire import object_of, policy, stamp

INTERNAL = "__opik_eval_internal__"
SPAN_ARGUMENT = "task_span"
MOST_REPEATED = 100_000  # bytes of an output that the spans of its scoring repeat, several times over
_SCORE_FIELDS = tuple(field.name for field in fields(ScoreResult))


def spans(attempt: Attempt, context: Context) -> list[Json]:
    """The task, its scoring and every metric; on a repair they replace those of before."""
    return list(_Spans(attempt, context).all())


@dataclass
class _Spans:
    attempt: Attempt
    context: Context

    def __post_init__(self) -> None:
        attempt = self.attempt
        self.steps = attempt.steps or {}
        began = object_of(self.steps.get("task")).get("began")  # older versions have not kept it
        self.start = _moment(began) if began is not None else attempt.started_at
        self.end = _later(self.start, attempt.task_seconds, attempt.ended_at)
        self.output = _repeated(attempt.task_output or {})
        self.inputs = {**self.context.content, **self.output, **self.steps.get("mapped", {})}
        self.metrics: Sequence[Json] = self.steps.get("metrics") or ()
        self.looking = [told for told in self.metrics if told.get("looking")]

    def all(self) -> Iterator[Json]:
        attempt = self.attempt
        # A run that was only scored again has its task's span; the output that it keeps must be there whatever happened.
        needed = attempt.steps is None or "task" in self.steps or not attempt.complete
        if needed and not root_is_theirs(attempt):
            yield self._task()
        if not attempt.returned:
            return
        yield from self._group("scoring", SCORING_SPAN, [told for told in self.metrics if not told.get("looking")])
        if self.looking:
            yield from self._group("looking", LOOKING_SPAN, self.looking)

    def _task(self) -> Json:
        attempt, told = self.attempt, object_of(self.steps.get("task"))
        span = self._span("task", told.get("name") or self.context.task, self.start, self.end)
        item: Any = [self.context.content] if told.get("listed") else self.context.content
        span["input"] = {told.get("key") or "item": item, **told.get("more", {})}
        if attempt.returned or attempt.task_output is not None:
            span["output"] = output_of(attempt)
        if not attempt.returned and attempt.error is not None:
            span["error_info"] = of_error(attempt.error)
        return span | self._given(told, span)

    def _given(self, told: Json, span: Json) -> Json:
        """What the task gave to its span. What it returned stays in it until the trace has it, too."""
        given = dict(told.get("given") or {})
        if "input" in given:
            given["input"] = {**span["input"], **given["input"]}
        if not self.attempt.complete:
            given.pop("output", None)
        return given

    def _group(self, role: str, name: str, metrics: Sequence[Json]) -> Iterator[Json]:
        attempt = self.attempt
        start, end = self.end, _later(self.end, attempt.scoring_seconds, attempt.ended_at)
        if metrics:  # around its metrics, whose times were taken by another clock
            first = _moment(min(told["began"] for told in metrics))
            last = _moment(max(told["began"] + told["seconds"] for told in metrics))
            start, end = (first, last) if role == "looking" else (min(start, first), max(end, last))
        span = self._span(role, name, start, end) | {"tags": [INTERNAL]}
        if role == "looking":
            scored = [score for told in metrics for score in self._scores_of(told)]
            span["input"] = {"trace_id": attempt.id, SPAN_ARGUMENT: self._brief}
            span["output"] = {"output": [_all_fields(score) for score in scored]}
        else:
            span |= self._record(attempt.error)
        yield span
        for each in self._of_metrics(metrics) if attempt.steps is not None else self._of_scores(start, end):
            yield each | {"parent_span_id": span["id"]}

    def _record(self, error: ErrorInfo | None) -> Json:
        """The test case and its result, in full."""
        attempt = self.attempt
        case = {
            "trace_id": attempt.id,
            "dataset_item_id": attempt.item_id,
            "task_output": self.output,
            "dataset_item_content": self.context.content,
            "mapped_scoring_inputs": self.inputs if error is None else None,
            "dataset_item": self._item(),
        }
        told: Json = {"input": {"test_case_": case, "trial_id": attempt.trial}}
        if error is not None:
            return {**told, "error_info": of_error(error)}
        later = [score for told in self.looking for score in self._scores_of(told)]
        result = {
            "test_case": case,
            "score_results": [_all_fields(score) for score in attempt.scores if score not in later],
            "trial_id": attempt.trial,
            "task_execution_time": attempt.task_seconds,
            "scoring_time": attempt.scoring_seconds,
        }
        return {**told, "output": {"output": result}}

    def _item(self) -> Json:
        """As the SDK writes a dataset item; what it has besides its content, we do not keep."""
        nothing = dict.fromkeys(("trace_id", "span_id", "description", "evaluators"))
        return {
            **nothing, "source": "sdk", **self.context.content, "execution_policy": policy(self.context.runs),
        }  # fmt: skip

    @property
    def _brief(self) -> Json:
        """The span of the task, which is beside this one in the trace."""
        if root_is_theirs(self.attempt):
            return {}
        name = object_of(self.steps.get("task")).get("name") or self.context.task
        return {"id": derived_id(self.attempt.id, "task"), "name": name}

    def _of_metrics(self, metrics: Sequence[Json]) -> Iterator[Json]:
        for told in metrics:
            if not told.get("traced"):
                yield self._of_metric(told)

    def _of_metric(self, told: Json) -> Json:
        start = _moment(told["began"])
        called = told.get("called", True)
        name = told["name"] if called else f"{told['name']}{VALIDATION_SUFFIX}"
        span = self._span(f"score 0 {told['name']}", name, start, start + timedelta(seconds=told["seconds"]))
        span |= {"input": self._input(told)} if called else {"input": {"metric_name": told["name"]}, "tags": [INTERNAL]}
        scores = self._scores_of(told)
        error = next(filter(None, map(error_of_score, scores)), None)
        if told.get("raised") and error is not None:
            return {**span, "error_info": of_error(error)}
        shown = [_all_fields(score) for score in scores]
        return {**span, "output": {"output": shown if told.get("listed") or len(shown) != 1 else shown[0]}}

    def _input(self, told: Json) -> Json:
        """The arguments of ``score``, as they were bound."""
        if told.get("function"):
            keys: Json = {"dataset_item": self.context.content, "task_outputs": self.output}
        else:
            keys = self.inputs
        keys = {**keys, SPAN_ARGUMENT: self._brief} if told.get("looking") else keys
        arguments = told.get("arguments") or ()
        known = {**keys, **told.get("defaults", {})}
        bound = {name: known[name] for name in arguments if name in known}
        if told.get("rest"):
            others = {} if told.get("function") else {n: value for n, value in keys.items() if n not in arguments}
            bound[told["rest"]] = others
        return bound

    def _scores_of(self, told: Json) -> list[ScoreResult]:
        names = list(told.get("scores") or [told["name"]])
        left = [s for s in self.attempt.scores if bool(error_of_score(s)) == bool(told.get("raised"))]
        found = []
        for name in names:
            score = next((score for score in left if score.name == name), None)
            if score is not None:
                left.remove(score)
                found.append(score)
        return found

    def _of_scores(self, start: datetime, end: datetime) -> Iterator[Json]:
        """Of a run without steps: a span for each score."""
        seen: dict[str, int] = {}
        for score in self.attempt.scores:
            role = f"score {seen.setdefault(score.name, 0)} {score.name}"
            seen[score.name] += 1
            error = error_of_score(score)
            told = {"error_info": of_error(error)} if error else {"output": {"output": _all_fields(score)}}
            yield self._span(role, score.name, start, end) | told

    def _span(self, role: str, name: str, start: datetime, end: datetime) -> Json:
        return {
            "id": derived_id(self.attempt.id, role),
            "trace_id": self.attempt.id,
            "project_name": self.context.project,
            "name": name,
            "type": "general",
            "start_time": stamp(start),
            "end_time": stamp(end),
            "source": "experiment",
        }


def _repeated(output: Json) -> Json:
    """The output as the spans of its scoring have it: too large a one is only in the span of the task."""
    size = len(encoded_row(output))
    if size <= MOST_REPEATED:
        return output
    return dict.fromkeys(output, f"<of an output of {size:,} bytes, which the span of the task has>")


def error_of_score(score: ScoreResult) -> ErrorInfo | None:
    """What a metric raised, or None for a score that it returned, though it may be one that says that it failed."""
    info = object_of(object_of(score.metadata).get("error_info")) if score.scoring_failed else {}
    if not info.get("exception_type"):
        return None
    return ErrorInfo(info["exception_type"], info.get("message") or "", info.get("traceback") or "")


def _all_fields(score: ScoreResult) -> Json:
    """As ``dataclasses.asdict``, which takes ten times as long. JSON has no NaN."""
    return {name: getattr(score, name) for name in _SCORE_FIELDS} | {"value": value_of(score)}


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _later(start: datetime, seconds: float | None, otherwise: datetime | None) -> datetime:
    return start + timedelta(seconds=seconds) if seconds is not None else otherwise or start
