"""``on_event=``: a program is told every event of a run, in order, on a thread of its own.

However long it takes, no run waits for it; whatever it raises, none fails.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from queue import SimpleQueue

from opik_resume.base.text import redaction
from opik_resume.engine.events import Ended, Event, RunFinished
from opik_resume.engine.workers import start_thread

logger = redaction.logger("opik_resume")


class Told:
    """A listener that hands each event on. Its thread lives from the first event to the last."""

    def __init__(self, on_event: Callable[[Event], object]) -> None:
        self._on_event = on_event
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._over = threading.Event()  # all has been told, or nobody waits for that
        self._begun = False
        self._raised = 0
        self._context = copy_context()  # of whoever called the door: what is printed comes out there

    def __call__(self, event: Event) -> None:
        self._events.put(event)
        if not self._begun:
            start_thread("events", lambda: self._context.run(self._tell))
            self._begun = True

    def leave(self) -> None:
        """Whoever waits for the end does not any more. What is left is told all the same."""
        self._over.set()

    def wait(self) -> None:
        """Until everything has been told, unless whoever waits has left."""
        if self._begun:
            self._over.wait()
        if self._raised > 1:
            logger.warning("on_event() raised %d times; the first is above. No run failed of it.", self._raised)

    def _tell(self) -> None:
        late: int | None = None  # what may still come after the end
        while late != 0:
            event = self._events.get()
            self._call(event)
            if isinstance(event, Ended):
                late = len(event.abandoned)
                self._over.set()
            elif late and isinstance(event, RunFinished):
                late -= 1

    def _call(self, event: Event) -> None:
        try:
            self._on_event(event)
        except BaseException as error:  # the user's code, whatever it is
            self._note(error, event)

    def _note(self, error: BaseException, event: Event) -> None:
        self._raised += 1
        if self._raised == 1:
            logger.error("on_event() raised on %s. The run goes on.", type(event).__name__, exc_info=error)
