"""Calls the task of a run, and calls it again as its rules say. It knows how to wait, and what outlives its time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from opik_resume.base.records import CellKey, utc_now
from opik_resume.engine.retrying.late import Carried, Late, Outlived, awaited_for
from opik_resume.engine.retrying.policy import Pause, Retries, presses
from opik_resume.engine.retrying.stated import seconds_until
from opik_resume.engine.retrying.tries import Tries


class Calls(Protocol):
    """Who calls the user's code and waits for it."""

    def __call__(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any: ...

    def timed(self, seconds: float, function: Callable[..., Any], *args: Any) -> Any:
        """Call it for at most so many seconds. Raises TaskTimedOut."""


class Wait(Protocol):
    """Waits before the next try of a cell. Returns whether there may be one: the run may have been stopped."""

    def __call__(self, key: CellKey, pause: Pause) -> bool: ...

    async def awaited(self, key: CellKey, pause: Pause) -> bool: ...


class Heed(Protocol):
    """Who heeds what the provider bears. Moments are those of ``time.monotonic``."""

    def passed(self, began: float) -> None: ...

    def refused(self, began: float, stated: float | None) -> None: ...


class Heedful(Heed, Protocol):
    """One who knows as well when it is no use to wait."""

    @property
    def in_vain(self) -> bool:
        """Whether calls have been refused, and nothing else, for as long as a run waits."""


class Trying:
    """How one run calls its task.

    Args:
        retries: the rules.
        calls: who calls it.
        wait: waits before the next try.
        outlives: told of a call that goes on although its cell is given up.
        heed: told which calls were refused because there are too many, and which were not.
    """

    def __init__(
        self,
        retries: Retries,
        calls: Calls,
        wait: Wait,
        outlives: Callable[[CellKey, Late], None],
        heed: Heedful | None = None,
    ) -> None:
        self.retries = retries
        self._calls = calls
        self._wait = wait
        self._outlives = outlives
        self._heed = heed

    def begin(self) -> Tries:
        """For one attempt."""
        return Tries(self.retries)

    def __call__(self, key: CellKey, tries: Tries, task: Callable[..., Any], content: Callable[[], Any]) -> Any:
        """What the task returns at last. ``content``: makes what it is given, anew for each try."""
        while True:
            tries.begin()
            called = time.monotonic()
            try:
                output = self._call(task, content())
            except Exception as error:
                pause = self._failed(called, error, tries)
                again = pause is not None and self._waited(key, tries, pause)
                if came := self._settled(key, tries, error, again=again):
                    return came[0]
            else:
                self._returned(called)
                tries.returned()
                return output

    async def awaited(self, key: CellKey, tries: Tries, task: Callable[..., Any], content: Callable[[], Any]) -> Any:
        """The same of a task whose calls are coroutines, which nobody waits for on a thread."""
        while True:
            tries.begin()
            called = time.monotonic()
            try:
                output = await self._await(task, content())
            except Exception as error:
                pause = self._failed(called, error, tries)
                began = time.monotonic()
                again = pause is not None and await self._wait.awaited(key, pause)
                if pause is not None:
                    tries.waited(time.monotonic() - began)
                if came := self._settled(key, tries, error, again=again):
                    return came[0]
            else:
                self._returned(called)
                tries.returned()
                return output

    def _settled(self, key: CellKey, tries: Tries, error: Exception, *, again: bool) -> list[Any]:
        """What a late call has returned in the meantime, if it has: it is paid for. Raises when there is no other try."""
        if isinstance(error, Outlived):
            if not error.late.ended():
                self._outlives(key, error.late)
                raise error
            if came := _came(error.late):
                tries.begin()
                tries.returned()
                return came
        if not again:
            raise error
        return []

    def _failed(self, called: float, error: Exception, tries: Tries) -> Pause | None:
        in_vain = False
        if self._heed is not None and presses(error):
            self._heed.refused(called, seconds_until(error, utc_now()))
            in_vain = self._heed.in_vain
        return tries.failed(error, in_vain=in_vain)

    def _returned(self, called: float) -> None:
        if self._heed is not None:
            self._heed.passed(called)

    async def _await(self, task: Callable[..., Any], content: Any) -> Any:
        timeout = self.retries.timeout
        if timeout is None:
            return await task(content)
        try:
            return await awaited_for(task(content), timeout)
        except Carried as error:
            raise error.interrupt from None

    def _call(self, task: Callable[..., Any], content: Any) -> Any:
        timeout = self.retries.timeout
        return self._calls(task, content) if timeout is None else self._calls.timed(timeout, task, content)

    def _waited(self, key: CellKey, tries: Tries, pause: Pause) -> bool:
        began = time.monotonic()
        again = self._wait(key, pause)
        tries.waited(time.monotonic() - began)
        return again


def _came(late: Late) -> list[Any]:
    try:
        return [late.outcome()]
    except Exception:  # the try has failed already, and is made again
        return []
