"""Calls whose time is up and that nobody can end: their cells are recorded as failed, and taken until they come back."""

from __future__ import annotations

from opik_resume.base.records import CellKey
from opik_resume.engine.claims import stopping
from opik_resume.engine.claims.abandoning import Abandoned
from opik_resume.engine.claims.stopping import RunningCell
from opik_resume.engine.retrying.late import Late


class Outliving:
    """Those of one run. Safe to use from any thread."""

    def __init__(self, abandoned: Abandoned) -> None:
        self._abandoned = abandoned
        self._late: dict[CellKey, Late] = {}

    def keep(self, key: CellKey, late: Late) -> None:
        """The worker on this cell gives it up, and the call goes on."""
        self._late[key] = late

    @property
    def cells(self) -> set[CellKey]:
        """Where a call goes on."""
        return set(self._late)

    def leave(self, cell: RunningCell) -> bool:
        """The attempt on this cell is recorded. Returns whether a call goes on: then its end leaves the cell."""
        late = self._late.get(cell.key)
        if late is None:
            return False
        stopping.outlive(cell)
        late.then(lambda: self._came_back(cell))  # at once, if it has ended meanwhile
        return True

    def _came_back(self, cell: RunningCell) -> None:
        self._late.pop(cell.key)
        self._abandoned.came_back(cell.key, completed=False)
        stopping.leave(cell)
