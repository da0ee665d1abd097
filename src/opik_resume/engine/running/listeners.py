"""Who is told what a run does: every event, in order, never two at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable

from opik_resume.base.text import redaction
from opik_resume.engine.events import Event

logger = redaction.logger(__name__)
Listener = Callable[[Event], None]


class Listeners:
    """Those of one run. Call it with an event, from any thread. They must be quick: workers wait for them."""

    def __init__(self, first: Listener | None = None) -> None:
        self._listeners = [first] if first is not None else []
        self._telling = threading.RLock()  # one event at a time, in order

    def add(self, listener: Listener) -> None:
        """Tell this one, too, what comes from now on."""
        with self._telling:
            self._listeners.append(listener)

    def __call__(self, event: Event) -> None:
        with self._telling:
            for listener in self._listeners:
                try:
                    listener(event)
                except Exception:  # a view must not break what it views
                    logger.exception("opik-resume: a listener failed on %s", type(event).__name__)

    def last(self, event: Event, ended: threading.Event) -> None:
        """Tell the last event; whoever waits for the end goes on once all have heard it, and none hears more before."""
        with self._telling:
            self(event)
            ended.set()
