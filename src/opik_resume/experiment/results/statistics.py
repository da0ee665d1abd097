"""Statistics of scores over results, as Opik's ``ScoreStatistics``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from opik_resume.base.columns.scores import ScoreColumns
from opik_resume.base.numeric import np
from opik_resume.base.records import ScoreResult
from opik_resume.experiment.results.result_list import unmade
from opik_resume.experiment.results.test_results import TestResult


@dataclass
class ScoreStatistics:
    """Statistics of one score. ``std`` needs two values (and is None where no float can hold it).

    Left out are ``failed_count`` scores whose metric failed, and ``not_finite_count`` that are NaN or infinite.
    """

    mean: float
    max: float
    min: float
    values: list[float]
    std: float | None = None
    failed_count: int = 0
    not_finite_count: int = 0


@dataclass(slots=True)
class _Scores:
    """What there is of one score: its finite values, and how many others."""

    values: list[float] = field(default_factory=list)
    failed: int = 0
    not_finite: int = 0

    def take(self, score: ScoreResult) -> None:
        if score.finite:
            self.values.append(score.value)
        elif score.scoring_failed:
            self.failed += 1
        else:
            self.not_finite += 1


def aggregate(results: Iterable[TestResult]) -> dict[str, ScoreStatistics]:
    """Statistics by score name. A score that never was a finite number has nothing to average and is not in it."""
    return {name: _of(scores) for name, scores in _by_name(results).items() if scores.values}


def never_finite(results: Iterable[TestResult]) -> dict[str, int]:
    """How many scores there are of each name that :func:`aggregate` says nothing of."""
    return {name: s.failed + s.not_finite for name, s in _by_name(results).items() if not s.values}


def _by_name(results: Iterable[TestResult]) -> dict[str, _Scores]:
    if (there := unmade(results)) is not None:
        return _by_name_of(there.scores)
    found: dict[str, _Scores] = {}
    for result in results:
        for score in result.score_results:
            found.setdefault(score.name, _Scores()).take(score)
    return found


def _by_name_of(scores: ScoreColumns) -> dict[str, _Scores]:
    """The same of columns."""
    found: dict[str, _Scores] = {}
    finite = scores.finite
    for place, name in enumerate(scores.names):
        its = scores.name == place
        failed, others = np.count_nonzero(its & scores.failed), np.count_nonzero(its & ~scores.failed & ~finite)
        found[name] = _Scores(scores.value[its & finite].tolist(), int(failed), int(others))
    return found


def coverage(results: Iterable[TestResult]) -> Counter[str]:
    """How many of the results the statistics of each score cover, by its name."""
    if (there := unmade(results)) is not None:
        good = there.scores.finite
        runs = ((name, there.scores.run[good & (there.scores.name == n)]) for n, name in enumerate(there.scores.names))
        return Counter({name: len(np.unique(its)) for name, its in runs if len(its)})
    names = ({s.name for s in result.score_results if s.finite} for result in results)
    return Counter(name for those in names for name in those)


def _of(scores: _Scores) -> ScoreStatistics:
    import statistics  # with its decimals and fractions a good part of what importing this package takes

    values = scores.values
    try:
        std = statistics.stdev(values) if len(values) > 1 else None
    except OverflowError:  # so far apart that no float says how far
        std = None
    return ScoreStatistics(
        statistics.mean(values), max(values), min(values), values, std, scores.failed, scores.not_finite
    )
