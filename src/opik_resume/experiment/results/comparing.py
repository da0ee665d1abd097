"""Two experiments of one dataset, compared by one score: what has become better, worse, or is the same. Pure.

Items are paired by their ids. Trials are not: the third run of an item has nothing to do with the third run elsewhere. So
a run is held against the mean of its item's runs in the other experiment, and an item's mean against that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from opik_resume.base.columns.ids import Ids, Numbers
from opik_resume.base.numeric import np, npt
from opik_resume.experiment.results.error_bars import Mean, mean_of

Floats: TypeAlias = "npt.NDArray[np.float64]"
Verdicts: TypeAlias = "npt.NDArray[np.int8]"
"""Of each: 1 better, 0 the same, -1 worse, ``UNKNOWN`` where one of the two has no value."""
BETTER, UNKNOWN = 1, -2
TOLERANCE = 1e-9
"""Of the larger of two values: what differs by less is the same, as sums of floats do."""


@dataclass(frozen=True, eq=False)
class Scored:
    """The score of an experiment's cells: NaN where a cell has none.

    Attributes:
        items: the ids of its items.
        item: of each cell, the place of its item in ``items``.
        values: of each cell, its score.
    """

    items: Ids
    item: Numbers
    values: Floats


@dataclass(frozen=True, eq=False)
class Comparison:
    """How one experiment does beside another.

    Attributes:
        cells: a verdict on each cell of this one, against the mean of its item in the other.
        items: a verdict on each of its items, mean against mean.
        change: of each of its items, its mean less that of the other; NaN where one has none.
        mean, other_mean: over the items that both have values of, each counting once.
        difference: the mean of their changes, with its standard error.
        only_here, only_there: how many items have values in one of them only.
    """

    cells: Verdicts
    items: Verdicts
    change: Floats
    mean: Mean | None
    other_mean: Mean | None
    difference: Mean | None
    only_here: int
    only_there: int

    def count(self, verdict: int) -> int:
        """How many items this is the verdict on."""
        return int(np.count_nonzero(self.items == verdict))

    @property
    def order(self) -> Numbers:
        """The items: the worse ones, the same and the better ones, each by their change; those without a verdict last."""
        known = self.items != UNKNOWN
        return np.lexsort((self.change, np.where(known, self.items, BETTER + 1)))


def compare(here: Scored, there: Scored) -> Comparison:
    """Compare what is here with what is there; a higher score is better."""
    mine, theirs = means_by_item(here), means_by_item(there)
    places = there.items.places(here.items.texts)
    others = np.append(theirs, np.nan)[places]  # -1, an item that is not there, is the last
    change = mine - others
    both = ~np.isnan(change)
    known = np.flatnonzero(both)
    only_there = np.count_nonzero(~np.isnan(theirs)) - len(known)
    return Comparison(
        cells=verdicts(here.values, others[here.item]),
        items=verdicts(mine, others),
        change=change,
        mean=_mean(mine[known]),
        other_mean=_mean(others[known]),
        difference=_mean(change[known]),
        only_here=int(np.count_nonzero(~np.isnan(mine)) - len(known)),
        only_there=int(only_there),
    )


def verdicts(values: Floats, others: Floats) -> Verdicts:
    """On each value against the other."""
    known = ~(np.isnan(values) | np.isnan(others))
    with np.errstate(invalid="ignore", over="ignore"):
        room = TOLERANCE * np.maximum(np.abs(values), np.abs(others))
        found = np.where(values - others > room, 1, np.where(others - values > room, -1, 0))
    return np.where(known, found, UNKNOWN).astype(np.int8)


def means_by_item(scored: Scored) -> Floats:
    """The mean of each item's values; NaN of one without any."""
    there = ~np.isnan(scored.values)
    item, number = scored.item[there], len(scored.items)
    counts = np.bincount(item, minlength=number).astype(np.float64)
    sums = np.bincount(item, scored.values[there], minlength=number)
    with np.errstate(invalid="ignore"):
        means: Floats = sums / counts
    return means


def _mean(values: Floats) -> Mean | None:
    return mean_of(values, np.arange(len(values))) if len(values) else None
