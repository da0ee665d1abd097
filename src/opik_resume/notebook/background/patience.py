"""Work that may take seconds, asked for by a handler that has to answer at once.

The answer itself is always sent by the handler: a reply from a thread of ours would misroute the clicks that follow
(ipykernel 7.4). What comes late is told by the feed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")
PATIENCE = 0.15
"""Seconds that a handler waits before it answers without."""
_KEPT_SECONDS = 60.0
"""How long what came late is kept for the next request: nobody may ask for it again."""


class Task(Generic[T]):
    """One call on a daemon thread of its own.

    ``late`` is called, on that thread and with the exception if there was one, when nobody waited for its end.
    """

    def __init__(self, call: Callable[[], T], late: Callable[[BaseException | None], None]) -> None:
        self._call = call
        self._late = late
        self._lock = threading.Lock()  # guards what follows
        self._left = False
        self._done = threading.Event()
        self._value: T | None = None
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name="opik-resume task", daemon=True).start()

    def ended(self, seconds: float) -> bool:
        """Whether the call has ended in time; if not, it is left alone and will be late."""
        self._done.wait(seconds)
        with self._lock:
            self._left = not self._done.is_set()
            return not self._left

    def outcome(self) -> T | None:
        """What the call returned or raised; it has ended."""
        if self._error is not None:
            raise self._error
        return self._value

    def result(self, seconds: float) -> T | None:
        """What the call returned or raised, if it did so in time; else None."""
        return self.outcome() if self.ended(seconds) else None

    def _run(self) -> None:
        try:
            self._value = self._call()
        except BaseException as error:  # raised where it is waited for
            self._error = error
        with self._lock:
            self._done.set()
            left = self._left
        if left:
            self._late(self._error)


@dataclass
class _Asked:
    """One question and, once it is answered, the moment until which the answer counts."""

    until: float = float("inf")
    task: Task[Any] = field(init=False)


class Soon:
    """Answers to questions that may take long, by key. One that came late is kept for whoever asks again, an error too.

    ``late`` is called with the key when there is an answer that nobody waited for.
    """

    def __init__(self, late: Callable[[Any], None]) -> None:
        self._late = late
        self._lock = threading.Lock()  # guards what follows
        self._asked: dict[Hashable, _Asked] = {}

    def ask(self, key: Hashable, call: Callable[[], T], *, fresh: float = 0.0) -> T | None:
        """What the call returned or raised, if that is known within moments; else None.

        Whoever asks the same meanwhile, or within ``fresh`` seconds afterwards, gets the same answer. An error is told once.
        """
        asked = self._begun(key, call)
        if not asked.task.ended(PATIENCE):
            return None
        counts, asked.until = asked.until, 0.0
        value: T | None = asked.task.outcome()
        asked.until = min(counts, time.monotonic() + fresh)
        return value

    def forget(self, key: Hashable) -> None:
        """The answer has been had from elsewhere: a question asked from now on is another one."""
        with self._lock:
            self._asked.pop(key, None)

    def _begun(self, key: Hashable, call: Callable[[], Any]) -> _Asked:
        def answered() -> Any:
            try:
                return call()
            finally:  # before anybody takes the answer, which then counts no longer
                asked.until = time.monotonic() + _KEPT_SECONDS

        with self._lock:
            now = time.monotonic()
            self._asked = {other: asked for other, asked in self._asked.items() if asked.until > now}
            if key not in self._asked:
                self._asked[key] = asked = _Asked()
                asked.task = Task(answered, lambda _: self._late(key))
            return self._asked[key]
