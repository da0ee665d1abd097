"""How long lies between the calls of a provider that refuses even single ones, learned from those that pass. Pure.

Calls that are refused one by one, in vain, still tell how many pass in a while: so many are made, evenly. It is kept only
while it helps, for there are refusals that no pace prevents: so spaced, many more must pass in a row than did before.
"""

from __future__ import annotations

from collections import deque

LONGEST = 60.0
ROOM = 1.1  # times as long as was learned, at first
FIRST_QUICKER = 0.02  # so much less is left after each call that passes, until one is refused
QUICKER = 0.003  # from then on
LONG_ROW = 40  # calls in a row, after which it is twice as much less, and so on
MORE = 2  # times as many pass in a row, or it is in vain
LATEST = 20  # calls of a row, of which it is learned
RARER = 4  # times as many rows go by without it, each time it was in vain


class Pace:
    """That of one run. Not safe to use from several threads at once."""

    def __init__(self) -> None:
        self.seconds = 0.0  # between the beginnings of two calls
        self._refused = False  # since the last one passed
        self._latest: deque[float] = deque(maxlen=LATEST)  # began those of a row, if it is known where that began
        self._row = 0  # so many have passed in a row
        self._before = 0  # so many did when it was not kept yet
        self._rows = 1  # that go by without it, the next time it is in vain
        self._rows_left = 0
        self._quicker = FIRST_QUICKER

    def passed(self, began: float) -> None:
        """A call has passed that began at that moment."""
        starts = self._refused
        if starts:
            self._learn(began)
        if starts or self._latest:
            self._latest.append(began)
        self._row += 1
        self.seconds *= 1 - self._quicker * (1 + self._row / LONG_ROW)

    def refused(self, *, alone: bool) -> None:
        """A call was refused. Where others were on the way, nothing is learned of it."""
        if not alone:
            self._latest.clear()
        elif self.seconds and not self._refused and self._row <= MORE * self._before:
            self.seconds, self._rows_left = 0.0, self._rows + 1
            self._rows *= RARER
        self._refused = True

    def _learn(self, began: float) -> None:
        """A row has ended, with refusals, and another one begins."""
        latest, row = list(self._latest), self._row
        self._latest.clear()
        self._row, self._refused = 0, False
        if not latest:
            return
        each = min(LONGEST, (began - latest[0]) / len(latest))
        if self.seconds:
            self.seconds, self._rows, self._quicker = each, 1, QUICKER
        elif self._rows_left:
            self._rows_left -= 1
        else:
            self.seconds, self._before, self._quicker = ROOM * each, row, FIRST_QUICKER
