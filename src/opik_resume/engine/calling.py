"""How one run calls the user's code: where, waiting for what is awaitable, and remembering what was raised first."""

from __future__ import annotations

import inspect
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from opik_resume.base.records import CellKey, utc_now
from opik_resume.engine.retrying.late import call_for
from opik_resume.engine.retrying.policy import Retries, presses
from opik_resume.engine.retrying.stated import seconds_until

_PASSING = Retries()

Call = Callable[..., Any]
"""Calls a function of the user's with the arguments that follow it."""


class Calls:
    """Called by workers with a function and its arguments.

    Args:
        resolve: turns what is awaitable into its value, within so many seconds if they are given.
    """

    def __init__(self, resolve: Callable[..., Any]) -> None:
        self.elsewhere: Call | None = None  # who makes the calls instead of the worker
        self._resolve = resolve
        self._positions: dict[CellKey, int] = {}  # of those on the way, in the order in which they start
        self._first: tuple[int, BaseException] | None = None
        self._first_lasting: tuple[int, BaseException] | None = None
        self._passing: dict[CellKey, bool] = {}  # what raised what passes by itself; of refusals it is true
        self.stated_until = float("-inf")  # by what passes by itself
        self._lock = threading.Lock()  # guards the four above

    def __call__(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        elsewhere = self.elsewhere
        returned = function(*args, **kwargs) if elsewhere is None else elsewhere(function, *args, **kwargs)
        return self._resolve(returned)

    def timed(self, seconds: float, function: Callable[..., Any], *args: Any) -> Any:
        """Call it for at most so many seconds: never in another's thread, who could not be called back from it.

        Raises:
            TaskTimedOut: its time is up. A coroutine is cancelled, a plain function goes on.
        """
        if is_async(function):
            return self._resolve(function(*args), seconds)
        began = time.monotonic()
        returned = call_for(seconds, function, *args)
        return self._resolve(returned, max(0.0, seconds - (time.monotonic() - began)))

    def began(self, position: int, key: CellKey) -> None:
        """The work on this cell begins."""
        self._positions[key] = position

    def ended(self, key: CellKey) -> None:
        """Nothing more will be noted of it."""
        self._positions.pop(key, None)

    def note(self, key: CellKey, error: BaseException) -> None:
        """The work on this cell raised."""
        passes = self.heard(key, error)
        with self._lock:
            position = self._positions.get(key, sys.maxsize)  # an attempt of another program states no trial
            if self._first is None or position < self._first[0]:
                self._first = (position, error)
            if not passes and (self._first_lasting is None or position < self._first_lasting[0]):
                self._first_lasting = (position, error)

    def heard(self, key: CellKey, error: BaseException) -> bool:
        """Something was raised in the work on this cell. Returns whether that passes by itself."""
        if not _PASSING.passes(error):
            return False
        stated = seconds_until(error, utc_now())
        with self._lock:
            self._passing[key] = self._passing.get(key, False) or presses(error)
            if stated is not None:
                self.stated_until = max(self.stated_until, time.monotonic() + stated)
        return True

    def passing(self, key: CellKey) -> bool | None:
        """Whether a provider refused what this cell lacks, because it is called too often; None: it does not pass by itself.

        The exception itself tells more than what is kept of it: a status, a code, what it was raised from.
        """
        return self._passing.get(key)

    @property
    def first_error(self) -> BaseException | None:
        """What the first failing cell raised, first in the order in which they start."""
        return self._first[1] if self._first is not None else None

    @property
    def first_lasting_error(self) -> BaseException | None:
        """The same of those that do not pass by themselves."""
        return self._first_lasting[1] if self._first_lasting is not None else None


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling it only makes a coroutine, which takes no time."""
    called = function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004
    return inspect.iscoroutinefunction(inspect.unwrap(function)) or inspect.iscoroutinefunction(called)
