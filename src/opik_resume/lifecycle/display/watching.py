"""Whoever watches a run: how it is shown, and the program that is told its events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from opik_resume.base.process import hosts
from opik_resume.base.process.doors import caller
from opik_resume.base.process.streams import say
from opik_resume.base.text import redaction
from opik_resume.engine.events import Event
from opik_resume.lifecycle.display import hook
from opik_resume.lifecycle.display.bar import Bar
from opik_resume.lifecycle.display.choosing import Display, Kind, chosen
from opik_resume.lifecycle.display.lines import Lines
from opik_resume.lifecycle.display.standing import Standing
from opik_resume.lifecycle.display.telling import Told

if TYPE_CHECKING:
    from opik_resume.engine import Run
    from opik_resume.experiment.planning.plan import ResumePlan
    from opik_resume.experiment.reading import Reading
    from opik_resume.stores.protocol import Store

logger = redaction.logger("opik_resume")


class Progress(Protocol):
    """What is shown of a run: told its events by the engine's threads, drawn by the one that waits."""

    seconds: float | None
    """How often it wants to be drawn; None: never."""

    def __call__(self, event: Event) -> None:
        """Quick: only count it."""

    def tick(self) -> None:
        """Draw what there is to be drawn now."""

    def close(self) -> None:
        """Draw the end."""


class Unseen:
    """Nothing is shown."""

    seconds: float | None = None

    def __call__(self, event: Event) -> None: ...

    def tick(self) -> None: ...

    def close(self) -> None: ...


class Elsewhere(Unseen):
    """Something else shows it, and is told the end."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._end = end

    def close(self) -> None:
        try:
            self._end()
        except Exception as error:  # the run is over, and its result is not to be lost for a picture
            logger.warning("What the grid shows could not be brought up to date: %s", error)


def progress_of(name: str, total: int, kind: Kind | None, *, brief: bool = False) -> Progress:
    """Progress in text, of so many runs. ``brief``: see :class:`Lines`."""
    if kind is None:
        return Unseen()
    standing = Standing(name, total)
    return Lines(standing, brief=brief) if kind == "lines" else Bar(standing)


@contextmanager
def drawn(progress: Progress) -> Iterator[Progress]:
    """It is closed at the end, whatever comes."""
    try:
        yield progress
    finally:
        progress.close()


@dataclass(frozen=True)
class Watching:
    """What a door was told of showing and telling: its ``verbose``, ``display`` and ``on_event``."""

    verbose: int = 1
    display: Display | None = "auto"
    on_event: Callable[[Event], object] | None = None

    @contextmanager
    def following(
        self, run: Run, plan: ResumePlan, reading: Reading, store: Store, *, earlier: Progress | None = None
    ) -> Iterator[Progress]:
        """Show a run that is ready, and tell its events, until the end of the context.

        ``earlier``: what has shown the round before. A grid follows every run of its experiment.
        """
        kind = chosen(self.display, self.verbose, hosts.place())
        shown = earlier if isinstance(earlier, Elsewhere) else None
        if kind == "grid" and shown is None:
            shown = _grid_of(run, plan, reading, store)
        progress = shown or progress_of(plan.experiment_name, len(plan), "bar" if kind == "grid" else kind)
        with self._told(run), drawn(progress):
            run.listen(progress)
            yield progress

    def say(self, sentence: str) -> None:
        """One line, where progress is shown."""
        if self.verbose > 0 and self.display is not None:
            say(sentence)
        else:
            logger.info(sentence)

    @contextmanager
    def _told(self, run: Run) -> Iterator[None]:
        if self.on_event is None:
            yield
            return
        told = Told(self.on_event)
        run.listen(told)
        caller().when_left(told.leave)
        try:
            yield
        finally:
            told.wait()


def _grid_of(run: Run, plan: ResumePlan, reading: Reading, store: Store) -> Elsewhere | None:
    """The live grid, shown; None when there can be none.

    In this thread, where no signal can cut it off: what is displayed in the caller's context comes out at the caller's cell.
    """
    grid = hook.grid()
    try:
        return None if grid is None else Elsewhere(grid(run, plan, reading, store))
    except Exception as error:
        logger.warning("The live grid cannot be shown, a bar is: %s", error)
        return None
