"""Whoever watches a run: how it is shown, and the program that is told its events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from opik_resume.base.process import hosts
from opik_resume.base.process.doors import caller
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
    from opik_resume.experiment.plan import ResumePlan
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
    """Nothing is shown, or something else shows it."""

    seconds: float | None = None

    def __call__(self, event: Event) -> None: ...

    def tick(self) -> None: ...

    def close(self) -> None: ...


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
    def following(self, run: Run, plan: ResumePlan, reading: Reading, store: Store) -> Iterator[Progress]:
        """Show a run that is ready, and tell its events, until the end of the context."""
        kind = chosen(self.display, self.verbose, hosts.place())
        if kind == "grid":
            kind = _grid_shown(run, plan, reading, store)
        with self._told(run), drawn(progress_of(plan.experiment_name, len(plan), kind)) as progress:
            run.listen(progress)
            yield progress

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


def _grid_shown(run: Run, plan: ResumePlan, reading: Reading, store: Store) -> Kind | None:
    """Show the live grid where the caller is. Returns what is to be shown besides: a bar, if there can be no grid."""
    grid = hook.grid()
    try:
        if grid is None:
            return "bar"
        caller().call(grid, run, plan, reading, store)
    except KeyboardInterrupt:  # the caller leaves: whoever waits for the run stops it
        return None
    except Exception as error:
        logger.warning("The live grid cannot be shown, a bar is: %s", error)
        return "bar"
    return None
