"""A run as the views of this process see it: what they are told of a store that refuses."""

from __future__ import annotations

from opik_resume.base.records import CellKey
from opik_resume.engine.events import Ended, RecordedAgain, Unrecorded
from opik_resume.experiment.planning.plan import ResumePlan
from opik_resume.notebook.background.desk import Desk


class Watching:
    """A feed that remembers the turns."""

    experiment_id = "id"

    def __init__(self) -> None:
        self.turns: list[str] = []

    def on_cell(self, experiment_id: str, cell: CellKey, state: int | None) -> None: ...

    def on_turn(self, experiment_id: str, turn: str) -> None:
        self.turns.append(turn)

    def on_news(self) -> None: ...


def test_a_store_that_refuses_is_a_problem_as_long_as_it_does() -> None:
    desk, watching = Desk(), Watching()
    resume = desk._enter(ResumePlan("id", "e", (), 0), blocking=False)
    desk.watch(watching)
    desk._on_event(resume, Unrecorded(3, "the disk is full."))
    problem = desk.progress("id", own=True).problem
    assert problem is not None
    assert problem.startswith("3 finished runs cannot be recorded: the disk is full.")
    desk._on_event(resume, RecordedAgain())
    assert desk.progress("id", own=True).problem is None
    desk._on_event(resume, Unrecorded(1, "the disk is full."))
    desk._on_event(resume, Ended("broken", "the disk is full"))
    assert desk.progress("id", own=True).problem is None
    assert watching.turns == ["troubled", "troubled", "troubled", "ended"]
