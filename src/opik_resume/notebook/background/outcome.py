"""What has become of a plan's cells by one resume: what the widget says at its end."""

from __future__ import annotations

from datetime import datetime

from opik_resume.base.records import Attempt, CellState, Json
from opik_resume.engine.claims import claiming
from opik_resume.experiment.grid import state_of
from opik_resume.experiment.planning.plan import ResumePlan
from opik_resume.lifecycle import prepare
from opik_resume.stores.file.lease import living

DONE_ELSEWHERE = (prepare.DONE_ELSEWHERE, claiming.COMPLETED, living.COMPLETED)
"""Why a planned cell is not run: somebody else has completed it."""


class Outcome:
    """Counts runs as they end; ``began`` is when the resume did. Not safe for threads: its owner holds a lock."""

    def __init__(self, plan: ResumePlan, began: datetime) -> None:
        self._plan = plan
        self._began = began
        self._replayed = self._repaired = self._whole = 0
        self._cost: float | None = None
        self._may_come_again: set[str] = set()  # attempts that a later round may score again

    def count(self, attempt: Attempt) -> None:
        """One run has ended. What is only scored again is the attempt that was there before."""
        again = attempt.started_at < self._began or attempt.id in self._may_come_again
        whole = state_of(attempt) is CellState.completed
        if not whole and attempt.returned:
            self._may_come_again.add(attempt.id)
        self._whole += whole
        self._repaired += whole and again
        self._replayed += attempt.complete and not again
        if attempt.cost is not None and not again:
            self._cost = (self._cost or 0.0) + attempt.cost

    def to_json(self, *, done_elsewhere: int = 0) -> Json:
        """``docs/protocol.md``. ``done_elsewhere``: planned cells that somebody else has completed."""
        plan = self._plan
        return {
            "kept": plan.kept,
            "replayed": self._replayed,
            "repaired": self._repaired,
            "missing": max(0, plan.left + len(plan) - self._whole - done_elsewhere),
            "cost": self._cost,
        }
