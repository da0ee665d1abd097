"""When a call stops by itself: how much it may run, and how much may fail. Pure.

A rule that trips starts nothing more; what is on its way is waited for and recorded, and may go beyond the limit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from opik_resume.base.records import Attempt, ErrorInfo
from opik_resume.base.text.phrases import counted, error_line
from opik_resume.experiment.failures.failure_groups import failure_group
from opik_resume.experiment.failures.transient import is_transient

BREAKER = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """The stop rules of one call, of which None is no rule.

    ``max_runs`` to start, ``max_seconds`` after which none starts, ``max_failures`` of runs that fail in task or scoring,
    ``max_consecutive_failures`` in order of ending, ``max_cost`` in US dollars after which none starts. ``breaker``: stop
    when so many runs were the first to end and all of them failed in one group that does not pass by itself; after one
    success it is out of play.
    """

    max_runs: int | None = None
    max_seconds: float | None = None
    max_failures: int | None = None
    max_consecutive_failures: int | None = None
    max_cost: float | None = None
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
    """What one call has started and what has come of it, in all its rounds. Not safe to use from several threads at once.

    Args:
        limits: its rules.
        began: the moment of its start, in seconds of a clock that only goes forward.
    """

    def __init__(self, limits: Limits, began: float) -> None:
        self._limits = limits
        self._began = began
        self._started = self._ended = self._failed = self._in_a_row = 0
        self._first: ErrorInfo | None = None  # of the failures that the breaker counts; None once it is out of play
        self._cost = 0.0
        self._tripped: tuple[str, str] | None = None

    def may_start(self, now: float) -> bool:
        """Whether one more run may start now; it counts as started then."""
        self._look(now, "are over")
        if self._tripped is not None:
            return False
        self._started += 1
        return True

    def may_wait_until(self, then: float) -> bool:
        """Whether something may start at a later moment: if not, nobody need wait for it."""
        self._look(then, "are over before the next round")
        return self._tripped is None

    def _look(self, now: float, said: str) -> None:
        limits = self._limits
        if limits.max_runs is not None and self._started >= limits.max_runs:
            self._trip("max_runs", f"{counted(self._started, 'run')} started (max_runs={limits.max_runs})")
        if limits.max_seconds is not None and now - self._began >= limits.max_seconds:
            self._trip("max_seconds", f"{limits.max_seconds:g} seconds {said} (max_seconds={limits.max_seconds:g})")

    def seconds_left(self, now: float) -> float | None:
        """How long something may still start, for who waits to start again; None: no rule says."""
        limit = self._limits.max_seconds
        return None if limit is None else max(0.0, limit - (now - self._began))

    def ended(self, attempt: Attempt, cost: float | None = None, *, passes: bool = False) -> None:
        """One run has ended: in this order.

        Args:
            attempt: what has come of it.
            cost: what this call paid for it, in US dollars, as far as it is known.
            passes: it failed of what passes by itself, however it is called.
        """
        self._ended += 1
        self._cost += cost or 0.0
        failed = not attempt.complete
        self._failed += failed
        self._in_a_row = self._in_a_row + 1 if failed else 0
        self._count_for_breaker(attempt, passes=passes)
        self._count("max_failures", self._failed, f"{counted(self._failed, 'run')} failed")
        self._count("max_consecutive_failures", self._in_a_row, f"{counted(self._in_a_row, 'run')} in a row failed")

        self._count_cost()

    @property
    def tripped(self) -> bool:
        """Whether nothing more may start."""
        return self._tripped is not None

    def stopped_by(self, not_started: int) -> StoppedBy | None:
        """What has stopped the call, if some of it was not started for that."""
        if self._tripped is None or not not_started:
            return None
        rule, reason = self._tripped
        return StoppedBy(rule, self._overrun(reason) if rule == "max_cost" else reason, not_started)

    def _count(self, rule: str, count: int, said: str) -> None:
        limit = getattr(self._limits, rule)
        if limit is not None and count >= limit:
            self._trip(rule, f"{said} ({rule}={limit})")

    def _count_cost(self) -> None:
        limit = self._limits.max_cost
        # Ten times ten cents are a dollar, though their sum is a little less.
        if limit is not None and (self._cost >= limit or math.isclose(self._cost, limit)):
            self._trip("max_cost", f"max_cost={limit:g}")

    def _overrun(self, rule: str) -> str:
        """What was spent by the end, by how much that is more than the limit, and why it may be."""
        over = self._cost - (self._limits.max_cost or 0.0)
        beyond = f", {dollars(over)} more: what was on its way was waited for" if over > 1e-9 else ""
        return f"{dollars(self._cost)} spent ({rule}{beyond})"

    def _count_for_breaker(self, attempt: Attempt, *, passes: bool) -> None:
        breaker, error = self._limits.breaker, None if passes else attempt.error
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
            self._trip(
                "breaker",
                f"{breaker} of {breaker} runs failed with {error_line(self._first.exception_type, self._first.message)}",
            )

    def _trip(self, rule: str, reason: str) -> None:
        self._tripped = self._tripped or (rule, reason)


def _group(error: ErrorInfo) -> str:
    return failure_group(error.exception_type, error.message)


def dollars(amount: float) -> str:
    """US dollars for people: cents, and of less than ten of them two digits that count."""
    amount = float(f"{amount:.9g}")
    return f"${amount:,.2f}" if amount >= 0.1 or amount == 0 else f"${float(f'{amount:.2g}'):.10f}".rstrip("0")
