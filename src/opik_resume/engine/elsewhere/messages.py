"""What travels between a run and its workers: plain data of ours, and the user's code as bytes that cloudpickle made.

It is pickled by us on either side, so that no executor has anything to pickle but bytes and text, and what cannot be
read is the failure of one cell.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from opik_resume.base.records import Attempt, Item, ScoreResult, Try
from opik_resume.base.version import __version__
from opik_resume.engine.cells.tracing import Relay
from opik_resume.engine.retrying.policy import Pause
from opik_resume.engine.retrying.tries import Pressed

Kind = Literal["done", "missing", "refused", "again", "unfit"]
"""Of an answer: the call was made; the kit is not there yet; the run is stopped; the cluster has begun it before,
on a worker that is lost; the worker cannot do it, and says why. In the last four the user's code was not called."""


class Fit(NamedTuple):
    """What both sides must have alike: bytecode of another Python would crash the worker."""

    python: str
    package: str

    @classmethod
    def here(cls) -> Fit:
        return cls("{}.{}".format(*sys.version_info), __version__)

    def __str__(self) -> str:
        return f"Python {self.python} and opik-resume {self.package}"


class Address(NamedTuple):
    """Which run a call belongs to, with what it needs, and the file that says on this machine that the run is stopped.

    ``ticket`` is of the calls that travel together: whoever begins with them must be the first.
    """

    run_id: str
    digest: str
    stop_mark: str
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """How an outcome is judged: the same for all calls of a run."""

    tolerant: bool = False
    required: tuple[str, ...] = ()
    version: str | None = None
    spans: bool = False
    capture: bool = True
    relay: Relay | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One try at a cell, or the scoring of what is there again: with the metrics of these names.

    ``attempt`` is the start, or the attempt to score; ``tries`` are those that were made before, ``pressed`` what a
    provider's refusals had come to by then.
    """

    attempt: Attempt
    item: Item
    terms: Terms
    metrics: Sequence[str] | None = None
    tries: tuple[Try, ...] = ()
    pressed: Pressed | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it. ``pause``: another try is worth it, after so long. ``error``: what was raised, as cloudpickle has it.

    ``refused``: the provider said that it is called too often, and ``stated`` for how many seconds.
    """

    attempt: Attempt
    tries: tuple[Try, ...] = ()
    pause: Pause | None = None
    error: bytes | None = None
    raised: bool = False
    fresh: tuple[ScoreResult, ...] | None = None
    no_cost: str | None = None
    pressed: Pressed | None = None
    refused: bool = False
    stated: float | None = None
    traced: bytes | None = None


Answer = tuple[Kind, Done | str | None]
