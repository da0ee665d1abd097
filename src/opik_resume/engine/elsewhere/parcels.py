"""Calls on their way to an executor: one by one, or several at once where each takes next to no time.

Handing a call over costs a cluster about a millisecond, whatever it does. Of runs that take longer than that it is of no
interest, and each had better go to whichever worker is free.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial

from opik_resume.engine.elsewhere.messages import Answer
from opik_resume.engine.workers import start_thread
from opik_resume.exceptions import OutOfThreads

MOST = 16
"""Calls in one parcel: what a worker has that is lost, at most."""
PARCEL_SECONDS = 0.02
"""What the calls of one parcel may take together."""
SHARES = 2  # parcels that all that may be on the way makes at least, so that no worker waits for another
LINGER_SECONDS = 0.01  # for which others are waited for that fill a parcel, if there may be any
_CALMER = 0.9  # of how long calls took: one that was slow is remembered for a while

Submit = Callable[[Sequence[bytes], bool], "Future[bytes]"]
"""Hands calls to the executor, with the kit if a worker lacks it. Returns what comes to pickled answers, in order."""


class Parcels:
    """Those of one run. Safe to use from any thread.

    Args:
        submit: may raise ExecutorBroken.
        on_the_way: how many calls there may be at a time.
    """

    def __init__(self, submit: Submit, on_the_way: int) -> None:
        self._submit = submit
        self._on_the_way = on_the_way
        self._out = 0  # handed over, and not back
        self._most = max(1, min(MOST, on_the_way // SHARES))
        self._seconds = float("inf")  # that a call takes
        self._waiting: list[tuple[bytes, bool, Future[Answer]]] = []
        self._changed = threading.Condition()  # guards the two below, and what changes above
        self._sends = False
        self._over = False

    def send(self, call: bytes, *, kit: bool = False) -> Future[Answer]:
        """What comes of this call. Raises ExecutorBroken, as may the future."""
        future: Future[Answer] = Future()
        with self._changed:
            if self._size > 1 and not self._over and self._sending_begun():
                self._waiting.append((call, kit, future))
                self._changed.notify()
                return future
        self._hand_over([(call, kit, future)])
        return future

    def _sending_begun(self) -> bool:
        """Whether there is a thread for parcels. Without one, calls go alone."""
        if not self._sends:
            with suppress(OutOfThreads):
                start_thread("parcels", self._sending)
                self._sends = True
        return self._sends

    def took(self, seconds: float) -> None:
        """A call has taken so long."""
        with self._changed:
            known = self._seconds if self._seconds != float("inf") else seconds
            self._seconds = max(seconds, _CALMER * known)

    def stop(self) -> None:
        """What has not been handed over is refused. Nothing is waited for any more."""
        with self._changed:
            self._over = True
            waiting, self._waiting = self._waiting, []
            self._changed.notify()
        for _, _, future in waiting:
            future.set_result(("refused", None))

    @property
    def _size(self) -> int:
        """How many calls may go together."""
        return max(1, min(self._most, int(PARCEL_SECONDS / max(self._seconds, 1e-6))))

    @property
    def _full(self) -> bool:
        """Whether no others need be waited for: there are enough, or there can be none before some come back."""
        waiting = len(self._waiting)
        return waiting >= self._size or waiting + self._out >= self._on_the_way

    def _sending(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._over)
                self._changed.wait_for(lambda: self._full or self._over, LINGER_SECONDS)
                if self._over:
                    return
                size = self._size
                parcel, self._waiting = self._waiting[:size], self._waiting[size:]
            try:
                self._hand_over(parcel)
            except Exception as error:  # whoever waits for one of them is told
                for _, _, future in parcel:
                    future.set_exception(error)

    def _hand_over(self, parcel: Sequence[tuple[bytes, bool, Future[Answer]]]) -> None:
        handed = self._submit([call for call, _, _ in parcel], any(kit for _, kit, _ in parcel))
        with self._changed:
            self._out += len(parcel)
        handed.add_done_callback(partial(self._back, [future for _, _, future in parcel]))

    def _back(self, waiting: Sequence[Future[Answer]], handed: Future[bytes]) -> None:
        with self._changed:
            self._out -= len(waiting)
        _answered(waiting, handed)


def _answered(waiting: Sequence[Future[Answer]], handed: Future[bytes]) -> None:
    try:
        answers: list[Answer] = pickle.loads(handed.result(0))  # noqa: S301  # our own worker's
        answered = list(zip(waiting, answers, strict=True))
    except BaseException as error:  # the executor's, whatever it is: it is of all of them
        for future in waiting:
            future.set_exception(error)
        return
    for future, answer in answered:
        future.set_result(answer)
