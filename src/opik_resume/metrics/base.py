"""What a metric is: anything with ``.name`` and ``.score(**kwargs)``. ``BaseMetric`` is Opik's, without tracking."""

from __future__ import annotations

import abc
from typing import Any, Protocol, runtime_checkable

from opik_resume.records import ScoreResult


@runtime_checkable
class Metric(Protocol):
    """Anything that scores: ours, the ``opik`` package's, or the user's own."""

    name: str

    def score(self, *args: Any, **kwargs: Any) -> Any:
        """Return a ScoreResult or a list of them, from the item's and the output's keys it names as arguments."""


class BaseMetric(abc.ABC):
    """Base class for metrics of your own, with the constructor of ``opik``'s ``BaseMetric``.

    Args:
        name: the name of its scores; the class name when left out.
        track: accepted for compatibility with Opik.
        project_name: accepted for compatibility with Opik.

    ``score()`` declares the keys it needs as arguments; they are taken from the item and the task's output, the output
    winning. Take ``**ignored_kwargs`` to be handed everything.
    """

    def __init__(self, name: str | None = None, track: bool = True, project_name: str | None = None) -> None:
        self.name = name if name is not None else type(self).__name__
        self.track = track
        self.project_name = project_name

    @abc.abstractmethod
    def score(self, *args: Any, **kwargs: Any) -> ScoreResult | list[ScoreResult]:
        """Score one output. An exception raised here is recorded as a missing score; the run stays complete."""
