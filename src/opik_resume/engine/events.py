"""What a run tells its listener, in order, from the engine's threads.

A listener must be quick and must not raise: it is called between two runs of a worker.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from opik_resume.base.records import Attempt, CellKey


@dataclass(frozen=True, slots=True)
class RunQueued:
    """This cell is going to be run (or only scored again) by this resume."""

    cell: CellKey


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A worker has started on this cell."""

    cell: CellKey


@dataclass(frozen=True, slots=True)
class Waiting:
    """The task failed on this cell with what passes by itself: it is called again after so many seconds."""

    cell: CellKey
    seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class TriedAgain:
    """The wait on this cell is over, and its task is called again: the ``number``-th time."""

    cell: CellKey
    number: int


@dataclass(frozen=True, slots=True)
class BackingOff:
    """A provider refuses calls: nothing begins for so many seconds (0: something may), then so many of ``most`` at a time.

    Told when it becomes fewer and when it becomes more; it is over when they are all ``most`` again.
    """

    seconds: float
    at_work: int
    most: int

    @property
    def over(self) -> bool:
        return self.at_work >= self.most and self.seconds <= 0

    def said(self, seconds: float) -> str:
        """``backing off 12 s, 4 of 16 at work``, when so many seconds are left."""
        wait = f" {math.ceil(seconds)} s" if seconds > 0 else ""
        return f"backing off{wait}, {self.at_work} of {self.most} at work"


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The attempt of this cell is durable in the store; ``filled`` says whether the cell is complete now."""

    cell: CellKey
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class RunDropped:
    """This cell was queued and is not going to be run by this resume; ``reason`` says why."""

    cell: CellKey
    reason: str


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """The store refuses so many finished runs: they wait in memory, are tried again, and nothing new starts meanwhile."""

    count: int
    problem: str

    @property
    def sentence(self) -> str:
        one = self.count == 1
        runs = "1 finished run" if one else f"{self.count} finished runs"
        fate = "It waits in memory and is tried again" if one else "They wait in memory and are tried again"
        return f"{runs} cannot be recorded: {self.problem.rstrip('.')}. {fate}; nothing new starts meanwhile."


@dataclass(frozen=True, slots=True)
class RecordedAgain:
    """All that the store refused is recorded now: the run goes on."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more will start.

    ``outcome`` is ``finished``, ``limited`` (by a stop rule), ``stopped`` or ``broken``; ``reason`` says why.
    ``abandoned`` cells were still running when control went back: they are recorded if they still arrive.
    """

    outcome: str
    reason: str | None = None
    abandoned: tuple[CellKey, ...] = ()


Event = (
    RunQueued
    | RunStarted
    | Waiting
    | TriedAgain
    | BackingOff
    | RunFinished
    | RunDropped
    | Unrecorded
    | RecordedAgain
    | Ended
)
