"""Scoring functions: Opik's second way to score, a plain function of the item and the task's output."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from opik_resume.base.records import Json
from opik_resume.exceptions import ArgumentError
from opik_resume.metrics.arguments import SPAN
from opik_resume.metrics.base import BaseMetric

RESERVED = ("dataset_item", "task_outputs")


class ScoringFunction(BaseMetric):
    """A function as a metric. It is called with those of ``dataset_item`` and ``task_outputs`` that it declares.

    Raises:
        ArgumentError: it is not callable, or declares neither both of these nor ``task_span``.
    """

    def __init__(self, function: Callable[..., Any], where: str = "scoring_functions") -> None:
        if not callable(function):
            raise ArgumentError(f"{where} must be a function, got {type(function).__name__}")
        parameters = inspect.signature(function).parameters
        takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        if not takes_all and not set(RESERVED) <= set(parameters) and SPAN not in parameters:
            raise ArgumentError(f"{where}: {_name(function)} must take the arguments dataset_item and task_outputs")
        super().__init__(_name(function))
        self._function = function
        self._accepted = None if takes_all else frozenset(parameters)

    def score(self, dataset_item: Json, task_outputs: Json, **kwargs: Any) -> Any:
        """Call the function."""
        return self._call(dataset_item=dataset_item, task_outputs=task_outputs)

    def _call(self, **given: Any) -> Any:
        accepted = given.keys() if self._accepted is None else self._accepted
        return self._function(**{name: value for name, value in given.items() if name in accepted})


class SpanFunction(ScoringFunction):
    """One that looks at the span of the task."""

    def score(self, dataset_item: Json, task_outputs: Json, task_span: Any = None, **kwargs: Any) -> Any:
        """Call the function."""
        return self._call(dataset_item=dataset_item, task_outputs=task_outputs, task_span=task_span)


def of_function(function: Callable[..., Any], where: str) -> ScoringFunction:
    """The metric of a scoring function."""
    made = ScoringFunction(function, where)
    return SpanFunction(function, where) if SPAN in inspect.signature(function).parameters else made


def _name(function: Any) -> str:
    while isinstance(function, partial):  # partials and callable objects have no __name__
        function = function.func
    name = getattr(function, "__name__", None)
    return name if isinstance(name, str) and name else type(function).__name__
