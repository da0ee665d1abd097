"""Means of scores with their standard errors: of all runs, of those complete at their first try, and of the others. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from opik_resume.base.columns.ids import Numbers
from opik_resume.base.columns.scores import ScoreColumns
from opik_resume.base.numeric import np, npt

Floats: TypeAlias = "npt.NDArray[np.float64]"
Flags: TypeAlias = "npt.NDArray[np.bool_]"


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of ``n`` values. ``error`` is its standard error, None where there are too few for one."""

    n: int
    mean: float
    error: float | None

    def __str__(self) -> str:
        error = f" ± {self.error:.2g}" if self.error is not None else ""
        return f"{self.mean:.4g}{error} (n = {self.n:,})"


@dataclass(frozen=True, slots=True)
class ScoreMeans:
    """Of one score: over all runs, over those whose first try is the one that counts, and over those with failed ones before.

    The last two are None unless there are both.
    """

    every: Mean
    first_try: Mean | None
    later_try: Mean | None


def means(scores: ScoreColumns, item: Numbers, retried: Flags | None) -> dict[str, ScoreMeans]:
    """By score name; a score that never was a finite number is not in it.

    Args:
        scores: of all runs.
        item: the item of each run, as any number of its own.
        retried: whether something had failed in each run's place before; None: nobody knows.
    """
    found: dict[str, ScoreMeans] = {}
    for place, name in enumerate(scores.names):
        its = scores.finite & (scores.name == place)
        if its.any():
            found[name] = _of(scores.value[its], scores.run[its], item, retried)
    return found


def _of(values: Floats, runs: Numbers, item: Numbers, retried: Flags | None) -> ScoreMeans:
    items = item[runs]
    later = retried[runs] if retried is not None else np.zeros(len(values), dtype=np.bool_)
    every = mean_of(values, items)
    if later.all() or not later.any():
        return ScoreMeans(every, None, None)
    return ScoreMeans(every, mean_of(values[~later], items[~later]), mean_of(values[later], items[later]))


def mean_of(values: Floats, items: Numbers) -> Mean:
    """The mean, with its standard error: clustered by item when items have several runs.

    As in Evan Miller, "Adding Error Bars to Evals: A Statistical Approach to Language Model Evaluations" (2024,
    arXiv:2411.00640): the square root of the variance of the values over n, to which is added, over n², the product of the
    deviations of each two different runs of one item. With one run an item that is the common standard error.
    """
    n, (_, cluster) = len(values), np.unique(items, return_inverse=True)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(values.mean())
        deviations = values - mean
        squares = float((deviations**2).sum())
        together = float((np.bincount(cluster, deviations) ** 2).sum()) - squares
        variance = squares / max(1, n - 1) / n + together / n**2
    known = cluster.max() > 0 and np.isfinite(variance)  # the runs of a single item say nothing of others
    return Mean(n, mean, max(0.0, float(variance)) ** 0.5 if known else None)
