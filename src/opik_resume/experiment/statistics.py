"""Statistics of scores over results, as Opik's ``ScoreStatistics``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from opik_resume.experiment.test_results import TestResult


@dataclass
class ScoreStatistics:
    """Statistics of one score. ``std`` needs two values; ``failed_count`` scores were left out: their metric failed."""

    mean: float
    max: float
    min: float
    values: list[float]
    std: float | None = None
    failed_count: int = 0


def aggregate(results: Iterable[TestResult]) -> dict[str, ScoreStatistics]:
    """Statistics by score name. A score that failed every time has nothing to average and is not in it."""
    values: dict[str, list[float]] = {}
    failed: dict[str, int] = {}
    for score in (score for result in results for score in result.score_results):
        if score.scoring_failed:
            failed[score.name] = failed.get(score.name, 0) + 1
        else:
            values.setdefault(score.name, []).append(score.value)
    return {name: _of(numbers, failed.get(name, 0)) for name, numbers in values.items()}


def coverage(results: Iterable[TestResult]) -> Counter[str]:
    """How many of the results the statistics of each score cover, by its name."""
    good = ({s.name for s in result.score_results if not s.scoring_failed} for result in results)
    return Counter(name for names in good for name in names)


def _of(values: list[float], failed: int) -> ScoreStatistics:
    import statistics  # late, as in plan.py

    std = statistics.stdev(values) if len(values) > 1 else None
    return ScoreStatistics(statistics.mean(values), max(values), min(values), values, std, failed)
