"""The look at a cell right before it is run: the plan is older than the claim, and a complete cell is not called."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opik_resume.base.records import CellKey
from opik_resume.engine.claims import stopping
from opik_resume.engine.claims.stopping import GRACE_SECONDS, RunningCell
from opik_resume.engine.jobs import Job
from opik_resume.stores.protocol import Lease

STILL_RUNNING = "a task of a stopped run is still running on it in this process"
COMPLETED = "completed by the stopped run in the meantime"
LOOK_SECONDS = 0.001
"""How long a look at the local file counts. Runs that take longer than this have one of their own, right before they
start; those that take no time at all share it, since it would take a third of theirs."""
_AHEAD = 32  # cells of one look, at most


@dataclass(slots=True)
class _Look:
    """When, at which cells, those that are taken and why; and for how many it has served, more or less."""

    at: float
    cells: set[CellKey]
    taken: dict[CellKey, str]
    used: int = 0


class Claims:
    """How the workers of one run take their cells.

    Args:
        lease: where they are looked at.
        ahead: so many of the cells that come next, to be looked at with the one at hand.
        given_up: whether the run has been stopped.
    """

    def __init__(self, lease: Lease, ahead: Callable[[int], Sequence[CellKey]], given_up: Callable[[], bool]) -> None:
        self._lease = lease
        self._ahead = ahead
        self._given_up = given_up
        self._lock = threading.Lock()  # one looks at a time, for all that wait meanwhile
        self._last = _Look(-LOOK_SECONDS, set(), {})
        self._waiting: set[CellKey] = set()  # the cells that workers are about to look at

    def take(self, cell: RunningCell, job: Job) -> str | None:
        """Take a cell for a worker, or say why it must not be run.

        A task of a stopped run that is on it in this process gets ``GRACE_SECONDS`` to come back.

        Raises:
            LeaseLost: another resume has taken over: nothing more may be run. As with any error, it is not taken.
        """
        waited = False
        while not stopping.claim(cell):
            waited = True
            if not stopping.wait_until_left(cell, GRACE_SECONDS, self._given_up):
                return STILL_RUNNING
        try:
            why_not = self._why_not(cell, job, waited=waited)
        except BaseException:
            stopping.leave(cell)
            raise
        if why_not is not None:
            stopping.leave(cell)
        return why_not

    def _why_not(self, cell: RunningCell, job: Job, *, waited: bool) -> str | None:
        only_scores = job.cell.action == "score"  # of a run that is there: nothing is paid for twice, unless just now
        if stopping.was_completed(cell) and (waited or not only_scores):
            return COMPLETED
        return None if only_scores else self._look(cell.key, fresh=waited)

    def _look(self, key: CellKey, *, fresh: bool) -> str | None:
        last = self._last
        if fresh or key not in last.cells or time.monotonic() - last.at >= LOOK_SECONDS:
            self._waiting.add(key)
            with self._lock:
                if self._last is last or key not in self._last.cells:  # else another worker has just looked at it, too
                    self._last = self._looked(last)
                self._waiting.discard(key)
                last = self._last
        last.used += 1
        return last.taken.get(key)

    def _looked(self, last: _Look) -> _Look:
        now = time.monotonic()
        cells = {*self._waiting, *self._ahead(min(2 * last.used, _AHEAD))}
        return _Look(now, cells, self._lease.claim(tuple(cells)))
