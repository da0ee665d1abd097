"""One batch to a server; and when it is refused, whom that is about: the server as a whole, or a row.

A proxy that is being restarted refuses whatever comes, in the very words of a server that refuses one row. Therefore a
refusal is laid on a row only when the same server takes another one and, after that, refuses this one again. Until
something is taken the refusal is that of the server, and all that waits goes on waiting.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from opik_resume.base.records import Attempt
from opik_resume.exceptions import RequestRefused, ServerError
from opik_resume.stores.file.journal import Entry, Journal

_TOO_LARGE = 413
_ABOUT_A_ROW = {
    400,
    404,
    409,
    _TOO_LARGE,
    422,
}  # what a server answers to a batch with an element that it will not take
_SAMPLES = 8  # rows of a refused batch that are tried by themselves: is anything taken?
_CONFIRMATIONS = 2  # how often a row is refused after another was taken, before it is left out
RESTART_SECONDS = 60.0  # longer than a restart takes: from then on, where nothing was ever taken, a greeting is proof

Send = Callable[[Sequence[Entry]], object]


class Dispatch:
    """Brings batches to one server, and tells the journal what became of their rows. One call at a time.

    Args:
        journal: where the rows are from.
        send: sends them, in the right order, and returns when all of them are acknowledged.
        greet: asks whether the server is there and knows us. Both raise ServerError.
    """

    def __init__(self, journal: Journal, send: Send, greet: Callable[[], object]) -> None:
        self._journal = journal
        self._send = send
        self._greet = greet
        self._known: Entry | None = None  # a row that was taken
        self._nothing_since: float | None = None  # when it was first seen that nothing is taken
        self._refused: list[tuple[Attempt, str]] = []

    def told_refused(self) -> list[tuple[Attempt, str]]:
        """The rows that were left out since this was last asked, each with the server's words."""
        refused, self._refused = self._refused, []
        return refused

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Send these; of a batch that is refused all but the rows that spoil it.

        Raises:
            ServerError: it takes nothing at the moment.
        """
        error = self._try(entries)
        if error is None:
            return
        if len(entries) > 1:
            self._halve(entries if error.status == _TOO_LARGE else self._without_the_taken(entries, error))
        else:
            self._judge(entries[0], error)

    def _halve(self, entries: Sequence[Entry]) -> None:
        middle = -(-len(entries) // 2)
        for half in (entries[:middle], entries[middle:]):
            if half:
                self.deliver(half)

    def _judge(self, entry: Entry, error: RequestRefused) -> None:
        """Leave the row out, if it is refused again and again while others are taken."""
        for _ in range(_CONFIRMATIONS):
            if not self._without_the_taken([entry], error):
                return
            again = self._try([entry])
            if again is None:
                return
            error = again
        self._journal.refused(entry, str(error))
        self._refused.append((entry.attempt, str(error)))

    def _without_the_taken(self, entries: Sequence[Entry], error: RequestRefused) -> Sequence[Entry]:
        """Have something taken, one of these or another: what is left of these. Raises the error if nothing is."""
        for sample in self._samples(entries):
            if self._try([sample]) is None:
                return [entry for entry in entries if entry is not sample]
        if not self._is_there():
            raise error
        return entries

    def _samples(self, entries: Sequence[Entry]) -> Iterator[Entry]:
        """First one that is sure to be taken: it goes every way that rows go, and is the same whenever it is sent."""
        if self._known is not None:
            yield self._known
        yield from entries[:: -(-len(entries) // _SAMPLES)]

    def _is_there(self) -> bool:
        """Whether it answers as a server does that knows us, and has refused all that we ever had for long enough."""
        now = time.monotonic()
        self._nothing_since = self._nothing_since or now
        if self._known is not None or now - self._nothing_since < RESTART_SECONDS:
            return False
        try:
            self._greet()
        except ServerError:
            return False
        return True

    def _try(self, entries: Sequence[Entry]) -> RequestRefused | None:
        """Send these: None when they were taken, else the refusal. Raises every other ServerError."""
        try:
            self._send(entries)
        except RequestRefused as error:
            if error.status not in _ABOUT_A_ROW:
                raise
            return error
        self._journal.delivered(entries)
        self._nothing_since = None
        self._known = next(filter(_is_final, entries), self._known)
        return None


def _is_final(entry: Entry) -> bool:
    """Whether it has all that a row can have, and no repair will ever change it."""
    attempt = entry.attempt
    return attempt.complete and attempt.trial is not None and not any(score.scoring_failed for score in attempt.scores)
