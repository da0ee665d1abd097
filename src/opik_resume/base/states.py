"""The state that a cell has when an attempt fills it, and the groups of states that are counted together."""

from __future__ import annotations

from opik_resume.base.records import Attempt, CellState

INTERRUPTIONS = ("CancelledError", "EvaluationInterrupted", "KeyboardInterrupt", "SystemExit", "WorkerLost")
"""The types of errors that say that a run was stopped, not that it failed."""
DONE = (CellState.completed, CellState.scores_missing)
FAILED = (CellState.task_failed, CellState.scoring_failed)
WORST_FIRST = (
    CellState.task_failed,
    CellState.scoring_failed,
    CellState.scores_missing,
    CellState.interrupted,
    CellState.running,
    CellState.queued,
    CellState.never_run,
    CellState.completed,
)
"""As the widget has it where cells share a pixel."""


def state_of(attempt: Attempt) -> CellState:
    """The state that a cell has when this attempt fills it."""
    if attempt.complete:
        lacking = attempt.missing_metrics or attempt.failed_metrics
        return CellState.scores_missing if lacking else CellState.completed
    if attempt.returned:
        return CellState.scoring_failed
    if attempt.error is None or attempt.error.exception_type in INTERRUPTIONS:
        return CellState.interrupted
    return CellState.task_failed
