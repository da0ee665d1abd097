"""Values of cells and orders of items: by a score, by what a run took, by how far an item's trials differ.

What is asked for and answered is in ``docs/protocol.md``: ``plane`` and ``order``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from opik_resume.base.columns.ids import Numbers
from opik_resume.base.records import CellState, Json
from opik_resume.base.states import FAILED
from opik_resume.experiment.grid import EMPTY, Bytes, Grid, is_done
from opik_resume.experiment.results.error_bars import Mean, mean_of
from opik_resume.notebook.widget.requests import Answer, RequestRefused

Values = npt.NDArray[np.float64]
"""One a cell, NaN where there is none."""
STEPS = 255  # of a scale
MISSING = 255  # no step
_LEAST = 0.01  # a smaller end would look like 0 on a scale to 1
SCORE = "score:"
DISAGREEMENT = "disagreement"
_TAKEN = {"duration": "seconds", "cost": "cost", "tokens": "tokens"}
"""Columns of attempts that can be shown, by name. One run may take a thousand times what others take."""
_TROUBLED = (CellState.task_failed, CellState.scoring_failed, CellState.scores_missing)


@dataclass(frozen=True)
class Planes:
    """What can be shown of one grid's cells besides their states; all scores are read once."""

    grid: Grid
    scores: dict[str, Values]

    @classmethod
    def of(cls, grid: Grid, among: Numbers | None = None) -> Planes:
        """Of every complete run, or those among some, the scores that are finite numbers."""
        cells = np.flatnonzero(is_done(grid.states)) if among is None else among[is_done(grid.states[among])]
        found: dict[str, Values] = {}
        for cell, scores in zip(
            cells.tolist(), grid.columns.source.scores(grid.columns.row[grid.filled[cells]]), strict=True
        ):
            for score in scores:
                if score.finite:
                    if score.name not in found:
                        found[score.name] = np.full(len(grid), np.nan)
                    found[score.name][cell] = score.value
        return cls(grid, dict(sorted(found.items())))

    def scales(self, among: Numbers | None = None) -> Json:
        """The scores that there are, with their means, or those among some cells."""
        chosen = slice(None) if among is None else among
        means = {name: _mean(values[chosen], self._items[chosen]) for name, values in self.scores.items()}
        return {"scales": [{"by": SCORE + name, "name": name, **mean} for name, mean in means.items()]}

    def measures(self) -> list[str]:
        """What can be shown besides scores: of cost and tokens, what anybody knows; disagreement where there are trials."""
        known = [by for by in ("cost", "tokens") if not np.isnan(self.values(by)).all()]
        trials = bool((np.diff(self.grid.offsets) > 1).any())
        return ["duration", "attempts", *known, *([DISAGREEMENT] if trials else [])]

    def plane(self, by: str) -> Answer:
        """Every cell's place along a scale, quantised."""
        own = self._spread(by) if _of_items(by) else self.values(by)
        there = own[~np.isnan(own)]
        low, high = _ends(there, by)
        values = self._to_cells(own) if _of_items(by) else own
        steps = _quantised(values, low, high, logarithmic=by in _TAKEN)
        worst = "low" if by.startswith(SCORE) else "high"
        items = np.arange(len(own)) if _of_items(by) else self._items
        return {"by": by, "low": low, "high": high, "worst": worst, **_mean(own, items)}, [steps.tobytes()]

    def order(self, by: str) -> Answer:
        """The item at each place, the worst first; those without a value come last, as they are in the experiment."""
        if by == "failures":
            keys = -self._by_item(np.isin(self.grid.states, _TROUBLED).astype(np.float64))
        else:
            keys = self._means(self.values(by)) * (1 if by.startswith(SCORE) else -1)
        return {"by": by}, [np.argsort(keys, kind="stable").astype("<u4").tobytes()]

    @cached_property
    def _items(self) -> Numbers:
        """The item of each cell, by its place."""
        return np.repeat(np.arange(len(self.grid.offsets) - 1), np.diff(self.grid.offsets))

    def values(self, by: str) -> Values:
        """Those of ``score:…``, what a run took (``duration`` in seconds, ``cost``, ``tokens``), ``attempts``, ``disagreement…``."""
        if by in _TAKEN:
            return self._filled(getattr(self.grid.columns, _TAKEN[by]))
        if by == "attempts":
            return self._attempts()
        if _of_items(by):
            return self._to_cells(self._spread(by))
        name = by.removeprefix(SCORE)
        if not by.startswith(SCORE) or name not in self.scores:
            raise RequestRefused(f"There is nothing to show by {by!r}.")
        return self.scores[name]

    def _filled(self, column: Values) -> Values:
        values = np.full(len(self.grid), np.nan)
        there = self.grid.filled != EMPTY
        values[there] = column[self.grid.filled[there]]
        return values

    def _attempts(self) -> Values:
        """How many there are of ``Grid.tries``, of all cells."""
        there = self.grid.filled != EMPTY
        return np.where(there, self.grid.superseded + 1.0, np.nan)

    def _spread(self, by: str) -> Values:
        """From the lowest to the highest value of each item's trials, NaN of fewer than two values.

        Of ``disagreement:…`` those of what follows; of ``disagreement`` alone, 1 of a complete run and 0 of a failed one.
        """
        _, _, of = by.partition(":")
        values = self.values(of) if of else self._outcomes()
        there = np.flatnonzero(np.diff(self.grid.offsets))  # items that have cells
        starts = self.grid.offsets[there]
        spread = np.full(len(self.grid.offsets) - 1, np.nan)
        with np.errstate(over="ignore"):
            spread[there] = np.fmax.reduceat(values, starts) - np.fmin.reduceat(values, starts)
        np.minimum(spread, np.finfo(np.float64).max, out=spread)
        spread[self._by_item((~np.isnan(values)).astype(np.float64)) < 2] = np.nan
        return spread

    def _outcomes(self) -> Values:
        states = self.grid.states
        return np.where(is_done(states), 1.0, np.where(np.isin(states, FAILED), 0.0, np.nan))

    def _to_cells(self, by_item: Values) -> Values:
        """What is of an item, for each of its cells."""
        return by_item[self._items]

    def _by_item(self, values: Values) -> Values:
        # Each on its own: in running sums, what follows a huge value would be lost.
        items = len(self.grid.offsets) - 1
        return np.bincount(self._items, values, items).astype(np.float64, copy=False)

    def _means(self, values: Values) -> Values:
        there = ~np.isnan(values)
        with np.errstate(invalid="ignore"):
            return self._by_item(np.where(there, values, 0.0)) / self._by_item(there.astype(np.float64))


def _of_items(by: str) -> bool:
    """Whether all trials of an item have one value."""
    return by.partition(":")[0] == DISAGREEMENT


def _mean(values: Values, items: Numbers) -> Json:
    """The mean, its standard error and of how many runs, as a result says them; null where that is not a number."""
    there = ~np.isnan(values)
    of = mean_of(values[there], items[there]) if there.any() else Mean(0, math.nan, None)
    return {"mean": of.mean if math.isfinite(of.mean) else None, "error": of.error, "n": of.n}


def _ends(there: Values, by: str) -> tuple[float, float]:
    """A score between 0 and 1 has these as its ends, or a very small one 0; a disagreement begins at none."""
    if not len(there):
        return 0.0, 1.0
    low, high = float(there.min()), float(there.max())
    if _of_items(by):
        return 0.0, high or 1.0
    if by.startswith(SCORE) and low >= 0 and high <= 1:
        return 0.0, high if 0 < high < _LEAST else 1.0
    return low, high


def _quantised(values: Values, low: float, high: float, *, logarithmic: bool) -> Bytes:
    if logarithmic:  # one run that hung would make all others alike
        least = max(low, high / 1e6, 1e-9)
        values, low, high = np.log(np.maximum(values, least)), math.log(least), math.log(max(high, least))
    # By halves, as what lies between two numbers may be beyond them.
    span = high / 2 - low / 2
    along = (values / 2 - low / 2) / span if span > 0 else np.where(np.isnan(values), np.nan, 0.0)
    return np.where(np.isnan(along), MISSING, np.rint(along * (STEPS - 1))).astype(np.uint8)
