"""Opik's path to a class of ours."""

from opik_resume.metrics.base import BaseMetric

__all__ = ["BaseMetric"]
