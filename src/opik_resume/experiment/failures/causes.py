"""What is wrong with a cell, in the words that plans, results and selections share. Pure.

A cell has one cause, but for a complete one: there each score that is missing has its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from opik_resume.base.records import LIGHT_MESSAGE, CellState, ScoreResult
from opik_resume.experiment.failures.failure_groups import failure_group, pattern

NEVER_STARTED, STOPPED = "never started", "stopped while running"
NOT_GIVEN, LEFT_OUT = "not given", "left out on purpose"
_KINDS = {
    CellState.never_run: "never_run",
    CellState.task_failed: "task",
    CellState.scoring_failed: "scoring",
    CellState.interrupted: "interrupted",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a cell is in this state: an exception, or with an empty ``error_type`` a sentence. ``metric``: whose score."""

    state: CellState
    error_type: str
    message: str
    metric: str | None = None

    @property
    def kind(self) -> str:
        """``task``, ``scoring``, ``interrupted``, ``never_run`` or the name of the metric."""
        return self.metric if self.metric is not None else _KINDS.get(self.state, self.state.name)

    @property
    def group(self) -> str:
        """Its failure group: what it has in common with those that differ only in ids and numbers."""
        return failure_group(self.error_type, self.message) if self.error_type else pattern(self.message)


def of_cell(state: CellState, error_type: str = "", message: str = "") -> Cause:
    """The cause of a cell that is not complete, with the error of its attempt."""
    if error_type:
        return Cause(state, error_type, message[:LIGHT_MESSAGE])
    return Cause(state, "", NEVER_STARTED if state is CellState.never_run else STOPPED)


def of_score(score: ScoreResult) -> Cause:
    """The cause of a score that a metric did not make."""
    error_type, message = why_missing(score)
    return Cause(CellState.scores_missing, error_type, message[:LIGHT_MESSAGE], score.name)


def why_missing(score: ScoreResult) -> tuple[str, str]:
    """The type of the exception, if there is one, and the message of a score that a metric did not make."""
    info = (score.metadata or {}).get("error_info")
    told = info if isinstance(info, dict) else {}
    error_type = str(told.get("exception_type") or "")
    message = told.get("message") or score.reason or ("" if error_type else "the metric reported that scoring failed")
    return error_type, str(message)


def of_metric(name: str, sentence: str) -> Cause:
    """The cause of a score whose metric was not asked: ``NOT_GIVEN`` or ``LEFT_OUT``."""
    return Cause(CellState.scores_missing, "", sentence, name)
