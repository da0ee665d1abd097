"""Cells → what a resume would replay, why, and how long that takes. Pure.

By default ``never_run``, ``task_failed``, ``scoring_failed`` and ``interrupted`` cells are run again (task and
scoring), ``scores_missing`` cells get the metrics scored again that failed, if metrics of those names are given, and
``completed`` cells are kept.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from opik_resume.base.records import Attempt, CellKey, CellState
from opik_resume.experiment.grid import Grid

if TYPE_CHECKING:
    import pandas as pd

Action = Literal["run", "score"]
COLUMNS = ["item_id", "trial", "state", "action", "reason"]


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """One cell of a plan.

    When the action is ``score``, ``metrics`` names the scores to make; it is empty for an output that was kept when its
    scoring failed, which is scored with every metric.
    """

    key: CellKey
    state: CellState
    action: Action
    reason: str
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True)
class ResumePlan:
    """What a resume of one experiment would do, cell by cell, in the experiment's order.

    ``len(plan)`` is the number of cells it would touch; ``kept`` complete cells stay as they are.
    ``seconds_per_run`` is the median of the runs recorded so far, or None when there are none.
    """

    experiment_id: str
    experiment_name: str
    cells: tuple[PlannedCell, ...]
    kept: int
    seconds_per_run: float | None = None

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def runs(self) -> int:
        """Cells whose task is called."""
        return sum(cell.action == "run" for cell in self.cells)

    @property
    def scores(self) -> int:
        """Cells that are only scored again."""
        return sum(cell.action == "score" for cell in self.cells)

    def seconds(self, task_threads: int) -> float | None:
        """An estimate of the time the runs take with that many workers, in seconds."""
        if self.seconds_per_run is None:
            return None
        return self.runs * self.seconds_per_run / max(1, min(task_threads, self.runs))

    def to_pandas(self) -> pd.DataFrame:
        """One row a cell: ``item_id``, ``trial``, ``state``, ``action``, ``reason``."""
        import pandas as pd

        rows = [(*cell.key, cell.state.name, cell.action, cell.reason) for cell in self.cells]
        return pd.DataFrame(rows, columns=COLUMNS)

    def restricted_to(self, shown: ResumePlan) -> ResumePlan:
        """The cells of this plan that ``shown`` holds with the same action: never a cell more than was shown."""
        seen = {(cell.key, cell.action) for cell in shown.cells}
        kept = tuple(cell for cell in self.cells if (cell.key, cell.action) in seen)
        return ResumePlan(self.experiment_id, self.experiment_name, kept, self.kept, self.seconds_per_run)

    def without(self, keys: Collection[CellKey]) -> ResumePlan:
        """The plan without the cells of these keys."""
        return replace(self, cells=tuple(cell for cell in self.cells if cell.key not in keys))

    def summary(self) -> str:
        """One sentence for people."""
        if not self.cells:
            return f"{self.experiment_name}: complete, nothing to run ({self.kept} runs kept)"
        parts = [_count(self.runs, "run")] if self.runs else []
        parts += [f"{_count(self.scores, 'run')} to score again"] if self.scores else []
        return f"{self.experiment_name}: {', '.join(parts)}; {self.kept} kept"

    def _by_reason(self) -> list[tuple[str, str, int]]:
        counted = Counter((cell.state.name, cell.reason) for cell in self.cells)
        return [(state, reason, count) for (state, reason), count in counted.most_common()]

    def __repr__(self) -> str:
        lines = [f"  {count:>6}  {state}: {reason}" for state, reason, count in self._by_reason()]
        return "\n".join([f"<ResumePlan {self.summary()}>", *lines])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='text-align:right'>{count}</td><td>{state}</td>"
            f"<td style='text-align:left'>{html.escape(reason)}</td></tr>"
            for state, reason, count in self._by_reason()
        )
        head = f"<p><b>{html.escape(self.summary())}</b></p>"
        return head + (f"<table><tr><th>runs</th><th>state</th><th>reason</th></tr>{rows}</table>" if rows else "")


def make_plan(
    experiment_id: str,
    experiment_name: str,
    grid: Grid,
    metric_names: Collection[str] | None = None,
    *,
    reuse_outputs: bool = False,
) -> ResumePlan:
    """Plan a resume of the experiment whose cells are ``grid``.

    Args:
        experiment_id, experiment_name: whose cells these are.
        grid: its cells.
        metric_names: the metrics that will be given. None means "whichever": every missing score can be repaired.
        reuse_outputs: score the kept output of a ``scoring_failed`` cell again instead of running its task again.
    """

    def planned(key: CellKey, state: CellState, attempt: Attempt | None) -> PlannedCell | None:
        return _replayed(key, state, attempt, metric_names, reuse_outputs=reuse_outputs)

    return _plan(experiment_id, experiment_name, grid, planned)


def make_rescoring_plan(
    experiment_id: str, experiment_name: str, grid: Grid, metric_names: Collection[str], *, missing_only: bool
) -> ResumePlan:
    """Plan to score every complete run with these metrics, or with those whose scores it does not have yet."""

    def planned(key: CellKey, state: CellState, attempt: Attempt | None) -> PlannedCell | None:
        if attempt is None or not attempt.complete:
            return None
        there = {score.name for score in attempt.scores if not score.scoring_failed} if missing_only else set()
        names = tuple(name for name in metric_names if name not in there)
        return PlannedCell(key, state, "score", f"to be scored: {', '.join(names)}", names) if names else None

    return _plan(experiment_id, experiment_name, grid, planned)


def _plan(
    experiment_id: str,
    experiment_name: str,
    grid: Grid,
    planned: Callable[[CellKey, CellState, Attempt | None], PlannedCell | None],
) -> ResumePlan:
    everything = zip(grid.keys(), grid.states.tolist(), grid.attempts, strict=True)
    cells = [planned(key, CellState(state), attempt) for key, state, attempt in everything]
    chosen = tuple(cell for cell in cells if cell is not None)
    return ResumePlan(experiment_id, experiment_name, chosen, len(grid) - len(chosen), _median_seconds(grid))


def _replayed(
    key: CellKey,
    state: CellState,
    attempt: Attempt | None,
    metric_names: Collection[str] | None,
    *,
    reuse_outputs: bool,
) -> PlannedCell | None:
    if state is CellState.scoring_failed and reuse_outputs:
        return PlannedCell(key, state, "score", _reason(state, attempt))
    if state is CellState.completed:
        return None
    if state is CellState.scores_missing and attempt is not None:
        names = tuple(n for n in attempt.failed_metrics if metric_names is None or n in metric_names)
        return PlannedCell(key, state, "score", f"{', '.join(names)} raised", names) if names else None
    return PlannedCell(key, state, "run", _reason(state, attempt))


def _reason(state: CellState, attempt: Attempt | None) -> str:
    error = attempt.error if attempt is not None else None
    if error is not None and state is not CellState.interrupted:
        first_line = error.message.strip().partition("\n")[0]
        return f"{error.exception_type}: {first_line[:160]}" if first_line else error.exception_type
    return "stopped while running" if state is CellState.interrupted else "never started"


def _median_seconds(grid: Grid) -> float | None:
    seconds = [
        (attempt.ended_at - attempt.started_at).total_seconds()
        for attempt in grid.attempts
        if attempt is not None and attempt.complete and attempt.ended_at is not None
    ]
    if not seconds:
        return None
    import statistics  # with its decimals and fractions a good part of what importing this package takes

    return statistics.median(seconds)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
