"""Scoring functions: Opik's second way to score, a plain function of the item and the task's output."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from opik_resume.exceptions import ArgumentError
from opik_resume.metrics.base import BaseMetric

RESERVED = ("dataset_item", "task_outputs")


class ScoringFunction(BaseMetric):
    """A function as a metric. It is called with those of ``dataset_item`` and ``task_outputs`` that it declares.

    Raises:
        ArgumentError: it is not callable, declares neither, or asks for ``task_span``, which is not recorded here.
    """

    def __init__(self, function: Callable[..., Any], where: str = "scoring_functions") -> None:
        if not callable(function):
            raise ArgumentError(f"{where} must be a function, got {type(function).__name__}")
        parameters = inspect.signature(function).parameters
        if "task_span" in parameters:
            raise ArgumentError(f"{where}: {_name(function)} asks for task_span, which this store does not record")
        takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        if not takes_all and not set(RESERVED) <= set(parameters):
            raise ArgumentError(f"{where}: {_name(function)} must take the arguments dataset_item and task_outputs")
        super().__init__(_name(function))
        self._function = function
        self._accepted = RESERVED if takes_all else tuple(name for name in RESERVED if name in parameters)

    def score(self, dataset_item: dict[str, Any], task_outputs: dict[str, Any], **ignored_kwargs: Any) -> Any:
        """Call the function."""
        given = {"dataset_item": dataset_item, "task_outputs": task_outputs}
        return self._function(**{name: given[name] for name in self._accepted})


def _name(function: Any) -> str:
    while isinstance(function, partial):  # partials and callable objects have no __name__
        function = function.func
    name = getattr(function, "__name__", None)
    return name if isinstance(name, str) and name else type(function).__name__
