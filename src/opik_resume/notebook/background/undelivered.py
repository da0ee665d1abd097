"""What a server does not have yet, or does not show others yet, of the experiment on show."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

from opik_resume.base.records import Json, Undelivered
from opik_resume.notebook.background.progress import Progress
from opik_resume.stores.protocol import Store

PERIOD, IDLE_PERIOD = 1.0, 5.0
"""Seconds between two looks at the local file, while something waits or runs and otherwise."""
LATER = "other programs see this in about a minute"
_WORDINGS = 3
_INFINITE = float("inf")


class Outbox:
    """Looks into the journal now and then. Not safe for threads: one thread looks. A local store is not looked at."""

    def __init__(self, store: Store) -> None:
        self._store = store if store.remote else None
        self._experiment_id = ""
        self._next = 0.0
        self.undelivered: Json | None = None

    def seconds(self, experiment_id: str, now: float) -> float:
        """How long it may rest."""
        if self._store is None or not experiment_id:
            return _INFINITE
        return max(0.0, self._next - now) if experiment_id == self._experiment_id else 0.0

    def look(self, experiment_id: str, *, running: bool) -> bool:
        """Whether there is something new."""
        if self._store is None:
            return False
        self._next = time.monotonic() + PERIOD  # whatever happens now
        was, self._experiment_id = self.undelivered, experiment_id
        self.undelivered = undelivered_json(self._store.pending(experiment_id))
        if self.undelivered is None and not running:
            self._next += IDLE_PERIOD - PERIOD
        return self.undelivered != was

    def beside(self, progress: Progress) -> Progress:
        """With what the server does not have yet, and what it does not show others yet."""
        late = self._store is not None and progress.outcome == "finished" and progress.done > 0
        note = "; ".join(filter(None, (progress.note, LATER if late else None)))
        return replace(progress, undelivered=self.undelivered, note=note or None)


def undelivered_json(pending: Undelivered) -> Json | None:
    """``docs/protocol.md``; the server's words once each, the most frequent first."""
    if not len(pending):
        return None
    words = [wording for wording, _ in Counter(pending.refused.values()).most_common(_WORDINGS)]
    return {
        "waiting": pending.waiting,
        "refused": len(pending.refused),
        "words": words,
        "problem": pending.problem if pending.waiting else None,
    }
