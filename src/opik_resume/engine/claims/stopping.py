"""What still runs in this process: no cell is started twice, and an exit waits for what has been paid for.

A sync task cannot be killed. When its own time is up it has *outlived* its run, which is recorded as failed: nothing of it
is waited for, and its cell is not started again while it lives here. When its run is stopped and its grace time has passed it is *abandoned*: it lives on, on
a daemon thread; its result is recorded if it still arrives, and no resume starts its cell while it lives here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol
from weakref import WeakSet

from opik_resume.base.process.exits import finish_at_exit
from opik_resume.base.process.forks import in_each_process
from opik_resume.base.process.streams import say
from opik_resume.base.records import CellKey

GRACE_SECONDS = 10.0  # what running tasks get after a stop, before they count as abandoned
CLOSING_SECONDS = 1.0  # at exit: what their runs get then, to give back what they hold


class RunningCell(NamedTuple):
    """A cell that a worker of this process is on."""

    experiment_id: str
    key: CellKey


class Rescuable(Protocol):
    """What may have finished attempts in memory that are not recorded yet."""

    def rescue(self) -> str | None:
        """Put them into a file. Returns the sentence that says so; None: there are none."""


_changed: threading.Condition  # guards the five sets below
_running: set[RunningCell]
_outlived: set[RunningCell]  # recorded as failed, with a call that goes on
_completed: set[RunningCell]  # by stopped runs, of which a later plan may not know: few, and true for ever
_stops: set[Callable[[str], None]]  # how to stop each run that is active in this process
_rescuables: WeakSet[Rescuable]  # of every run that still has a thread, ended or not


def _begin() -> None:
    """Nothing of a parent's runs goes on in its child."""
    global _changed, _running, _outlived, _completed, _stops, _rescuables
    _changed = threading.Condition()
    _running = set()
    _outlived = set()
    _completed = set()
    _stops = set()
    _rescuables = WeakSet()


in_each_process(_begin)


def claim(cell: RunningCell) -> bool:
    """Take a cell for a worker. False when another worker of this process is still on it."""
    with _changed:
        if cell in _running or cell in _outlived:
            return False
        _running.add(cell)
        return True


def leave(cell: RunningCell, *, completed: bool = False) -> None:
    """The worker is done with the cell, and its attempt is recorded. ``completed``: by a run that is stopped."""
    with _changed:
        if completed:
            _completed.add(cell)
        _running.discard(cell)
        _outlived.discard(cell)
        _changed.notify_all()


def outlive(cell: RunningCell) -> None:
    """The attempt on this cell is recorded, and a call of it goes on: :func:`leave` says when it has ended."""
    with _changed:
        _running.discard(cell)
        _outlived.add(cell)


def was_completed(cell: RunningCell) -> bool:
    """Whether a stopped run of this process has completed the cell, perhaps after the plan of the next one."""
    return cell in _completed


def is_running(cell: RunningCell) -> bool:
    """Whether a worker of this process is on that cell."""
    with _changed:
        return cell in _running or cell in _outlived


def running(experiment_id: str) -> list[RunningCell]:
    """The cells of an experiment that workers of this process are on."""
    with _changed:
        return [cell for cell in _running | _outlived if cell.experiment_id == experiment_id]


def wait_until_left(cell: RunningCell, seconds: float, given_up: Callable[[], bool]) -> bool:
    """Wait until no worker is on the cell. False after ``seconds``, or when ``given_up()`` turns true."""
    deadline = time.monotonic() + seconds
    with _changed:
        while (cell in _running or cell in _outlived) and not given_up() and time.monotonic() < deadline:
            _changed.wait(0.1)
        return cell not in _running and cell not in _outlived


def register(stop: Callable[[str], None]) -> None:
    """Remember how to stop a run, for the exit of the process."""
    with _changed:
        _stops.add(stop)


def unregister(stop: Callable[[str], None]) -> None:
    """The run has ended."""
    with _changed:
        _stops.discard(stop)
        _changed.notify_all()


def remember(run: Rescuable) -> None:
    """At the exit of the process, look whether this run has something left that is not recorded."""
    with _changed:
        _rescuables.add(run)


def _finish_paid_runs() -> None:
    """At exit: start nothing more, and give running tasks their grace time to be recorded."""
    with _changed:
        stops = list(_stops)
    for stop in stops:
        stop("the process ends")
    try:
        _wait_for_running()
    finally:  # a Ctrl-C leaves at once
        with _changed:
            left = list(_rescuables)
        for sentence in filter(None, (run.rescue() for run in left)):
            say(f"opik-resume: {sentence}")


def _wait_for_running() -> None:
    deadline = time.monotonic() + GRACE_SECONDS
    with _changed:
        if _running:
            say(
                f"opik-resume: waiting up to {GRACE_SECONDS:.0f} s for {len(_running)} running tasks, so that what "
                "they return is kept (Ctrl-C leaves at once)"
            )
        while _running and time.monotonic() < deadline:
            _changed.wait(0.2)
        deadline = min(deadline, time.monotonic() + CLOSING_SECONDS)
        while _stops and time.monotonic() < deadline:
            _changed.wait(0.2)


finish_at_exit(_finish_paid_runs)
