"""Metrics: the base class, and the heuristics that notebook users reach for first.

Named, argued and scoring as those of the ``opik`` package, whose own metrics can be passed unchanged beside them.
"""

from opik_resume.base import opiks
from opik_resume.base.lazy import loader
from opik_resume.base.records import ScoreResult
from opik_resume.exceptions import MetricComputationError
from opik_resume.metrics.base import BaseMetric, Metric
from opik_resume.metrics.distance import LevenshteinRatio, SpearmanRanking
from opik_resume.metrics.text import Contains, Equals, IsJson, RegexMatch

__all__ = [
    "BaseMetric",
    "Contains",
    "Equals",
    "IsJson",
    "LevenshteinRatio",
    "Metric",
    "MetricComputationError",
    "RegexMatch",
    "ScoreResult",
    "SpearmanRanking",
]

__getattr__ = loader(__name__, {"base_metric": "base_metric", "score_result": "score_result"}, opiks.of_metrics)
