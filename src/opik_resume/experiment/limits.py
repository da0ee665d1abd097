"""When a call stops by itself: how much it may run, and how much may fail. Pure.

A rule that trips starts nothing more; what is on its way is waited for and recorded, and may go beyond the limit.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from opik_resume.base.records import Attempt, ErrorInfo
from opik_resume.experiment.failure_groups import failure_group
from opik_resume.experiment.transient import is_transient

BREAKER = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """The stop rules of one call, of which None is no rule.

    ``max_runs`` to start, ``max_seconds`` after which none starts, ``max_failures`` of runs that fail in task or scoring,
    ``max_consecutive_failures`` in order of ending. ``breaker``: stop when so many runs were the first to end and all of
    them failed in one group that does not pass by itself; after one success it is out of play.
    """

    max_runs: int | None = None
    max_seconds: float | None = None
    max_failures: int | None = None
    max_consecutive_failures: int | None = None
    breaker: int | None = BREAKER


RULES = tuple(field.name for field in fields(Limits))


@dataclass(frozen=True, slots=True)
class StoppedBy:
    """The rule that stopped a call, why in a sentence, and how many planned runs it did not start."""

    rule: str
    reason: str
    not_started: int

    def __str__(self) -> str:
        advice = f"Fix it and resume, or pass {self.rule}=None." if self.rule == "breaker" else "Resume runs the rest."
        return f"{self.reason}; {self.not_started:,} not started. {advice}"


class Spending:
    """What one call has started and what has come of it. Not safe to use from several threads at once.

    Args:
        limits: its rules.
        began: the moment of its start, in seconds of a clock that only goes forward.
    """

    def __init__(self, limits: Limits, began: float) -> None:
        self._limits = limits
        self._began = began
        self._started = self._ended = self._failed = self._in_a_row = 0
        self._first: ErrorInfo | None = None  # of the failures that the breaker counts; None once it is out of play
        self._tripped: tuple[str, str] | None = None

    def may_start(self, now: float) -> bool:
        """Whether one more run may start now; it counts as started then."""
        limits = self._limits
        if limits.max_runs is not None and self._started >= limits.max_runs:
            self._trip("max_runs", f"{_runs(self._started)} started (max_runs={limits.max_runs})")
        if limits.max_seconds is not None and now - self._began >= limits.max_seconds:
            self._trip("max_seconds", f"{limits.max_seconds:g} seconds are over (max_seconds={limits.max_seconds:g})")
        if self._tripped is not None:
            return False
        self._started += 1
        return True

    def seconds_left(self, now: float) -> float | None:
        """How long something may still start, for who waits to start again; None: no rule says."""
        limit = self._limits.max_seconds
        return None if limit is None else max(0.0, limit - (now - self._began))

    def ended(self, attempt: Attempt) -> None:
        """One run has ended: in this order."""
        self._ended += 1
        failed = not attempt.complete
        self._failed += failed
        self._in_a_row = self._in_a_row + 1 if failed else 0
        self._count_for_breaker(attempt)
        self._count("max_failures", self._failed, f"{_runs(self._failed)} failed")
        self._count("max_consecutive_failures", self._in_a_row, f"{_runs(self._in_a_row)} in a row failed")

    @property
    def tripped(self) -> bool:
        """Whether nothing more may start."""
        return self._tripped is not None

    def stopped_by(self, not_started: int) -> StoppedBy | None:
        """What has stopped the call, if some of it was not started for that."""
        if self._tripped is None or not not_started:
            return None
        return StoppedBy(*self._tripped, not_started)

    def _count(self, rule: str, count: int, said: str) -> None:
        limit = getattr(self._limits, rule)
        if limit is not None and count >= limit:
            self._trip(rule, f"{said} ({rule}={limit})")

    def _count_for_breaker(self, attempt: Attempt) -> None:
        breaker, error = self._limits.breaker, attempt.error
        if breaker is None or self._ended > breaker:
            return
        first = self._first if self._ended > 1 else error
        same = first is not None and error is not None and not attempt.complete and _group(first) == _group(error)
        self._first = first if same else None
        if (
            self._ended == breaker
            and self._first is not None
            and not is_transient(self._first.exception_type, self._first.message)
        ):
            self._trip("breaker", f"{breaker} of {breaker} runs failed with {_said(self._first)}")

    def _trip(self, rule: str, reason: str) -> None:
        self._tripped = self._tripped or (rule, reason)


def _group(error: ErrorInfo) -> str:
    return failure_group(error.exception_type, error.message)


def _said(error: ErrorInfo) -> str:
    first_line = error.message.strip().partition("\n")[0][:160]
    return f"{error.exception_type}: {first_line}" if first_line else error.exception_type


def _runs(number: int) -> str:
    return "1 run" if number == 1 else f"{number:,} runs"
