"""Call metrics: map keys, choose arguments, take what they return. The behaviour is Opik's.

An exception *inside* ``score()`` becomes a failed score and the run stays complete; so does each thing that it returned
that is no score, beside those that are. A required argument that nobody
provides, or a key mapping that raises, makes scoring itself fail: the run is then not complete.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from opik_resume.base.records import ErrorInfo, Item, Json, ScoreResult
from opik_resume.base.text.encoding import as_float, encoded
from opik_resume.base.text.jsontext import clean
from opik_resume.base.text.tracebacks import error_info
from opik_resume.exceptions import ScoreMethodMissingArguments
from opik_resume.metrics.base import Metric, name_of
from opik_resume.metrics.functions import ScoringFunction

KeyMapping = Mapping[str, str | Callable[[Json], Any]]
Call = Callable[..., Any]
"""Calls a function of the user's with the given arguments, and waits for what is awaitable."""

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def score_output(
    metrics: Sequence[Metric],
    item: Item,
    output: Json,
    mapping: KeyMapping | None,
    call: Call,
    *,
    tolerant: bool = False,
) -> tuple[ScoreResult, ...]:
    """Score one output with every metric, in order.

    Args:
        metrics: the metrics to call.
        item: the item the task was given; its keys are offered to the metrics, the output's keys over them.
        output: what the task returned.
        mapping: argument name → key, or a callable of all keys (Opik's ``scoring_key_mapping``).
        call: calls a metric's ``score``, and turns an awaitable that it returns into its value.
        tolerant: a missing argument fails that metric only (Opik's ``ErrorTolerance.ALL_SCORING_ERRORS``).

    Raises:
        ScoreMethodMissingArguments: a metric requires an argument that is not there, and we are not tolerant.
        Exception: whatever a callable of ``mapping`` raised.
    """
    inputs = scoring_inputs(item.content, output, mapping)
    offered = {**inputs, "dataset_item": item.content, "task_outputs": output}
    of_metric = [offered if isinstance(metric, ScoringFunction) else inputs for metric in metrics]
    if not tolerant:
        for metric, keys in zip(metrics, of_metric, strict=True):
            require_arguments(metric, keys, mapping)
    return tuple(
        score
        for metric, keys in zip(metrics, of_metric, strict=True)
        for score in _scores_of(metric, keys, mapping, call)
    )


def scoring_inputs(content: Json, output: Json, mapping: KeyMapping | None) -> Json:
    """What metrics may ask for: the item's keys, the output's keys over them, then the mapped ones."""
    inputs = {**content, **output}
    for name, source in (mapping or {}).items():
        if callable(source):
            inputs[name] = source(inputs)
        elif source in inputs:
            inputs[name] = inputs[source]
    return inputs


def require_arguments(metric: Metric, inputs: Json, mapping: KeyMapping | None) -> None:
    """Raise ScoreMethodMissingArguments when it asks for what is not there, naming keys that were mapped in vain."""
    missing = [name for name in _arguments(metric).required if name not in inputs]
    if not missing:
        return
    in_vain = [f"{name!r} from {source!r}" for name in missing if isinstance(source := (mapping or {}).get(name), str)]
    mapped = f"scoring_key_mapping says to take {' and '.join(in_vain)}, which is not there either. " if in_vain else ""
    remedy = "correct the mapping" if in_vain else "name the key to use in scoring_key_mapping"
    raise ScoreMethodMissingArguments(
        f"metric {name_of(metric)!r} needs {', '.join(map(repr, missing))}, which neither the item nor the task's output has. "
        f"{mapped}There are: {', '.join(map(repr, sorted(inputs)[:20]))}. Return it from the task, or {remedy}."
    )


def _scores_of(metric: Metric, inputs: Json, mapping: KeyMapping | None, call: Call) -> list[ScoreResult]:
    try:
        require_arguments(metric, inputs, mapping)
        return checked_scores(call(metric.score, **_accepted(metric, inputs)), name_of(metric))
    except Exception as error:
        info = error_info(error)
        return [failed_score(name_of(metric), info)]


def failed_score(name: str, info: ErrorInfo) -> ScoreResult:
    """The record of a metric that raised or returned what is no score, in Opik's shape."""
    details = {"exception_type": info.exception_type, "message": info.message, "traceback": info.traceback}
    reason = f"{info.exception_type}: {info.message}" if info.message else info.exception_type
    return ScoreResult(clean(name), 0.0, reason=reason, metadata={"error_info": details}, scoring_failed=True)


def _accepted(metric: Metric, inputs: Json) -> Json:
    arguments = _arguments(metric)
    if arguments.any_name:
        return inputs
    return {name: value for name, value in inputs.items() if name in arguments.names}


@dataclass(frozen=True, slots=True)
class _Arguments:
    """What a ``score`` method asks for."""

    names: frozenset[str]
    required: tuple[str, ...]
    any_name: bool


def _arguments(metric: Metric) -> _Arguments:
    try:
        return _remembered_arguments(metric.score)
    except TypeError:  # a callable that cannot be a key, or has no signature: the latter is raised again
        return _arguments_of(metric.score)


def _arguments_of(score: Callable[..., Any]) -> _Arguments:
    parameters = inspect.signature(score).parameters
    return _Arguments(
        frozenset(parameters),
        tuple(p.name for p in parameters.values() if p.default is p.empty and p.kind in _NAMED),
        any(p.kind is p.VAR_KEYWORD for p in parameters.values()),
    )


# Reading a signature takes longer than most metrics do, and it is asked for in every run.
_remembered_arguments = lru_cache(maxsize=64)(_arguments_of)


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
