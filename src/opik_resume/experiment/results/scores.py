"""Scores of a whole experiment: functions over all its results, as Opik's ``experiment_scoring_functions``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from opik_resume.base.records import ScoreResult, why_failed
from opik_resume.base.text.tracebacks import error_info
from opik_resume.metrics.scoring import checked_scores, failed_score

if TYPE_CHECKING:
    from opik_resume.experiment.results.evaluation_result import EvaluationResult


@dataclass
class ExperimentScores:
    """The scores, and a sentence for each one that is missing: its function raised, or what it returned is no score."""

    scores: list[ScoreResult] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def compute(functions: Sequence[Callable[..., Any]], result: EvaluationResult) -> ExperimentScores:
    """What the functions say of ``result.test_results``. One that raises does not stop the others, as in Opik."""
    computed = ExperimentScores()
    for function in functions if result.test_results else ():
        name = getattr(function, "__name__", type(function).__name__)
        try:
            scores = checked_scores(function(list(result.test_results)), name)
        except Exception as error:
            scores = [failed_score(name, error_info(error))]
        computed.scores += [score for score in scores if not score.scoring_failed]
        computed.missing += [
            f"The experiment score {score.name} is missing: {why_failed(score)}"
            for score in scores
            if score.scoring_failed
        ]
    return computed
