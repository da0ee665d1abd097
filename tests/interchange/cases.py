"""What is evaluated in these tests, on which runs, and how it ends: for both programs and for the tests."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

DATASET = "numbers"
ITEMS = 12
SOME = (1, 3, 4, 6, 7, 9)  # the items that explicit ids name
SAMPLES = 5
DRAWN = 4
SEED = 5
LAST_TURN = 3  # of those that the programs take at one experiment, counted from 0
TRIALS = 2
OWN_POLICY = {7: 3}  # the item that says itself how often it is to be run

METRICS = ("equal", "shaky", "needy")


def is_bad(n: int) -> bool:
    """The items on which something goes wrong, where something does."""
    return n % 3 == 0


def data(n: int) -> dict[str, Any]:
    """The content of an item. The bad ones lack what a metric needs."""
    known: dict[str, Any] = {"n": n, "reference": str(n), "parity": "odd" if n % 2 else "even"}
    return known if is_bad(n) else known | {"context": "known"}


@dataclass(frozen=True)
class Case:
    """An evaluation that dies. ``threads`` are those of its task."""

    death: str
    options: tuple[str, ...]
    threads: int = 2

    @property
    def name(self) -> str:
        return f"{self.death}; {', '.join(self.options) or 'no options'}"

    @property
    def tolerance(self) -> int:
        return 20 if self.death == "argument missing, tolerated" else 10

    @property
    def ids_are_narrowed(self) -> bool:
        """Whether not all of the explicit ids are run: the SDK runs all of them when it resumes (B2, B3)."""
        return "ids" in self.options and "sampler" not in self.options and bool({"filter", "samples"} & {*self.options})

    @property
    def wanted(self) -> Counter[int]:
        """How often each item is to be run, by its number: what the options mean, said once more in plain Python."""
        numbers = list(range(ITEMS - 1, -1, -1))  # newest first
        if "filter" in self.options:
            numbers = [n for n in numbers if n % 2]
        if "ids" in self.options:
            numbers = [n for n in numbers if n in SOME]
        if "samples" in self.options:
            numbers = numbers[:SAMPLES]
        if "sampler" in self.options:
            numbers = random.Random(SEED).sample(numbers, DRAWN)
        trials = TRIALS if "trials" in self.options else 1
        return Counter({n: OWN_POLICY.get(n, trials) for n in numbers})

    @property
    def bad(self) -> Counter[int]:
        """Those of the wanted runs that are on bad items."""
        return Counter({n: runs for n, runs in self.wanted.items() if is_bad(n)})

    @property
    def returning(self) -> int:
        """How many runs return before the rest waits for the end."""
        return self.wanted.total() // 2 - 1


HALVES = (
    (("trials", "filter", "samples"), ("sampler", "ids")),
    (("trials", "ids"), ("filter", "samples", "sampler")),
    (("trials", "sampler"), ("filter", "samples", "ids")),
    (("trials", "samples", "ids"), ("filter", "sampler")),
    (("trials", "filter", "ids"), ("samples", "sampler")),
    (("trials", "samples", "sampler"), ("filter", "ids")),
)


def covering(deaths: Iterable[str], threads: int = 2) -> list[Case]:
    """Two evaluations for each death, which between them use every option; six deaths bring every two together."""
    halves = itertools.cycle(HALVES)
    return [Case(death, options, threads) for death in deaths for options in next(halves)]


IN_SCORING = ("metric raised", "argument missing", "argument missing, tolerated")
BY_ITSELF = ("task raised", *IN_SCORING)  # the process goes on, with the next evaluation
FROM_OUTSIDE = ("Ctrl-C", "SIGKILL")

THEIRS = [
    *covering((*BY_ITSELF, *FROM_OUTSIDE)),
    Case("Ctrl-C, one thread", ("trials", "filter"), threads=1),  # the SDK takes it for a failure of the task (B7)
    Case("SIGKILL, links under way", ("trials", "samples")),  # the outputs are there, of nobody knows what (B12)
]
KEPT_OUTPUT = Case("argument missing", ("trials", "filter"))
OURS = [*covering((*BY_ITSELF, *FROM_OUTSIDE)), *covering(["out of memory"], threads=1)]
WHOLE = [  # nothing goes wrong
    *(
        Case("nothing", options)
        for options in ((), ("words",), *(pair[0] for pair in HALVES), *(pair[1] for pair in HALVES))
    ),
    Case("argument missing, tolerated", ("samples",)),
]
CASES = {case.name: case for case in (*THEIRS, KEPT_OUTPUT, *OURS, *WHOLE)}
