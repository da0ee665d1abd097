"""What may be set up around the user's code while it works on an attempt. The engine itself knows no tracing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from opik_resume.base.records import Attempt, Json


class Seen(Protocol):
    """What was seen of one call of the task, once it has ended."""

    def told(self) -> Json:
        """What its code gave to its span and its trace, in the shape of :mod:`~opik_resume.engine.cells.steps`."""

    def task_span(self, called: Json, content: Json, output: Json) -> Any:
        """The span of the task with those below it, for metrics. ``called``: see :func:`~.steps.of_task`."""


class Tracing(Protocol):
    """Whatever traces the user's code, told which attempt that code is working on.

    Both contexts are entered where the user's code is called, in a copy of the caller's ``contextvars`` that nobody else
    has, and which coroutines and threads started with a copied context inherit. ``spans``: whether runs are shown with
    spans, so that it is of use to note how things were called.
    """

    spans: bool

    def task(self, attempt: Attempt, task: Callable[..., Any]) -> AbstractContextManager[Seen | None]:
        """Around the call of the task."""

    def scoring(self, attempt: Attempt, *, looking: bool = False) -> AbstractContextManager[object]:
        """Around the calls of all metrics, or of those that look at the task's span."""

    def traced(self, function: Callable[..., Any]) -> bool:
        """Whether a call of this function has a span already, which is not ours."""

    def finish(self, timeout: float) -> Sequence[str]:
        """Wait until what was traced has arrived, at most ``timeout`` seconds. Returns what is to be said of it."""

    def relay(self) -> Relay | None:
        """What traces on workers of an executor instead; None: nothing does."""

    def take(self, told: bytes) -> None:
        """Send what was traced there."""


class Relay(Protocol):
    """Travels to a worker."""

    def begin(self) -> Relayed:
        """For one call."""


class Relayed(Tracing, Protocol):
    """A call on a worker."""

    def told(self) -> bytes | None:
        """What was traced, for :meth:`Tracing.take`; None: nothing."""


NOTHING: AbstractContextManager[None] = nullcontext()


class Untraced:
    """Nothing around."""

    spans = False

    def task(self, attempt: Attempt, task: Callable[..., Any]) -> AbstractContextManager[Seen | None]:
        return NOTHING

    def scoring(self, attempt: Attempt, *, looking: bool = False) -> AbstractContextManager[object]:
        return NOTHING

    def traced(self, function: Callable[..., Any]) -> bool:
        return False

    def finish(self, timeout: float) -> Sequence[str]:
        return ()

    def relay(self) -> Relay | None:
        return None

    def take(self, told: bytes) -> None: ...

    def told(self) -> bytes | None:
        return None
