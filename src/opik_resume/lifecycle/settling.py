"""Waiting until what other programs see of an experiment on a server is what was recorded: ``settle=True``."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from queue import SimpleQueue
from typing import TYPE_CHECKING

from opik_resume.base.process.doors import caller
from opik_resume.base.records import utc_now
from opik_resume.base.text import redaction
from opik_resume.exceptions import ExperimentNotFound, ServerError
from opik_resume.experiment.results.evaluation_result import EvaluationResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from opik_resume.base.records import Attempt
    from opik_resume.stores.protocol import Store

LONGEST = 240.0  # seconds: servers need 65 to 145
LOOK = 5.0  # seconds between two looks: as often as servers compute their views
BEHIND = timedelta(minutes=2)  # for how long a result says that other programs may not see it yet

logger = redaction.logger("opik_resume")


def expect(result: EvaluationResult, store: Store) -> EvaluationResult:
    """Runs have just been recorded: the result says for a while that others may not see them."""
    if store.remote:
        result.seen_by = utc_now() + BEHIND
    return result


def settle(result: EvaluationResult, store: Store, *, verbose: int) -> None:
    """Wait until others see what the result has, at most :data:`LONGEST` seconds, and say so if they do not.

    Within a door, as the last that it does: when its caller leaves (Ctrl-C, ■) only the waiting ends.
    """
    if not store.remote:
        return
    waiting, who = _Waiting(result, store), caller()
    who.may_leave = True
    who.when_left(waiting.stop)
    with _shown(shown=verbose > 0) as show:
        left = waiting.wait(show)
    if left == 0:
        result.seen_by = None
    elif left is None:
        logger.warning("%r: what others see of it was not waited for to the end.", result.experiment_name)
    else:
        logger.warning(
            "%r: after %d seconds the server still shows others %d of its runs as they were before. They are on the server: "
            "it only has not computed its views.",
            result.experiment_name,
            LONGEST,
            left,
        )


class _Waiting:
    """The looks of a thread of its own: a request may hang, and whoever waits may leave."""

    def __init__(self, result: EvaluationResult, store: Store) -> None:
        self._id = result.experiment_id
        self._store = store
        self._stopped = threading.Event()
        self._looks: SimpleQueue[tuple[int, int] | None] = (
            SimpleQueue()
        )  # how many are not seen, of how many; None: end
        self._last: int | None = None

    def stop(self) -> None:
        self._stopped.set()
        self._looks.put(None)

    def wait(self, show: Callable[[int, int], None]) -> int | None:
        """How many are not seen in the end; None when that was not waited for, or nobody could tell."""
        threading.Thread(target=self._look_on, name="opik-resume-settling", daemon=True).start()
        while (look := self._looks.get()) is not None:
            self._last, _ = look
            show(*look)
        return None if self._stopped.is_set() else self._last

    def _look_on(self) -> None:
        deadline = time.monotonic() + LONGEST
        attempts: list[Attempt] | None = None
        while not self._stopped.is_set():
            try:
                attempts = attempts if attempts is not None else self._attempts()
                unseen = self._store.unseen(self._id, attempts)
                self._looks.put((unseen, len(attempts)))
                if unseen == 0:
                    break
            except (ServerError, ExperimentNotFound) as error:
                logger.info("What others see of %s cannot be asked at the moment: %s", self._id, error)
            if self._stopped.wait(max(0.0, min(LOOK, deadline - time.monotonic()))) or time.monotonic() >= deadline:
                break
        self._looks.put(None)

    def _attempts(self) -> list[Attempt]:
        """What there is to be seen: all that has ended and is not refused."""
        refused = self._store.pending(self._id).refused
        ended = (a for a in self._store.attempts(self._id) if a.ended_at is not None or a.complete)
        return [attempt for attempt in ended if attempt.id not in refused]


@contextmanager
def _shown(*, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """Shows how many are not seen, of how many."""
    if not shown:
        yield lambda unseen, total: None
        return
    from tqdm import tqdm

    with tqdm(desc="seen by others", unit="run", dynamic_ncols=True) as bar:

        def show(unseen: int, total: int) -> None:
            bar.total, bar.n = total, total - unseen
            bar.refresh()

        yield show
