"""What an evaluation returns: Opik's ``EvaluationResult``, with true trial numbers and the failures beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from opik_resume.base.records import ScoreResult, utc_now
from opik_resume.experiment.limits import StoppedBy
from opik_resume.experiment.reading import Reading
from opik_resume.experiment.results import summary
from opik_resume.experiment.results.account import Account
from opik_resume.experiment.results.failed_runs import FailedRuns
from opik_resume.experiment.results.failed_runs import Failure as Failure  # noqa: PLC0414  # what is missing from a result
from opik_resume.experiment.results.frames import frame_of
from opik_resume.experiment.results.result_list import results_of
from opik_resume.experiment.results.statistics import ScoreStatistics, aggregate, coverage, never_finite
from opik_resume.experiment.results.test_results import TestResult

if TYPE_CHECKING:
    import pandas as pd

LAG = (
    "Other programs see this in about a minute: until then the server may show them what was before, and "
    "opik.evaluate_resume would run again what is complete. settle=True waits for that."
)


@dataclass(frozen=True)
class NotTaken:
    """A finished run that the server refuses or, with the name of a ``score``, a score that it would refuse. Kept here."""

    item_id: str
    trial: int
    score: str | None
    why: str


@dataclass
class DatasetItemResults:
    """The results of one item, in the order of their trials, and the statistics of its scores."""

    test_results: list[TestResult]
    scores: dict[str, ScoreStatistics]


@dataclass
class EvaluationResultGroupByDatasetItemsView:
    """Results by item id. Fields as in ``opik``."""

    experiment_id: str
    dataset_id: str
    experiment_name: str | None
    experiment_url: str | None
    trial_count: int
    dataset_items: dict[str, DatasetItemResults]


@dataclass
class EvaluationResultAggregatedScoresView:
    """Statistics by score name. Fields as in ``opik``."""

    experiment_id: str
    dataset_id: str
    experiment_name: str | None
    experiment_url: str | None
    trial_count: int
    test_results: list[TestResult]
    aggregated_scores: dict[str, ScoreStatistics]


@dataclass
class EvaluationResultOnDictItems:
    """What ``evaluate_on_dict_items`` returns. Fields as in ``opik``."""

    test_results: list[TestResult]

    def aggregate_evaluation_scores(self) -> dict[str, ScoreStatistics]:
        """Statistics by score name: mean, max, min, values and standard deviation, as Opik's."""
        return aggregate(self.test_results)


@dataclass
class EvaluationResult:
    """The whole experiment as it stands: every complete run, kept and replayed alike, in the experiment's order.

    The fields are those of ``opik``. ``expected`` is the number of runs a complete experiment has,
    ``undelivered`` how many of the finished ones are not on the server yet, or refused by it; they are safe in the local
    file. ``not_taken`` says which runs and which scores the server will not have, and why. Up to the moment ``seen_by``
    other programs may see less of it, since the server computes what it shows them about once a minute; None: they see it.
    ``stopped_by`` is the stop rule that ended this call before all was started, or None. ``account`` is what ``summary()``
    tells of the runs besides.
    """

    experiment_id: str
    dataset_id: str
    experiment_name: str | None
    test_results: list[TestResult]
    experiment_url: str | None
    trial_count: int
    experiment_scores: list[ScoreResult] = field(default_factory=list)
    expected: int = 0
    undelivered: int = 0
    failed_runs: Sequence[Failure] = field(default_factory=list, repr=False)
    stopped_by: StoppedBy | None = None
    not_taken: list[NotTaken] = field(default_factory=list, repr=False)
    seen_by: datetime | None = None
    account: Account | None = field(default=None, repr=False, compare=False)

    @property
    def experiment_scores_partial(self) -> bool:
        """Whether ``experiment_scores`` were computed while runs were missing."""
        return not self.complete

    @property
    def complete(self) -> bool:
        """Whether every expected run is complete (a score may still be missing: see ``failures``)."""
        return len(self.test_results) == self.expected

    @property
    def failures(self) -> pd.DataFrame:
        """One row for each thing that is missing, ``never_run`` cells included.

        Columns: ``item_id``, ``position`` (of the item in the experiment's order, as on screen), ``trial``, ``state``,
        ``error_type``, ``message``, ``traceback``, ``failure_group``.
        """
        return FailedRuns.gathered(self.failed_runs).to_pandas()

    @property
    def failure_groups(self) -> pd.DataFrame:
        """One row for each kind of failure, the most frequent first: what ``only=`` chooses by.

        Columns: ``group``; ``kind`` (``task``, ``scoring``, ``interrupted``, ``never_run`` or the name of the metric);
        ``count``, of rows of ``failures``; ``first_cell`` (item id and trial) and ``example``, its message.
        """
        return FailedRuns.gathered(self.failed_runs).groups()

    def to_pandas(self) -> pd.DataFrame:
        """One row for each complete run: ``item_id``, ``position``, ``trial``, ``item.*``, ``output.*`` and ``score.*`` columns.

        ``position`` is that of the item in the experiment's order, counted from 0, as on screen. And ``version``, when not all were made by the same task and metrics, and ``cost``, in US dollars, where that of
        any run is known.
        """
        return frame_of(self.test_results)

    def aggregate_evaluation_scores(self) -> EvaluationResultAggregatedScoresView:
        """Mean, max, min, values and standard deviation of every score, as Opik's."""
        return self._aggregated(self.test_results)

    def group_by_version_view(self) -> dict[str | None, EvaluationResultAggregatedScoresView]:
        """The same of the runs of each version of task and metrics apart, in the order in which they come.

        None stands for runs of which nobody knows what made them: of other programs, and of earlier releases.
        """
        by_version: dict[str | None, list[TestResult]] = {}
        for result in self.test_results:
            by_version.setdefault(result.version, []).append(result)
        return {version: self._aggregated(results) for version, results in by_version.items()}

    def _aggregated(self, results: list[TestResult]) -> EvaluationResultAggregatedScoresView:
        return EvaluationResultAggregatedScoresView(
            self.experiment_id,
            self.dataset_id,
            self.experiment_name,
            self.experiment_url,
            self.trial_count,
            results,
            aggregate(results),
        )

    def group_by_dataset_item_view(self) -> EvaluationResultGroupByDatasetItemsView:
        """The results item by item, in the experiment's order, each item's by trial, with their statistics."""
        by_item: dict[str, list[TestResult]] = {}
        for result in self.test_results:
            by_item.setdefault(result.test_case.dataset_item_id, []).append(result)
        for results in by_item.values():
            results.sort(key=lambda result: result.trial_id)
        items = {item_id: DatasetItemResults(results, aggregate(results)) for item_id, results in by_item.items()}
        return EvaluationResultGroupByDatasetItemsView(
            self.experiment_id,
            self.dataset_id,
            self.experiment_name,
            self.experiment_url,
            self.trial_count,
            items,
        )

    def statistics(self) -> str:
        """Several lines: the headline, and for every score its mean, range, spread and failures."""
        partial = self._partial_means()
        lines = [
            f"  {name}: mean {s.mean:.4g}, {s.min:.4g} to {s.max:.4g}, std {s.std or 0:.3g}, {len(s.values)} values"
            + (f", {s.failed_count} failed" if s.failed_count else "")
            + (f", {s.not_finite_count} NaN or infinite" if s.not_finite_count else "")
            + partial[name]
            for name, s in aggregate(self.test_results).items()
        ]
        lines += [
            f"  {name}: no finite value in {count} (failed, NaN or infinite)"
            for name, count in never_finite(self.test_results).items()
        ]
        return "\n".join([self.headline, *lines])

    def summary(self) -> str:
        """Several lines: how many runs are complete, what became of them, what is missing and why, and what it all took.

        Every score has its mean with n and the standard error, clustered by item where items have several runs; with runs
        that failed before they were complete, these and the others side by side.
        """
        return summary.text(self)

    @property
    def headline(self) -> str:
        """One line: how many runs are complete, and what is missing."""
        line = f"{self.experiment_name}: {len(self.test_results):,} of {self.expected:,} runs complete"
        missing = FailedRuns.gathered(self.failed_runs).counts()
        parts = [f"{count:,} {state.name}" for state, count in missing.items() if count]
        return f"{line} ({', '.join(parts)})" if parts else line

    def __repr__(self) -> str:
        means = "".join(f"\n  {name}: {mean}" for name, mean in self._shown_scores())
        return f"<EvaluationResult {self.headline}>{means}" + (f"\n{self._lag()}" if self._lag() else "")

    def _repr_html_(self) -> str:
        return summary.as_html(self, self._shown_scores(), self._lag())

    def _lag(self) -> str:
        """What is to be said for the first minutes of an experiment on a server."""
        return LAG if self.seen_by is not None and utc_now() < self.seen_by else ""

    def _shown_scores(self) -> list[tuple[str, str]]:
        partial = self._partial_means()
        means = [(name, f"{s.mean:.4g}{partial[name]}") for name, s in aggregate(self.test_results).items()]
        mark = " (partial)" if self.experiment_scores_partial else ""
        return means + [(f"{score.name}{mark}", f"{score.value:.4g}") for score in self.experiment_scores]

    def _partial_means(self) -> defaultdict[str, str]:
        """By score name, the number of runs that its mean covers, where those are not all."""
        total = len(self.test_results)
        covered = coverage(self.test_results).items()
        return defaultdict(str, {name: f" (n = {n:,} of {total:,})" for name, n in covered if n < total})


def build_result(reading: Reading, before: Reading | None = None) -> EvaluationResult:
    """The result of an experiment that was read with heavy attempts; ``before``: as it was when the call at hand began."""
    experiment, grid = reading.experiment, reading.grid
    return EvaluationResult(
        experiment_id=experiment.id,
        dataset_id=experiment.dataset_id,
        experiment_name=experiment.name,
        test_results=results_of(reading),
        experiment_url=None,
        trial_count=getattr(reading.resume_state, "default_runs_per_item", 1),
        experiment_scores=[score.own() for score in experiment.scores] if grid.complete else [],
        expected=len(grid),
        failed_runs=FailedRuns.of(grid),
        account=Account.of(grid, before.grid if before is not None else None),
    )
