"""What a round leaves that another one may do."""

from __future__ import annotations

from opik_resume.base.records import CellKey
from opik_resume.engine.events import Event, RunDropped, RunFinished
from opik_resume.lifecycle.prepare import DONE_ELSEWHERE
from opik_resume.lifecycle.rounds.rule import Why, why_again


class Pending:
    """A listener of the run of one round."""

    def __init__(self) -> None:
        self.whys: dict[CellKey, Why] = {}

    def __len__(self) -> int:
        return len(self.whys)

    def __call__(self, event: Event) -> None:
        match event:
            case RunFinished(cell, attempt):
                why = why_again(attempt)
                if why is not None:
                    self.whys[cell] = why
            case RunDropped(cell, reason) if reason != DONE_ELSEWHERE:  # somebody is on it, who may fail as well
                self.whys[cell] = Why.elsewhere

    def leave(self) -> None:
        """The round could not begin: somebody else has the experiment."""
        self.whys = dict.fromkeys(self.whys, Why.elsewhere)
