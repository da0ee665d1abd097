"""Beats the lease of a run while it lasts, and gives up what still runs once the grace time of a stop has passed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from opik_resume.base.text import redaction
from opik_resume.engine.claims.stopping import GRACE_SECONDS
from opik_resume.exceptions import LeaseLost
from opik_resume.stores.protocol import Lease

BEAT_SECONDS = 5.0
_POLL_SECONDS = 0.25  # how soon it is seen that the grace time has passed

logger = redaction.logger(__name__)


class Keeper:
    """That of one run.

    Args:
        lease: the right to run.
        idle: set when nothing of the run is worked on any more, and all is recorded.
        stopping: whether it was told to stop.
        lost: told that another resume has the lease.
        give_up: ends what can be ended, once the grace time has passed.
    """

    def __init__(
        self,
        lease: Lease,
        idle: threading.Event,
        stopping: Callable[[], bool],
        lost: Callable[[LeaseLost], None],
        give_up: Callable[[], None],
    ) -> None:
        self._lease = lease
        self._idle = idle
        self._stopping = stopping
        self._lost = lost
        self._give_up = give_up

    def watch(self) -> None:
        """Until the last worker has left, or the grace time of a stop has passed."""
        next_beat = time.monotonic() + BEAT_SECONDS
        deadline: float | None = None
        while not self._idle.wait(_POLL_SECONDS if self._stopping() else BEAT_SECONDS / 10):
            now = time.monotonic()
            if now >= next_beat:
                next_beat = now + BEAT_SECONDS
                self._beat()
            if self._stopping():
                deadline = deadline or now + GRACE_SECONDS
                if now >= deadline:
                    self._give_up()
                    self._idle.wait(_POLL_SECONDS)
                    return

    def _beat(self) -> None:
        try:
            if not self._lease.beat():
                self._lost(self._lease.lost())
        except Exception:
            logger.exception("opik-resume: the lease could not be renewed")
