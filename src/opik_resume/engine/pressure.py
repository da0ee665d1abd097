"""How many calls a provider bears, learned from those that it refuses. Pure: every moment is given, in seconds of any clock.

Two limits, since providers have two: how many calls are on the way (lowered by a factor, raised by one after as many have
come back), and how many begin in a second (that which has been borne, a little less after a refusal, a little more after
each success). What had begun before the last cut is old news: it cuts nothing again. If nothing succeeds after a cut, all
hold for as long as the provider states, or ever longer; then one call goes ahead, and the others follow if it succeeds.
"""

from __future__ import annotations

FEWER = 0.8  # of the calls on the way, after a refusal
SLOWER = 0.95  # of the calls a second that have been borne
FASTER = 0.002  # of those, for each success
FINDING = 0.05  # the same, as long as nobody knows how many are borne
FAR = 60  # successes in a row after which it is looked for more, faster
ENOUGH = 5  # successes that say how many are borne
FIRST_HOLD, LONGEST_HOLD = 1.0, 60.0
PROBE_SECONDS = 5.0  # after which another call goes ahead, if the first has not come back


class Pressure:
    """That of one run: told of its calls, asked when another may begin. Not safe to use from several threads at once.

    Args:
        most: how many calls may be on the way when nobody objects.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._pace: float | None = None  # calls a second; None: nobody has objected
        self._borne = 0.0  # of them, at the last cut
        self._guessed = True
        self._since: float | None = None  # when they began to be counted
        self._passed = 0  # since then
        self._proven = False  # whether one has passed that began after the last cut
        self._cut = float("-inf")
        self._next = 0.0  # the moment from which on one more may begin
        self._held_until = float("-inf")
        self._hold = FIRST_HOLD
        self._probe: float | None = None  # when the call that goes ahead began
        self._probing = False

    @property
    def calm(self) -> bool:
        """Whether nothing has been refused."""
        return self._pace is None

    @property
    def limit(self) -> int:
        """How many calls may be on the way."""
        return 1 if self._probing else max(1, int(self._limit))

    def held(self, now: float) -> float:
        """For how many seconds nothing begins."""
        return max(0.0, self._held_until - now)

    def until_next(self, now: float, at_work: int) -> float | None:
        """In how many seconds another may begin; None: not before one has come back."""
        held = self.held(now)
        if held > 0:
            return held
        if self._probing:
            return 0.0 if self._probe is None else max(0.0, self._probe + PROBE_SECONDS - now)
        if at_work >= self.limit:
            return None
        return max(0.0, self._next - now) if self._pace is not None else 0.0

    def began(self, now: float) -> None:
        """A call begins."""
        if self._since is None:
            self._since = now
        if self._probing:
            self._probe = now
        if self._pace is not None:
            self._next = max(self._next, now - 1 / self._pace) + 1 / self._pace  # one may be behind, and is made up for

    def passed(self, began: float) -> None:
        """A call has succeeded that began at that moment."""
        self._passed += 1
        if self._pace is None or began < self._cut:
            return
        self._proven, self._probing, self._hold = True, False, FIRST_HOLD
        self._limit = min(self._most, self._limit + 1 / self._limit)
        far = max(0, self._passed - FAR) / FAR
        self._pace += self._pace * FINDING if self._guessed else self._borne * FASTER * (1 + far * far)

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
        if self._pace is not None and not self._proven:
            self._go_on_holding(now, stated)
        else:
            self._lower(now, at_work)
        self._cut, self._proven = now, False
        return True

    def _lower(self, now: float, at_work: int) -> None:
        seconds = max(now - (self._since if self._since is not None else now), 1e-3)
        self._guessed = self._passed < ENOUGH
        if not self._guessed:
            borne = self._passed / seconds
        else:  # nobody knows yet
            borne = at_work / max(seconds, 1.0) if self._pace is None else self._pace * FEWER
        self._borne = max(borne, 1 / LONGEST_HOLD)
        self._pace = self._borne * SLOWER
        self._limit = max(1.0, min(self._limit, at_work) * FEWER)
        self._passed, self._since = 0, now
        self._next = now + 1 / self._pace

    def _go_on_holding(self, now: float, stated: float | None) -> None:
        self._held_until = max(self._held_until, now + (self._hold if stated is None else stated))
        self._hold = min(LONGEST_HOLD, 2 * self._hold)
        self._limit = max(1.0, self._limit * FEWER)
        self._probing, self._probe = True, None
        self._passed, self._since = 0, self._held_until
