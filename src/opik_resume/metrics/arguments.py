"""Which arguments a ``score`` method asks for, and which of the keys that are offered it is given. As in Opik."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from opik_resume.base.records import Json
from opik_resume.exceptions import ScoreMethodMissingArguments
from opik_resume.metrics.base import Metric, name_of

KeyMapping = Mapping[str, str | Callable[[Json], Any]]

SPAN = "task_span"
"""The argument of a metric that looks at the span of its run's task."""

_OPEN = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a ``score`` method asks for.

    ``defaults``: every argument in order, with what it is when nobody gives it, or ``inspect.Parameter.empty``.
    ``positional``: those that cannot be given by name. ``rest``: the name of its ``**kwargs``. ``instance``: that of the
    metric itself, under which nothing else can be given.
    """

    defaults: Mapping[str, Any]
    positional: tuple[str, ...]
    rest: str | None
    instance: str | None

    @property
    def required(self) -> list[str]:
        return [name for name, default in self.defaults.items() if default is inspect.Parameter.empty]


def arguments_of(metric: Metric) -> Arguments:
    """Raises TypeError or ValueError when its signature cannot be told."""
    try:
        return _remembered(metric.score)
    except TypeError:  # a callable that cannot be a key, or has no signature: the latter is raised again
        return _look_at(metric.score)


def _look_at(score: Callable[..., Any]) -> Arguments:
    parameters = inspect.signature(score).parameters.values()
    return Arguments(
        {p.name: p.default for p in parameters if p.kind not in _OPEN},
        tuple(p.name for p in parameters if p.kind is p.POSITIONAL_ONLY),
        next((p.name for p in parameters if p.kind is p.VAR_KEYWORD), None),
        next(iter(inspect.signature(score.__func__).parameters), None) if inspect.ismethod(score) else None,
    )


# Reading a signature takes longer than most metrics do, and it is asked for in every run.
_remembered = lru_cache(maxsize=64)(_look_at)


def wants_span(metric: Metric) -> bool:
    """Whether it asks for the span of the task."""
    try:
        return SPAN in arguments_of(metric).defaults
    except (TypeError, ValueError):
        return False


def require_arguments(metric: Metric, inputs: Json, mapping: KeyMapping | None) -> None:
    """Raise ScoreMethodMissingArguments when it asks for what is not there, naming keys that were mapped in vain.

    A metric that knows better, as one of ``opik`` that is made of several, checks its arguments itself.
    """
    check = getattr(metric, "validate_score_arguments", None)
    if callable(check):
        check(score_kwargs=inputs, key_mapping=mapping or {})
        return
    missing = [name for name in arguments_of(metric).required if name not in inputs]
    if not missing:
        return
    in_vain = [f"{name!r} from {source!r}" for name in missing if isinstance(source := (mapping or {}).get(name), str)]
    mapped = f"scoring_key_mapping says to take {' and '.join(in_vain)}, which is not there either. " if in_vain else ""
    remedy = "correct the mapping" if in_vain else "name the key to use in scoring_key_mapping"
    raise ScoreMethodMissingArguments(
        f"metric {name_of(metric)!r} needs {', '.join(map(repr, missing))}, which neither the item nor the task's output has. "
        f"{mapped}There are: {', '.join(map(repr, sorted(inputs)[:20]))}. Return it from the task, or {remedy}."
    )


def accepted(metric: Metric, inputs: Json) -> tuple[list[Any], Json]:
    """Those of ``inputs`` that it takes: by position, up to the first that is not there, and by name."""
    arguments = arguments_of(metric)
    by_position: list[Any] = []
    for name in arguments.positional:
        if name not in inputs:
            break
        by_position.append(inputs[name])
    named = inputs.keys() & (arguments.defaults.keys() - arguments.positional)
    if arguments.rest is not None:
        others: set[Any] = inputs.keys() - arguments.defaults.keys() - {arguments.instance}
        named |= {name for name in others if isinstance(name, str)}  # others are keys of dicts, and name no argument
    return by_position, {name: value for name, value in inputs.items() if name in named}
