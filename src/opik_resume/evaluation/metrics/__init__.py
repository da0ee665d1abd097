"""Opik's path to our metrics."""

from opik_resume import metrics as ours
from opik_resume.base import opiks
from opik_resume.base.lazy import loader
from opik_resume.metrics import *  # noqa: F403 — whatever is there is here

__all__ = ours.__all__

__getattr__ = loader(__name__, {"base_metric": "base_metric", "score_result": "score_result"}, opiks.of_metrics)
