"""Call metrics: map keys, choose arguments, take what they return. The behaviour is Opik's.

An exception *inside* ``score()`` becomes a failed score and the run stays complete; so does each thing that it returned
that is no score, beside those that are. A required argument that nobody
provides, or a key mapping that raises, makes scoring itself fail: the run is then not complete.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from opik_resume.base.records import ErrorInfo, Item, Json, ScoreResult
from opik_resume.base.text.encoding import as_float, encoded, is_of
from opik_resume.base.text.jsontext import clean
from opik_resume.base.text.tracebacks import error_info
from opik_resume.exceptions import ScoreMethodMissingArguments
from opik_resume.metrics import arguments
from opik_resume.metrics.arguments import SPAN, accepted, require_arguments, wants_span
from opik_resume.metrics.base import Metric, name_of
from opik_resume.metrics.functions import ScoringFunction

KeyMapping = arguments.KeyMapping
Call = Callable[..., Any]
"""Calls a function of the user's with the given arguments, and waits for what is awaitable."""

_MISSING = ScoreMethodMissingArguments.__name__  # ours, and the ``opik`` package's
_WRAPPER = ("opik.evaluation.scorers.scorer_wrapper_metric", "ScorerWrapperMetric")


@dataclass(frozen=True, slots=True)
class Scored:
    """One metric that was asked for its scores: what it was offered, when (``time.time()``), and what came of it.

    ``raised``: it raised; ``called`` is false when that was for want of an argument. ``listed``: it returned a list.
    """

    metric: Metric
    inputs: Json
    began: float
    ended: float
    scores: Sequence[ScoreResult]
    raised: bool = False
    called: bool = True
    listed: bool = False


def score_output(
    metrics: Sequence[Metric],
    item: Item,
    output: Json,
    mapping: KeyMapping | None,
    call: Call,
    *,
    tolerant: bool = False,
    span: Any = None,
    tell: Callable[[Scored], None] | None = None,
) -> tuple[ScoreResult, ...]:
    """Score one output with every metric, in order.

    Args:
        metrics: the metrics to call.
        item: the item the task was given; its keys are offered to the metrics, the output's keys over them.
        output: what the task returned.
        mapping: argument name → key, or a callable of all keys (Opik's ``scoring_key_mapping``).
        call: calls a metric's ``score``, and turns an awaitable that it returns into its value.
        tolerant: a missing argument fails that metric only (Opik's ``ErrorTolerance.ALL_SCORING_ERRORS``).
        span: the span of the task, for metrics that look at it.
        tell: told of every metric that was asked.

    Raises:
        ScoreMethodMissingArguments: a metric requires an argument that is not there, and we are not tolerant.
        Exception: whatever a callable of ``mapping`` raised.
    """
    inputs = scoring_inputs(item.content, output, mapping)
    of_function: Json = {"dataset_item": item.content, "task_outputs": output}
    if span is not None:
        inputs[SPAN] = of_function[SPAN] = span
    asked = [(metric, of_function if is_function(metric) else inputs) for metric in metrics]
    if not tolerant:
        for metric, keys in asked:
            _check(metric, keys, mapping)
    scores: list[ScoreResult] = []
    for metric, keys in asked:
        scored = _asked(metric, keys, mapping, call, tolerant=tolerant)
        scores += scored.scores
        if tell is not None:
            tell(scored)
    return tuple(scores)


def by_span(metrics: Sequence[Metric]) -> tuple[list[Metric], list[Metric]]:
    """Those that score by item and output, and those that look at the span of the task, which is there only later."""
    looking = [metric for metric in metrics if wants_span(metric)]
    return [metric for metric in metrics if metric not in looking] if looking else list(metrics), looking


def is_function(metric: Metric) -> bool:
    """Whether it is a function of item and output made into a metric, by us or by the ``opik`` package."""
    return isinstance(metric, ScoringFunction) or is_of(metric, *_WRAPPER)


def scoring_inputs(content: Json, output: Json, mapping: KeyMapping | None) -> Json:
    """What metrics may ask for: the item's keys, the output's keys over them, then the mapped ones."""
    inputs = {**content, **output}
    for name, source in (mapping or {}).items():
        if callable(source):
            inputs[name] = source(inputs)
        elif source in inputs:
            inputs[name] = inputs[source]
    return inputs


def _check(metric: Metric, keys: Json, mapping: KeyMapping | None) -> None:
    if not is_function(metric):  # they are given what they declare
        require_arguments(metric, keys, mapping)


def _asked(metric: Metric, keys: Json, mapping: KeyMapping | None, call: Call, *, tolerant: bool) -> Scored:
    began = time.time()
    called = False
    try:
        _check(metric, keys, mapping)
        by_position, by_name = accepted(metric, keys)
        called = True
        returned = call(metric.score, *by_position, **by_name)
        scores = checked_scores(returned, name_of(metric))
    except Exception as error:
        if type(error).__name__ == _MISSING and not tolerant:
            raise
        scores = [failed_score(name_of(metric), error_info(error))]
        return Scored(metric, keys, began, time.time(), scores, raised=True, called=called)
    return Scored(metric, keys, began, time.time(), scores, listed=isinstance(returned, (list, tuple)))


def failed_score(name: str, info: ErrorInfo) -> ScoreResult:
    """The record of a metric that raised or returned what is no score, in Opik's shape."""
    return ScoreResult(clean(name), 0.0, info.message, metadata={"error_info": info.told}, scoring_failed=True)


def checked_scores(returned: Any, name: str) -> list[ScoreResult]:
    """Our own records of what a metric (or another scoring callable) called ``name`` returned: one score or several.

    One that is no number fails alone, under the metric's name, so that a resume scores it again. NaN and infinity are numbers.
    """
    if not isinstance(returned, (list, tuple)):
        return [_checked(returned, name, "what it returned")]
    count = len(returned)
    return [_checked(score, name, f"score {number} of {count}") for number, score in enumerate(returned, 1)]


def _checked(score: Any, metric_name: str, which: str) -> ScoreResult:
    """Our own record of a score, or of its failure: a score of ours, of the ``opik`` package's, or a bare number."""
    try:
        return _record(score, metric_name)
    except Exception as error:
        info = error_info(error)
        return failed_score(metric_name, replace(info, message=f"{which}: {info.message}"))


def _record(score: Any, metric_name: str) -> ScoreResult:
    if hasattr(type(score), "__float__") and not hasattr(score, "name"):
        score = ScoreResult(metric_name, score)
    if not hasattr(score, "name") or not hasattr(score, "value"):
        raise TypeError(f"{score!r:.200} is no score: return a ScoreResult or a number, or a list of them")
    failed = bool(getattr(score, "scoring_failed", False))
    value = 0.0 if failed and score.value is None else _number(score)
    metadata, _ = encoded(getattr(score, "metadata", None))
    return ScoreResult(
        name=clean(str(score.name)),
        value=value,
        reason=_text(getattr(score, "reason", None)),
        category_name=_text(getattr(score, "category_name", None)),
        metadata=metadata if metadata is None or isinstance(metadata, dict) else {"value": metadata},
        scoring_failed=failed,
    )


def _number(score: Any) -> float:
    try:
        return as_float(score.value)
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(
            f"{score.name!r:.200} has the value {score.value!r:.200}, which is no number: return a number, or raise or set "
            "scoring_failed=True when there is no score"
        ) from error


def _text(value: Any) -> str | None:
    return None if value is None else clean(str(value))
