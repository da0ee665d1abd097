"""One experiment beside another of the same dataset, as ``docs/protocol.md`` has it: ``compare`` and ``beside``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from opik_resume.base.records import Experiment, Json
from opik_resume.exceptions import ArgumentError
from opik_resume.experiment.grid import Grid
from opik_resume.experiment.results.comparing import UNKNOWN, Scored, compare
from opik_resume.experiment.results.comparison_frame import comparison_frame
from opik_resume.experiment.results.error_bars import Mean
from opik_resume.notebook.widget.looking.planes import SCORE, Planes
from opik_resume.notebook.widget.requests import Answer, RequestRefused

if TYPE_CHECKING:
    import pandas as pd

NO_VERDICT = 255


def comparable(one: Experiment, other: Experiment) -> None:
    """Raise ArgumentError unless they are two experiments of one dataset."""
    if one.id == other.id:
        raise ArgumentError(f"{one.name} is compared with itself: choose another experiment.")
    if one.dataset_id != other.dataset_id:
        raise ArgumentError(
            f"{other.name} is of the dataset {other.dataset_name}, not of {one.dataset_name}: choose one of the same dataset."
        )


def compared(here: Planes, there: Planes, by: str) -> Answer:
    """Counts and means; a verdict on each cell (0 worse, 1 the same, 2 better); the items, what has become worst first.

    By another score, if that is not one of both and there is one.
    """
    if not by.startswith(SCORE):
        raise RequestRefused(f"There is nothing to compare by {by!r}.")
    of_both = [SCORE + name for name in shared(here, there)]
    by = next(iter(of_both), by) if by not in of_both else by
    found = compare(_scored(here, by), _scored(there, by))
    result = {
        "by": by,
        "shared": of_both,
        "better": found.count(1),
        "same": found.count(0),
        "worse": found.count(-1),
        "mean": _mean_json(found.mean),
        "other_mean": _mean_json(found.other_mean),
        "difference": _mean_json(found.difference),
        "only_here": found.only_here,
        "only_there": found.only_there,
    }
    cells = np.where(found.cells == UNKNOWN, NO_VERDICT, found.cells + 1).astype(np.uint8)
    return result, [cells.tobytes(), found.order.astype("<u4").tobytes()]


def shared(here: Planes, there: Planes) -> list[str]:
    """The names of the scores that both have."""
    return [name for name in here.scores if name in there.scores]


def comparison_table(here: Planes, there: Planes, metric: str | None = None) -> pd.DataFrame:
    """See ``comparison_frame``: of all scores that either has, or of one that both have.

    Raises:
        ArgumentError: they do not both have it.
    """
    names = list(dict.fromkeys([*here.scores, *there.scores])) if metric is None else [_one(here, there, metric)]
    scores = {name: (_scored(here, SCORE + name), _scored(there, SCORE + name)) for name in names}
    return comparison_frame(here.grid.item_ids, scores)


def _one(here: Planes, there: Planes, metric: Any) -> str:
    of_both = shared(here, there)
    if not isinstance(metric, str):
        raise ArgumentError(f"metric must be the name of a score, got {metric!r}")
    if metric not in of_both:
        raise ArgumentError(
            f"metric: there are no scores {metric!r} in both experiments, but {', '.join(map(repr, of_both)) or 'none'}."
        )
    return metric


def counterpart(grid: Grid, cell: int, other: Grid) -> int | None:
    """Of the item's runs elsewhere the one that is shown beside this cell: that of its trial, else the item's first."""
    if cell >= len(grid):
        raise RequestRefused(f"There is no cell {cell}.")
    key = grid.key(cell)
    if key.item_id not in other.item_ids:
        return None
    row = other.item_ids.index(key.item_id)
    runs = int(other.runs.counts[row])
    return int(other.offsets[row]) + (key.trial if key.trial < runs else 0) if runs else None


def _scored(planes: Planes, by: str) -> Scored:
    """A score that no run of it has is no error: the other experiment may have it."""
    grid = planes.grid
    values = planes.scores.get(by.removeprefix(SCORE), np.full(len(grid), np.nan))
    return Scored(grid.item_ids, grid.rows(np.arange(len(grid))), values)


def _mean_json(mean: Mean | None) -> Json:
    return (
        {"mean": None, "error": None, "n": 0} if mean is None else {"mean": mean.mean, "error": mean.error, "n": mean.n}
    )
