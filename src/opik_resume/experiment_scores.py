"""Scores of a whole experiment: functions over all its results, as Opik's ``experiment_scoring_functions``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from opik_resume.records import ScoreResult
from opik_resume.scoring import checked_scores

if TYPE_CHECKING:
    from opik_resume.results import EvaluationResult

logger = logging.getLogger("opik_resume")


def compute(functions: Sequence[Callable[..., Any]], result: EvaluationResult) -> list[ScoreResult]:
    """What the functions say of ``result.test_results``. One that raises is warned about and left out, as in Opik."""
    if not result.test_results:
        return []
    return [score for function in functions for score in _of(function, result)]


def _of(function: Callable[..., Any], result: EvaluationResult) -> list[ScoreResult]:
    name = getattr(function, "__name__", type(function).__name__)
    try:
        return checked_scores(function(list(result.test_results)), name)
    except Exception as error:
        logger.warning("The experiment score %s is missing: %s: %s", name, type(error).__name__, error)
        return []
