"""Metrics: the base class, and the heuristics that notebook users reach for first."""

from opik_resume.metrics.base import BaseMetric, Metric
from opik_resume.metrics.text import Contains, Equals
from opik_resume.records import ScoreResult

__all__ = ["BaseMetric", "Contains", "Equals", "Metric", "ScoreResult"]
