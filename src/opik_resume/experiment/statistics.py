"""Statistics of scores over results, as Opik's ``ScoreStatistics``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opik_resume.base.records import ScoreResult
from opik_resume.experiment.test_results import TestResult


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


def aggregate(results: Iterable[TestResult]) -> dict[str, ScoreStatistics]:
    """Statistics by score name. A score that never was a finite number has nothing to average and is not in it."""
    by_name = _by_name(results)
    finite = {name: [score.value for score in scores if score.finite] for name, scores in by_name.items()}
    return {name: _of(values, by_name[name]) for name, values in finite.items() if values}


def never_finite(results: Iterable[TestResult]) -> dict[str, list[ScoreResult]]:
    """The scores of each name that :func:`aggregate` says nothing of."""
    return {name: scores for name, scores in _by_name(results).items() if not any(s.finite for s in scores)}


def _by_name(results: Iterable[TestResult]) -> dict[str, list[ScoreResult]]:
    found: dict[str, list[ScoreResult]] = {}
    for score in (score for result in results for score in result.score_results):
        found.setdefault(score.name, []).append(score)
    return found


def coverage(results: Iterable[TestResult]) -> Counter[str]:
    """How many of the results the statistics of each score cover, by its name."""
    good = ({s.name for s in result.score_results if s.finite} for result in results)
    return Counter(name for names in good for name in names)


def _of(values: list[float], scores: Sequence[ScoreResult]) -> ScoreStatistics:
    import statistics  # late, as in plan.py

    try:
        std = statistics.stdev(values) if len(values) > 1 else None
    except OverflowError:  # so far apart that no float says how far
        std = None
    failed = sum(score.scoring_failed for score in scores)
    not_finite = len(scores) - failed - len(values)
    return ScoreStatistics(statistics.mean(values), max(values), min(values), values, std, failed, not_finite)
