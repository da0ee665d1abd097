"""The scores of many runs as columns: one row a score, run by run, in the order in which each run has them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from opik_resume.base.columns.ids import Numbers
from opik_resume.base.numeric import np, npt
from opik_resume.base.records import ScoreResult

Flags: TypeAlias = "npt.NDArray[np.bool_]"
Told = tuple[str, float, bool]
"""The name of a score, its value, and whether its metric failed."""


def told(scores: Iterable[ScoreResult]) -> Sequence[Told]:
    """The scores of one run."""
    return [(score.name, score.value, score.scoring_failed) for score in scores]


@dataclass(frozen=True)
class ScoreColumns:
    """Arrays of one length, a million scores in 20 MB.

    Attributes:
        run: the number of each score's run among those that were asked for.
        name: the place of its name in ``names``, which are in the order in which they first occur.
        value: what it is.
        failed: whether its metric failed: the value says nothing then.
    """

    run: Numbers
    name: npt.NDArray[np.int32]
    value: npt.NDArray[np.float64]
    failed: Flags
    names: Sequence[str]

    @property
    def finite(self) -> Flags:
        """Which of them are numbers to reckon with: see :attr:`ScoreResult.finite`."""
        return ~self.failed & np.isfinite(self.value)

    @classmethod
    def of(cls, runs: Iterable[Sequence[Told]]) -> ScoreColumns:
        """Of the scores of each run."""
        places: dict[str, int] = {}
        counts, names, values, failed = array("q"), array("i"), array("d"), array("b")
        for scores in runs:
            counts.append(len(scores))
            for name, value, has_failed in scores:
                names.append(places.setdefault(name, len(places)))
                values.append(value)
                failed.append(has_failed)
        run = np.repeat(np.arange(len(counts), dtype=np.int64), np.array(counts, dtype=np.int64))
        return cls(
            run,
            np.array(names, dtype=np.int32),
            np.array(values, dtype=np.float64),
            np.array(failed, dtype=np.bool_),
            list(places),
        )
