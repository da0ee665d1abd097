"""When a 404 means that something is not there: not at once, of what was there a moment ago.

A server that computes views of experiments looks first which of them has the experiment and then there; if it moves in
between, one that exists answers 404. Behind a proxy that is being restarted anything may. So what was in a list, is in our
own file or has been seen by this process is asked for again, over seconds, before it counts as gone.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from opik_resume.base.process.forks import in_each_process
from opik_resume.exceptions import RequestRefused

AGAIN = (0.2, 0.4, 0.8, 1.6)
"""Seconds before each further look at what was there."""
SECOND_LOOK = (0.3,)
"""And at what nobody has ever seen: most likely its id is wrong, and somebody waits."""
_REMEMBERED = 50_000

T = TypeVar("T")


class Presence:
    """What this process has seen on one server. Safe to use from any thread.

    ``kept`` tells whether the local file has something of an id; whoever has that file sets it.

    Args:
        pause: waits so many seconds, or less when the client is closed.
    """

    def __init__(self, pause: Callable[[float], None]) -> None:
        self.kept: Callable[[str], bool] = lambda key: False
        self._pause = pause
        self._there: OrderedDict[str, bool] = OrderedDict()  # whether it was, when it was last asked for
        in_each_process(self._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()  # guards the dict

    def saw(self, *keys: str) -> None:
        """These are there: ids, or whatever else names one thing."""
        self._note(keys, there=True)

    def gone(self, *keys: str) -> None:
        """These are not there any more: nobody need look for them long."""
        self._note(keys, there=False)

    def ask(self, key: str, call: Callable[[], T], *, seen: bool = False) -> T:
        """What ``call`` gives, which asks for the thing of that key. Its 404 counts when it stays.

        Args:
            key: its id, or whatever else names it.
            call: one request, or several.
            seen: the caller knows that it was there.

        Raises:
            RequestRefused: with 404, it is not there; or whatever else ``call`` raises.
        """
        waits: Iterator[float] | None = None
        while True:
            try:
                found = call()
            except RequestRefused as error:
                if error.status != 404:
                    raise
                waits = waits or iter(AGAIN if self._expected(key, seen) else SECOND_LOOK)
                seconds = next(waits, None)
                if seconds is None:
                    self.gone(key)
                    raise
                self._pause(seconds)
            else:
                self.saw(key)
                return found

    def _expected(self, key: str, seen: bool) -> bool:
        with self._lock:
            there = self._there.get(key)
        return there if there is not None else seen or self.kept(key)

    def _note(self, keys: Iterable[str], *, there: bool) -> None:
        with self._lock:
            for key in keys:
                self._there[key] = there
                self._there.move_to_end(key)
            while len(self._there) > _REMEMBERED:
                self._there.popitem(last=False)
