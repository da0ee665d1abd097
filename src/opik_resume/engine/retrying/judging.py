"""Calls the metrics of a run, and heeds what a provider refuses them: a judge is a model, too.

Only the task is called again within a run. A metric that was refused leaves its run complete with a score missing, which a
resume asks for again; but fewer go to work meanwhile.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, Protocol

from opik_resume.base.records import CellKey, utc_now
from opik_resume.engine.retrying.policy import MAX_WAIT, presses
from opik_resume.engine.retrying.stated import seconds_until
from opik_resume.engine.retrying.trying import Heed


class Heard(Protocol):
    """Who calls, and is told what passes by itself."""

    def __call__(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any: ...

    def heard(self, key: CellKey, error: BaseException) -> bool: ...


class Judging:
    """That of one run, for task and metrics. Safe to use from any thread.

    Once a metric has been refused it is the metrics that tell what the provider bears: that the task came back before says
    nothing of the judge. What was never refused may be a comparison of two texts, and tells nothing.

    Args:
        calls: who calls them.
        heed: told what is borne.
        max_wait: seconds of nothing but refusals, of metrics or of the task, after which they slow nothing down any more: a
            score can be asked for later, and what one run has waited for in vain another need not.
        longest: seconds, of what is stated. More holds nobody up: the runs that are refused so do not wait for it.
    """

    def __init__(self, calls: Heard, heed: Heed, max_wait: float = MAX_WAIT, longest: float = math.inf) -> None:
        self._calls = calls
        self._heed = heed
        self._max_wait, self._longest = max_wait, longest
        self._limited: frozenset[Callable[..., Any]] = frozenset()  # of metrics; replaced as a whole
        self._since: float | None = None  # when a metric was refused, if none has come back since
        self._task_since: float | None = None  # the same of the task

    def __call__(self, key: CellKey, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """What a metric returns that is asked for the scores of this cell."""
        began = time.monotonic()
        try:
            returned = self._calls(function, *args, **kwargs)
        except Exception as error:
            self._calls.heard(key, error)
            if presses(error):
                self._limited |= {function}
                self.judge_refused(began, seconds_until(error, utc_now()))
            raise
        if function in self._limited:
            self.judge_passed(began)
        return returned

    def judge_refused(self, began: float, stated: float | None) -> None:
        """A metric was refused, whose call began at that moment."""
        self._since = self._since or time.monotonic()
        if not self._given_up:
            self._heed.refused(began, self._worth(stated))

    def judge_passed(self, began: float) -> None:
        """A metric has come back that may be refused."""
        self._since = None
        self._heed.passed(began)

    # As those are told who call the task

    def passed(self, began: float) -> None:
        """A call of the task has come back that began at that moment."""
        self._task_since = None
        if not self._limited or self._given_up:
            self._heed.passed(began)

    def refused(self, began: float, stated: float | None) -> None:
        """A call of the task was refused."""
        self._task_since = self._task_since or time.monotonic()
        self._heed.refused(began, 0.0 if self.in_vain else self._worth(stated))

    @property
    def in_vain(self) -> bool:
        """Whether the task has come to nothing but refusals for as long as one run waits: no other need wait then."""
        return self._too_long(self._task_since)

    @property
    def _given_up(self) -> bool:
        return self._too_long(self._since)

    def _too_long(self, since: float | None) -> bool:
        return since is not None and time.monotonic() - since > self._max_wait

    def _worth(self, stated: float | None) -> float | None:
        """For how many seconds all hold."""
        return 0.0 if stated is not None and stated > self._longest else stated
