"""What may be set up around the user's code while it works on an attempt. The engine itself knows no tracing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from opik_resume.base.records import Attempt


class Tracing(Protocol):
    """Whatever traces the user's code, told which attempt that code is working on.

    Both contexts are entered where the user's code is called, in a copy of the caller's ``contextvars`` that nobody else
    has, and which coroutines and threads started with a copied context inherit.
    """

    def task(self, attempt: Attempt) -> AbstractContextManager[object]:
        """Around the call of the task."""

    def scoring(self, attempt: Attempt) -> AbstractContextManager[object]:
        """Around the calls of all metrics."""

    def finish(self, timeout: float) -> Sequence[str]:
        """Wait until what was traced has arrived, at most ``timeout`` seconds. Returns what is to be said of it."""


NOTHING = nullcontext()


class Untraced:
    """Nothing around."""

    def task(self, attempt: Attempt) -> AbstractContextManager[object]:
        return NOTHING

    def scoring(self, attempt: Attempt) -> AbstractContextManager[object]:
        return NOTHING

    def finish(self, timeout: float) -> Sequence[str]:
        return ()
