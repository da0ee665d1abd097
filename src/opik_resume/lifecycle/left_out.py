"""The cells that a run has left out: how many and why is said in one line, and each stands among the failures."""

from __future__ import annotations

from collections import Counter

from opik_resume.base.text import redaction
from opik_resume.engine import Run
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.experiment.results.failed_runs import FailedRuns

logger = redaction.logger("opik_resume")


def told(run: Run, result: EvaluationResult) -> EvaluationResult:
    """Say what the run has left out; the reason is the message of those cells that are missing from its result."""
    dropped = dict(run.dropped)
    if dropped:
        logger.warning("%s", sentence(Counter(dropped.values())))
    result.failed_runs = FailedRuns.gathered(result.failed_runs).retold(dropped)
    return result


def sentence(reasons: Counter[str]) -> str:
    """``3 cells were left out: 2 × no longer missing; 1 × …``"""
    parts = [f"{count:,} × {reason}" for reason, count in reasons.most_common()]
    return f"{_cells(reasons.total())} left out: {'; '.join(parts)}."


def _cells(count: int) -> str:
    return "1 cell was" if count == 1 else f"{count:,} cells were"
