"""How the task and the metrics of one run were called: what the spans of a server tell besides the attempt.

Every finished run keeps it until it is sent, so it repeats nothing that is in the item, the output or the scores::

    {"task": {"name", "began", "key": the parameter that took the item, "more": its other arguments, "traced", "given"},
     "trace": what the user's code gave to the trace,
     "mapped": what scoring_key_mapping made,
     "metrics": [{"name", "began", "seconds", "scores", "arguments", "rest", "defaults", …}]}

What is as it mostly is, is left out.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from opik_resume.base.records import Json
from opik_resume.base.text.encoding import encoded
from opik_resume.base.text.jsontext import clean
from opik_resume.metrics.arguments import SPAN, arguments_of, wants_span
from opik_resume.metrics.base import name_of
from opik_resume.metrics.scoring import Scored, is_function

_ITEM = object()
_UNNAMED = "llm_task"  # as the SDK calls a task without a name


def of_task(task: Callable[..., Any]) -> Json:
    """What the span of the task tells of how it is called, whatever the item."""
    name = getattr(task, "__name__", None)
    told: Json = {"name": clean(name) if isinstance(name, str) else _UNNAMED}
    try:
        bound = inspect.signature(task).bind(_ITEM)
    except (TypeError, ValueError):
        return {**told, "key": "args", "listed": True}
    bound.apply_defaults()
    more: Json = {}
    for key, value in bound.arguments.items():
        if value is _ITEM or value == (_ITEM,):
            told |= {"key": key} if value is _ITEM else {"key": key, "listed": True}
        else:
            more[key] = encoded(value)[0]
    return {**told, "more": more} if more else told


def of_metrics(asked: Iterable[Scored], traced: Callable[[Callable[..., Any]], bool]) -> list[Json]:
    """What the spans of the metrics tell. ``traced``: whether something else makes a span of a call."""
    return [_of_metric(scored, traced=traced(scored.metric.score)) for scored in asked]


def _of_metric(scored: Scored, *, traced: bool) -> Json:
    name = name_of(scored.metric)
    told: Json = {"name": name, "began": scored.began, "seconds": scored.ended - scored.began}
    names = [score.name for score in scored.scores]
    if names != [name]:
        told["scores"] = names
    if scored.listed:
        told["listed"] = True
    if scored.raised:
        told["raised"] = True
    if wants_span(scored.metric):
        told["looking"] = True
    if not scored.called:
        return {**told, "called": False}
    if traced or getattr(scored.metric, "track", True) is False:
        return {**told, "traced": True}
    return told | _input(scored)


def _input(scored: Scored) -> Json:
    arguments = arguments_of(scored.metric)
    told: Json = {"arguments": list(arguments.defaults)}
    if is_function(scored.metric):
        told["function"] = True
    if arguments.rest is not None:
        told["rest"] = arguments.rest
    defaults = {
        name: encoded(default)[0]
        for name, default in arguments.defaults.items()
        if name not in scored.inputs and name != SPAN and default is not inspect.Parameter.empty
    }
    return {**told, "defaults": defaults} if defaults else told


def mapped(asked: Sequence[Scored], mapping: Mapping[str, Any] | None) -> Json:
    """What the mapping has made of the keys of item and output."""
    inputs: Json = next((scored.inputs for scored in asked if not is_function(scored.metric)), {})
    return {name: encoded(inputs[name])[0] for name in mapping or () if name in inputs}
