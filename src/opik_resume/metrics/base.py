"""What a metric is: anything with ``.name`` and ``.score(**kwargs)``. ``BaseMetric`` is Opik's, without tracking."""

from __future__ import annotations

import abc
import inspect
from typing import Any, Protocol, runtime_checkable

from opik_resume.base.records import ScoreResult
from opik_resume.base.text.jsontext import clean
from opik_resume.exceptions import ArgumentError


@runtime_checkable
class Metric(Protocol):
    """Anything that scores: ours, the ``opik`` package's, or the user's own."""

    name: str

    def score(self, *args: Any, **kwargs: Any) -> Any:
        """Return a ScoreResult or a list of them, from the item's and the output's keys it names as arguments."""


def name_of(metric: Any) -> str:
    """The name of a metric, as its scores, runs and experiments keep it: text that every table can hold."""
    return clean(str(metric.name))


class BaseMetric(abc.ABC):
    """Base class for metrics of your own, with the constructor of ``opik``'s ``BaseMetric``.

    Args:
        name: the name of its scores; the class name when left out.
        track: accepted for compatibility with Opik.
        project_name: accepted for compatibility with Opik, together with ``track=True`` only, as there.

    ``score()`` declares the keys it needs as arguments; they are taken from the item and the task's output, the output
    winning. Take ``**ignored_kwargs`` to be handed everything.
    """

    def __init__(self, name: str | None = None, track: bool = True, project_name: str | None = None) -> None:
        if not track and project_name is not None:
            raise ArgumentError("project_name can only be set when track is True: leave one of them out")
        self.name = name if name is not None else type(self).__name__
        self.track = track
        self.project_name = project_name

    @abc.abstractmethod
    def score(self, *args: Any, **kwargs: Any) -> ScoreResult | list[ScoreResult]:
        """Score one output. An exception raised here is recorded as a missing score; the run stays complete."""

    async def ascore(self, *args: Any, **kwargs: Any) -> ScoreResult | list[ScoreResult]:
        """Score one output without blocking the event loop: ``score()`` in a thread, unless a subclass knows better."""
        import asyncio  # only here: it is not light, and most metrics are never awaited

        scored: Any = await asyncio.to_thread(self.score, *args, **kwargs)
        return await scored if inspect.isawaitable(scored) else scored  # type: ignore[no-any-return]
