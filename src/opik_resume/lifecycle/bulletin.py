"""What whoever waits for a run hears meanwhile: a line when trouble begins, a line when it is over, and the end."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Empty, SimpleQueue

from opik_resume.engine.events import Ended, Event, RecordedAgain, Unrecorded
from opik_resume.lifecycle.display.watching import Progress


class Bulletin:
    """A listener that hands sentences from the engine's threads to the one that says them, until the wait is over."""

    def __init__(self) -> None:
        self._sentences: SimpleQueue[str | None] = SimpleQueue()
        self._told = False

    def __call__(self, event: Event) -> None:
        match event:
            case Unrecorded() if not self._told:
                self._told = True
                self._sentences.put(event.sentence)
            case RecordedAgain():
                self._told = False
                self._sentences.put("All finished runs are recorded again: the evaluation goes on.")
            case Ended():
                self.close()

    def close(self) -> None:
        """There is nothing more to wait for."""
        self._sentences.put(None)

    def until_the_end(self, progress: Progress) -> Iterator[str]:
        """Every sentence, as it comes. The progress is drawn meanwhile."""
        while True:
            try:
                sentence = self._sentences.get(timeout=progress.seconds)
            except Empty:
                progress.tick()
                continue
            if sentence is None:
                return
            yield sentence
