"""Cells → what a resume would replay, why, and how long that takes. Pure.

By default ``never_run``, ``task_failed``, ``scoring_failed`` and ``interrupted`` cells are run again (task and
scoring), ``scores_missing`` cells get the metrics scored again that failed, if metrics of those names are given, and
``completed`` cells are kept.
"""

from __future__ import annotations

import html
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from opik_resume.base.columns.attempts import Metrics, Places
from opik_resume.base.columns.ids import Numbers
from opik_resume.base.numeric import np
from opik_resume.base.records import CellKey, CellState, ScoreResult
from opik_resume.base.text.phrases import counted, error_line
from opik_resume.experiment.failures import causes
from opik_resume.experiment.failures.causes import Cause
from opik_resume.experiment.grid import Flags, Grid, is_done
from opik_resume.experiment.planning import drift, forecast
from opik_resume.experiment.planning.changes import Drift
from opik_resume.experiment.planning.choosing import Only, chosen
from opik_resume.experiment.planning.drift import OnDrift
from opik_resume.experiment.planning.forecast import Forecast, History
from opik_resume.experiment.planning.planned import COLUMNS as COLUMNS  # noqa: PLC0414  # of the plan's table
from opik_resume.experiment.planning.planned import Action, PlannedCells, Reason
from opik_resume.experiment.planning.planned import PlannedCell as PlannedCell  # noqa: PLC0414  # what a plan is made of

if TYPE_CHECKING:
    import pandas as pd

THREADS = 16  # of evaluate and evaluate_resume, when nobody says otherwise


@dataclass(frozen=True)
class ResumePlan:
    """What a resume of one experiment would do, cell by cell, in the experiment's order.

    ``len(plan)`` is the number of cells it would touch; ``kept`` complete cells stay as they are.
    ``seconds_per_run`` is the median of the runs recorded so far, or None when there are none; ``history`` is what
    :meth:`time` and :attr:`cost` are told from. ``threads`` is how many runs go on at a time when nobody says otherwise.
    ``warning`` says how task and metrics differ from those that the kept runs were made and scored with, or None;
    ``drift`` shows what has changed in them.
    ``cells`` are a sequence of :class:`PlannedCell`, each made when it is looked at.
    ``left`` is the number of cells that are missing, too, and were not chosen (:meth:`select`).
    ``reuse_outputs`` is what the plan was made with.
    """

    experiment_id: str
    experiment_name: str
    cells: Sequence[PlannedCell]
    kept: int
    seconds_per_run: float | None = None
    warning: str | None = None
    left: int = 0
    reuse_outputs: bool = False
    drift: Drift = field(default_factory=Drift, compare=False, repr=False)
    history: History | None = field(default=None, repr=False, compare=False)
    threads: int = field(default=THREADS, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", PlannedCells.of(self.cells))

    @property
    def columns(self) -> PlannedCells:
        """Its cells as columns."""
        return PlannedCells.of(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def runs(self) -> int:
        """Cells whose task is called."""
        return int(np.count_nonzero(self.columns.acted("run")))

    @property
    def scores(self) -> int:
        """Cells that are only scored again."""
        return len(self) - self.runs

    def seconds(self, task_threads: int) -> float | None:
        """An estimate of the time it takes with that many workers, in seconds: the middle of :meth:`time`."""
        found = self._forecast(task_threads)
        return found and found.middle

    def time(self, task_threads: int) -> tuple[float, float] | None:
        """The time it takes with that many workers, in seconds: hardly less than the first, hardly more than the second.

        Told from the runs of this experiment that are complete, the newest weighing most, with their scoring and with what
        calling and recording them took. None as long as there are none.
        """
        found = self._forecast(task_threads)
        return found and (found.low, found.high)

    def _forecast(self, task_threads: int) -> Forecast | None:
        if self.history is None:
            return None
        return self.history.time(self.runs, max(1, task_threads), scores=self.scores)

    @property
    def cost(self) -> tuple[float, float] | None:
        """What its runs cost in US dollars, told from those that are complete: hardly less, hardly more. None: nobody knows."""
        return self.history.costs(self.runs) if self.history is not None else None

    @property
    def tokens(self) -> tuple[float, float] | None:
        """How many tokens its runs use, likewise: an Opik server's traces tell it."""
        return self.history.tokens_of(self.runs) if self.history is not None else None

    def to_pandas(self) -> pd.DataFrame:
        """One row a cell: ``item_id``, ``position``, ``trial``, ``state``, ``action``, ``reason``, ``failure_group``."""
        return self.columns.to_pandas()

    def __iter__(self) -> Iterator[PlannedCell]:
        """Its cells."""
        return iter(self.cells)

    def __getitem__(self, which: int | slice | Only) -> ResumePlan:
        """The plan of some of its cells: by their places, or chosen as by :meth:`select`."""
        if isinstance(which, slice):
            return self._of(self.columns.chosen(which))
        if isinstance(which, int | np.integer):
            place = range(len(self))[which]  # raises IndexError
            return self._of(self.columns.chosen(slice(place, place + 1)))
        return self.select(which)

    def select(self, only: Only) -> ResumePlan:
        """The plan of those cells that ``only`` means.

        Args:
            only: a string means the first of these that there is: a state (``failed`` is ``task_failed`` and
                ``scoring_failed``), a type of exceptions (``"RateLimit*"``), a failure group, a metric. A list means what
                any in it means, a dict what all in it mean: ``{"states": …, "exceptions": …, "groups": …, "metrics": …,
                "items": …, "trials": …, "cells": …}``, each one or a list. Items are ids or, as whole numbers, their positions
                in the experiment's order; cells are pairs of an item and a trial. Both are counted from 0, as on screen.

        Raises:
            ArgumentError: something in it matches no cell of the plan; the message names what there is.
        """
        return self._of(self.columns.chosen(chosen(self.columns, only)))

    def part(self, which: Flags) -> ResumePlan:
        """The plan of those cells that are flagged, one flag each in its order."""
        return self._of(self.columns.chosen(which))

    def _of(self, cells: PlannedCells) -> ResumePlan:
        return replace(self, cells=cells, left=self.left + len(self) - len(cells))

    def restricted_to(self, shown: ResumePlan) -> ResumePlan:
        """The cells of this plan that ``shown`` holds with the same action: never a cell more than was shown."""
        among = self.columns.among(shown.columns, same_action=True)
        return replace(self, cells=self.columns.chosen(among))

    def without(self, keys: Collection[CellKey]) -> ResumePlan:
        """The plan without the cells of these keys."""
        return replace(self, cells=self.columns.chosen(~self.columns.having(keys))) if keys else self

    @property
    def untouched(self) -> bool:
        """Whether nothing of the experiment has been run yet."""
        return not self.kept and not self.left and not self.columns.states.any()

    def summary(self) -> str:
        """One sentence for people."""
        if not self.cells and not self.left:
            return f"{self.experiment_name}: complete, nothing to run ({self.kept} runs kept)"
        parts = [counted(self.runs, "run")] if self.runs else []
        parts += [f"{counted(self.scores, 'run')} to score again"] if self.scores else []
        left = f", {self.left:,} left missing" if self.left else ""
        warned = f" ({self.warning})" if self.warning else ""
        return f"{self.experiment_name}: {', '.join(parts) or 'nothing to run'}; {self.kept} kept{left}{warned}"

    @property
    def expected(self) -> str:
        """What it takes, for people: "about 2 to 4 min at 16 threads, about $0.20 to $0.35". Empty when nobody knows."""
        time = self.time(self.threads) if self.cells else None
        cost, tokens = (self.cost, self.tokens) if self.runs else (None, None)
        parts = [f"{forecast.said_time(*time)} at {counted(self.threads, 'thread')}"] if time is not None else []
        parts += [forecast.said_tokens(*tokens)] if tokens is not None else []
        return ", ".join(parts + ([forecast.said_costs(*cost)] if cost is not None else []))

    def __repr__(self) -> str:
        lines = [
            f"  {count:>6}  {state}{f' ({metrics})' if metrics else ''}: {group}"
            for state, metrics, group, count in self.columns.by_group()
        ]
        head = ", ".join(filter(None, (self.summary(), self.expected)))
        return "\n".join([f"<ResumePlan {head}>", *lines])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='text-align:right'>{count}</td><td>{state}</td><td>{html.escape(metrics)}</td>"
            f"<td style='text-align:left'>{html.escape(group)}</td></tr>"
            for state, metrics, group, count in self.columns.by_group()
        )
        expected = f"<br>{html.escape(self.expected)}" if self.expected else ""
        head = f"<p><b>{html.escape(self.summary())}</b>{expected}</p>"
        return head + (
            f"<table><tr><th>runs</th><th>state</th><th>metric</th><th>failure group</th></tr>{rows}</table>"
            if rows
            else ""
        )


def make_plan(
    experiment_id: str,
    experiment_name: str,
    grid: Grid,
    metric_names: Collection[str] | None = None,
    *,
    original: Collection[str] | None = None,
    reuse_outputs: bool = False,
    on_drift: OnDrift = "warn",
    changes: Drift | None = None,
) -> ResumePlan:
    """Plan a resume of the experiment whose cells are ``grid``.

    Args:
        experiment_id, experiment_name: whose cells these are.
        grid: its cells.
        metric_names: the metrics that will be given. None means "whichever": every missing score can be repaired.
        original: the metrics of the original evaluation; None when they are not known.
        reuse_outputs: score the kept output of a ``scoring_failed`` cell again instead of running its task again.
        on_drift: ``ignore`` takes it for meant that metrics are left out: complete runs need no more for lack of them,
            and nothing is said of what has changed.
        changes: of task and metrics, since the kept runs were made.
    """
    ignoring = on_drift == "ignore"
    reasons = Reasons(grid)
    lacking = [_to_be_scored(said, metric_names, ignoring=ignoring) for said in grid.columns.metrics]
    reasons.of_metrics(grid.states == CellState.scores_missing, lacking)
    never_run = causes.of_cell(CellState.never_run)
    reasons.same(grid.states == CellState.never_run, Reason("run", never_run.message, (), (never_run,)))
    reasons.of_errors(CellState.interrupted, "run")
    reasons.of_errors(CellState.task_failed, "run")
    reasons.of_errors(CellState.scoring_failed, "score" if reuse_outputs else "run")
    plan = _plan(experiment_id, experiment_name, grid, reasons)
    plan = replace(plan, drift=changes or Drift(), reuse_outputs=reuse_outputs)
    # Who repairs scores, repairs metrics: that they are others than before is no news then.
    scored_anew = bool((plan.columns.states != CellState.scores_missing).any())
    if ignoring or not scored_anew:
        return plan
    said = [plan.drift.sentence(("task", "metric") if plan.runs else ("metric",))]
    if metric_names is not None and original is not None:
        said.insert(0, drift.sentence(original, metric_names, _kept_scored_by(grid)))
    return replace(plan, warning="; ".join(filter(None, said)) or None)


def make_rescoring_plan(
    experiment_id: str, experiment_name: str, grid: Grid, metric_names: Collection[str], *, missing_only: bool
) -> ResumePlan:
    """Plan to score every complete run with these metrics, or with those whose scores it does not have yet."""
    reasons, done = Reasons(grid), is_done(grid.states)
    if missing_only:
        reasons.of_scores(done, metric_names)
    elif metric_names:
        reasons.same(done, _anew(tuple(metric_names)))
    return _plan(experiment_id, experiment_name, grid, reasons)


def _plan(experiment_id: str, experiment_name: str, grid: Grid, reasons: Reasons) -> ResumePlan:
    cells = np.flatnonzero(reasons.codes != _KEPT)
    rows = grid.rows(cells)
    planned = PlannedCells(
        grid.item_ids, rows, cells - grid.offsets[rows], grid.states[cells], reasons.codes[cells], reasons.listed
    )
    plan = ResumePlan(experiment_id, experiment_name, planned, len(grid) - len(cells), _median_seconds(grid))
    return replace(plan, history=History.of(grid.columns, scoring=plan.scores > 0))


_KEPT = -1
_AT_ONCE = 5_000  # cells whose errors are looked at together


class Reasons:
    """The reason of each cell of a grid to be planned, as far as it has been given; each different one once."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._places = Places()
        self.codes: Numbers = np.full(len(grid), _KEPT, dtype=np.int32)

    @property
    def listed(self) -> list[Reason]:
        """What the codes stand for."""
        return list(self._places)  # type: ignore[arg-type]  # it holds nothing else

    def _code(self, reason: Reason | None) -> int:
        return _KEPT if reason is None else self._places[reason]

    def same(self, cells: Flags, reason: Reason) -> None:
        """These cells have this reason."""
        if cells.any():
            self.codes[cells] = self._code(reason)

    def of_metrics(self, cells: Flags, reasons: Sequence[Reason | None]) -> None:
        """Each has the reason of what its attempt says of metrics, and as its causes why those raised that did."""
        if not cells.any():
            return
        columns, where = self._grid.columns, np.flatnonzero(cells)
        said = columns.said[self._grid.filled[where]]
        raised = np.array(
            [reason is not None and bool(m.failed) for reason, m in zip(reasons, columns.metrics, strict=True)]
        )
        self.codes[where] = np.array([self._code(reason) for reason in reasons], dtype=np.int32)[said]
        for some, rows in self._stretches(where[raised[said]]):
            scores = columns.source.scores(rows)
            whats = columns.said[self._grid.filled[some]].tolist()
            self.codes[some] = [self._code(_explained(reasons[w], s)) for w, s in zip(whats, scores, strict=True)]

    def of_errors(self, state: CellState, action: Action) -> None:
        """Each in that state has the error of its attempt as its reason."""
        source = self._grid.columns.source
        for some, rows in self._stretches(np.flatnonzero(self._grid.states == state)):
            errors = [causes.of_cell(state, *error) for error in source.errors(rows)]
            self.codes[some] = [self._code(Reason(action, _told(cause), (), (cause,))) for cause in errors]

    def _stretches(self, cells: Numbers) -> Iterator[tuple[Numbers, Numbers]]:
        """Some cells at a time, and the rows of the attempts that fill them: there may be a million."""
        for start in range(0, len(cells), _AT_ONCE):
            some = cells[start : start + _AT_ONCE]
            yield some, self._grid.columns.row[self._grid.filled[some]]

    def of_scores(self, cells: Flags, metric_names: Collection[str]) -> None:
        """Each is to have the scores of these metrics that its attempt does not have."""
        for cell, attempt in zip(np.flatnonzero(cells).tolist(), self._grid.attempts.at(cells), strict=True):
            there = {score.name for score in attempt.scores if not score.scoring_failed} if attempt else set()
            names = tuple(name for name in metric_names if name not in there)
            self.codes[cell] = self._code(_anew(names) if names else None)


def _anew(names: tuple[str, ...]) -> Reason:
    return Reason("score", f"to be scored: {', '.join(names)}", names)


def _kept_scored_by(grid: Grid) -> set[tuple[str, ...] | None]:
    """What the metrics of the complete runs were, each set of them once."""
    return {said.scored_by for said in grid.said(is_done(grid.states))}


def _to_be_scored(said: Metrics, metric_names: Collection[str] | None, *, ignoring: bool) -> Reason | None:
    """A complete run with scores missing: the metrics among those given that raised on it, or were not given to it."""

    def given(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name in names if metric_names is None or name in metric_names))

    raised, absent = given(said.failed), given(said.missing)
    left_out = [name for name in said.missing if ignoring and name not in absent]
    reasons = [f"{', '.join(raised)} raised"] if raised else []
    reasons += [not_given(absent)] if absent else []
    reasons += [f"{drift.listed(left_out)} {_are(left_out)} {causes.LEFT_OUT}"] if left_out else []
    told = [*(causes.of_metric(name, causes.NOT_GIVEN) for name in absent)]
    told += [causes.of_metric(name, causes.LEFT_OUT) for name in left_out]
    return Reason("score", ", ".join(reasons), (*raised, *absent), tuple(told)) if reasons else None


def _explained(reason: Reason | None, scores: Iterable[ScoreResult]) -> Reason | None:
    """With why the metrics raised that it names."""
    if reason is None:
        return None
    raised = [causes.of_score(score) for score in scores if score.scoring_failed and score.name in reason.metrics]
    return replace(reason, causes=tuple(dict.fromkeys((*raised, *reason.causes))))


def not_given(names: Sequence[str]) -> str:
    """That metrics of the original evaluation were not given to a run."""
    return f"{drift.listed(names)} {'was' if len(names) == 1 else 'were'} not given"


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _told(cause: Cause) -> str:
    if cause.state is CellState.interrupted:
        return causes.STOPPED
    return error_line(cause.error_type, cause.message) if cause.error_type else cause.message


def _median_seconds(grid: Grid) -> float | None:
    seconds = grid.columns.seconds[grid.filled[is_done(grid.states)]]
    seconds = seconds[~np.isnan(seconds)]
    if not len(seconds):
        return None
    # Not numpy's own median: it imports masked arrays first, which takes as long as planning a thousand cells.
    middle = [(len(seconds) - 1) // 2, len(seconds) // 2]
    return float(np.partition(seconds, middle)[middle].mean())
