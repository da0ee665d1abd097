"""Values of cells and orders of items, by a score, a duration or a number of attempts (``docs/protocol.md``: Scale)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opik_resume.base.columns.ids import Numbers
from opik_resume.base.records import CellState, Json
from opik_resume.experiment.grid import EMPTY, Bytes, Grid, is_done
from opik_resume.notebook.widget.requests import Answer, RequestRefused

Values = npt.NDArray[np.float64]
"""One a cell, NaN where there is none."""
STEPS = 255  # of a scale
MISSING = 255  # no step
SCORE = "score:"
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
        chosen = [(name, values if among is None else values[among]) for name, values in self.scores.items()]
        return {"scales": [{"by": SCORE + name, "name": name, **_mean(values)} for name, values in chosen]}

    def plane(self, by: str) -> Answer:
        """Every cell's place along a scale, quantised."""
        values = self.values(by)
        there = values[~np.isnan(values)]
        low, high = _ends(there, score=by.startswith(SCORE))
        steps = _quantised(values, low, high, logarithmic=by == "duration")
        result = {
            "by": by,
            "low": low,
            "high": high,
            "worst": "low" if by.startswith(SCORE) else "high",
            **_mean(values),
        }
        return result, [steps.tobytes()]

    def order(self, by: str) -> Answer:
        """The item at each place, the worst first; those without a value come last, as they are in the experiment."""
        if by == "failures":
            keys = -self._by_item(np.isin(self.grid.states, _TROUBLED).astype(np.float64))
        else:
            keys = self._means(self.values(by)) * (1 if by.startswith(SCORE) else -1)
        return {"by": by}, [np.argsort(keys, kind="stable").astype("<u4").tobytes()]

    def values(self, by: str) -> Values:
        """Those of ``score:…``, ``duration`` in seconds or ``attempts``."""
        if by == "duration":
            return self._filled(self.grid.columns.seconds)
        if by == "attempts":
            return self._attempts()
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

    def _by_item(self, values: Values) -> Values:
        sums: Values = np.append(0.0, np.cumsum(values))
        by_item: Values = sums[self.grid.offsets[1:]] - sums[self.grid.offsets[:-1]]
        return by_item

    def _means(self, values: Values) -> Values:
        there = ~np.isnan(values)
        with np.errstate(invalid="ignore"):
            return self._by_item(np.where(there, values, 0.0)) / self._by_item(there.astype(np.float64))


def _mean(values: Values) -> Json:
    """The mean, its standard error (of two runs or more) and of how many runs."""
    there = values[~np.isnan(values)]
    error = float(there.std(ddof=1) / math.sqrt(len(there))) if len(there) > 1 else None
    return {"mean": float(there.mean()) if len(there) else None, "error": error, "n": len(there)}


def _ends(there: Values, *, score: bool) -> tuple[float, float]:
    """A score between 0 and 1 has these as its ends."""
    if not len(there):
        return 0.0, 1.0
    low, high = float(there.min()), float(there.max())
    return (0.0, 1.0) if score and low >= 0 and high <= 1 else (low, high)


def _quantised(values: Values, low: float, high: float, *, logarithmic: bool) -> Bytes:
    if logarithmic:  # one run that hung would make all others alike
        least = max(low, high / 1e6, 1e-9)
        values, low, high = np.log(np.maximum(values, least)), math.log(least), math.log(max(high, least))
    along = (values - low) / (high - low) if high > low else np.where(np.isnan(values), np.nan, 0.0)
    return np.where(np.isnan(along), MISSING, np.rint(along * (STEPS - 1))).astype(np.uint8)
