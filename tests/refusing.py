"""A task whose provider refuses so many calls before it answers."""

from __future__ import annotations

import threading
from collections import Counter

from opik_resume.base.records import Json


class RateLimitError(Exception):
    """As providers call it."""

    def __init__(self, said: str = "slow down", retry_after: float | None = None) -> None:
        super().__init__(said)
        if retry_after is not None:
            self.retry_after = retry_after


class Refusing:
    """Refuses each item so often before it answers.

    Args:
        refusals: how often.
        said: what the refusal says.
        limited: only the items below are refused; None: all.
        wrong: the item that is wrong for ever.
        retry_after: seconds that the refusal states.
    """

    def __init__(
        self,
        refusals: int,
        said: str = "slow down",
        *,
        limited: int | None = None,
        wrong: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.refusals, self.said, self.limited = refusals, said, limited
        self.wrong, self.retry_after = wrong, retry_after
        self.calls: Counter[int] = Counter()
        self._lock = threading.Lock()

    def __call__(self, item: Json) -> Json:
        number = item["n"]
        with self._lock:
            self.calls[number] += 1
        if number == self.wrong:
            raise ValueError("wrong for ever")
        if (self.limited is None or number < self.limited) and self.calls[number] <= self.refusals:
            raise RateLimitError(self.said, self.retry_after)
        return {"output": str(number)}

    async def later(self, item: Json) -> Json:
        return self(item)
