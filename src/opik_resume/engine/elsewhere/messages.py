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
from opik_resume.engine.retrying.policy import Pause

Kind = Literal["done", "missing", "refused", "unfit"]
"""Of an answer: the call was made; the kit is not there yet; the run is stopped; the worker cannot do it, and says why.
In the last three the user's code was not called."""


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
    """Which run a call belongs to, with what it needs, and the file that says on this machine that the run is stopped."""

    run_id: str
    digest: str
    stop_mark: str


@dataclass(frozen=True, slots=True)
class Terms:
    """How an outcome is judged: the same for all calls of a run."""

    tolerant: bool = False
    required: tuple[str, ...] = ()
    version: str | None = None
    spans: bool = False
    capture: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """One try at a cell, or the scoring of what is there again: with the metrics of these names.

    ``attempt`` is the start, or the attempt to score; ``tries`` are those that were made before.
    """

    attempt: Attempt
    item: Item
    terms: Terms
    metrics: Sequence[str] | None = None
    tries: tuple[Try, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it. ``pause``: another try is worth it, after so long. ``error``: what was raised, as cloudpickle has it."""

    attempt: Attempt
    tries: tuple[Try, ...] = ()
    pause: Pause | None = None
    error: bytes | None = None
    raised: bool = False
    fresh: tuple[ScoreResult, ...] | None = None
    no_cost: str | None = None


Answer = tuple[Kind, Done | str | None]
