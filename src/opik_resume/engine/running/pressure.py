"""How many calls a provider bears, learned from those that it refuses. Pure: every moment is given, in seconds of any clock.

A refusal lowers how many calls may be on the way by a factor; each time as many have succeeded as may be, one more may. Where
so many were refused the last time it is less than one more, and the longer nothing is refused the more. What had begun before
the last cut is old news, and cuts nothing again. Nothing begins before the provider's stated moment, nor, when even one call
at a time is refused again and again, for ever longer; then one goes ahead, and the others follow if it succeeds. Where single
calls are refused between others that succeed, they are spaced.
"""

from __future__ import annotations

from opik_resume.engine.running.pace import Pace

FEWER = 0.6  # of the calls on the way, after a refusal
GENTLE_ROUNDS = 20  # after a cut, until one more a round may be on the way even beyond those that were refused
FIRST_HOLD, LONGEST_HOLD = 0.25, 60.0  # seconds for which all hold, when nothing has succeeded in between
PROBE_SECONDS = 5.0  # after which another call goes ahead, if the first has not come back


class Pressure:
    """That of one run: told of its calls, asked when another may begin. Not safe to use from several threads at once.

    Args:
        most: how many calls may be on the way when nobody objects.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._too_many = float("inf")  # of them were, at the last cut
        self._rounds = 0.0  # of successes since then
        self._proven = True  # whether one has succeeded that began after the last cut
        self._cut = float("-inf")
        self._held_until = float("-inf")
        self._hold = FIRST_HOLD
        self._probing = False
        self._probe: float | None = None  # when the call that goes ahead began
        self._pace = Pace()
        self._last = float("-inf")  # began the last one

    @property
    def calm(self) -> bool:
        """Whether nothing has been refused."""
        return self._cut == float("-inf")

    @property
    def limit(self) -> int:
        """How many calls may be on the way."""
        return 1 if self._probing else max(1, int(self._limit))

    def held(self, now: float) -> float:
        """For how many seconds nothing begins."""
        return max(0.0, self._held_until - now)

    def until_next(self, now: float, at_work: int) -> float | None:
        """In how many seconds another may begin; None: not before one has come back."""
        wait = max(self.held(now), self._last + self._pace.seconds - now)
        if wait > 0:
            return wait
        if self._probing:
            return 0.0 if self._probe is None else max(0.0, self._probe + PROBE_SECONDS - now)
        return None if at_work >= self.limit else 0.0

    def began(self, now: float) -> None:
        """A call begins."""
        self._last = now
        if self._probing:
            self._probe = now

    def passed(self, began: float) -> None:
        """A call has succeeded that began at that moment."""
        if self.calm or began < self._cut:
            return
        self._proven, self._probing, self._hold = True, False, FIRST_HOLD
        self._pace.passed(began)
        self._rounds += 1 / self._limit
        near = self._limit + 1 > self._too_many
        step = min(1.0, self._rounds / GENTLE_ROUNDS) if near else 1.0
        self._limit = min(self._most, self._limit + step / self._limit)

    def refused(self, began: float, now: float, stated: float | None, at_work: int) -> bool:
        """A call has been refused; the provider may have stated for how long. Returns whether that is news.

        Args:
            began: when it began.
            now: the present moment.
            stated: seconds, as :func:`~opik_resume.engine.retrying.stated.seconds_until` finds them.
            at_work: how many were on the way, with it.
        """
        if began < self._cut:
            return False
        self._pace.refused(alone=at_work <= 1)
        alone = self.limit == 1
        self._too_many, self._rounds = min(self._limit, at_work), 0.0
        self._limit = max(1.0, self._too_many * FEWER)
        if stated is not None:
            self._held_until = max(self._held_until, now + stated)
        if alone and not self._proven:
            self._held_until = max(self._held_until, now + (self._hold if stated is None else 0.0))
            if at_work <= 1:  # else it was let in with others, before there was a refusal: they are no row of refusals
                self._hold = min(LONGEST_HOLD, 2 * self._hold)
            self._probing, self._probe = True, None
        self._cut, self._proven = now, False
        return True
