"""What a round leaves that another one may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opik_resume.base.records import CellKey
from opik_resume.engine.events import Event, RunDropped, RunFinished
from opik_resume.lifecycle.prepare import DONE_ELSEWHERE
from opik_resume.lifecycle.rounds.rule import Why, why_again

if TYPE_CHECKING:
    from opik_resume.engine import Run


class Pending:
    """What the run of one round leaves."""

    def __init__(self) -> None:
        self.whys: dict[CellKey, Why] = {}
        self._run: Run | None = None

    def follow(self, run: Run) -> None:
        """Hear what comes of this run, which is ready."""
        self._run = run
        run.listen(self)

    def __len__(self) -> int:
        return len(self.whys)

    def __call__(self, event: Event) -> None:
        match event:
            case RunFinished(cell, attempt):
                why = why_again(attempt, self._run.passing(cell) if self._run is not None else None)
                if why is not None:
                    self.whys[cell] = why
            case RunDropped(cell, reason) if reason != DONE_ELSEWHERE:  # somebody is on it, who may fail as well
                self.whys[cell] = Why.elsewhere

    def all_ran(self) -> None:
        """Whoever was on the others has done them: only scores are missing."""
        self.whys = {cell: why for cell, why in self.whys.items() if why is not Why.elsewhere}

    def leave(self) -> None:
        """The round could not begin: somebody else has the experiment."""
        self.whys = dict.fromkeys(self.whys, Why.elsewhere)
