"""What whoever waits for a run should hear while it runs: one line when trouble begins, one when it is over."""

from __future__ import annotations

from queue import Empty, SimpleQueue

from opik_resume.engine.events import Event, RecordedAgain, Unrecorded


class Bulletin:
    """A listener that collects sentences from the engine's threads, to be said where somebody waits."""

    def __init__(self) -> None:
        self._sentences: SimpleQueue[str] = SimpleQueue()
        self._told = False

    def __call__(self, event: Event) -> None:
        match event:
            case Unrecorded() if not self._told:
                self._told = True
                self._sentences.put(event.sentence)
            case RecordedAgain():
                self._told = False
                self._sentences.put("All finished runs are recorded again: the evaluation goes on.")

    def news(self) -> list[str]:
        """What has not been said yet."""
        sentences = []
        try:
            while True:
                sentences.append(self._sentences.get_nowait())
        except Empty:
            return sentences
