"""The planned cells as jobs, each made when it is about to start: what is in an item is not read before."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

from opik_resume.base.numeric import np
from opik_resume.base.records import CellKey
from opik_resume.engine.claims import stopping
from opik_resume.engine.jobs import Job
from opik_resume.experiment.planning.plan import PlannedCell, ResumePlan
from opik_resume.experiment.reading import Reading

_AT_ONCE = 100  # jobs made at a time, with one look at the store


class PlannedJobs:
    """See :class:`~opik_resume.engine.jobs.Jobs`."""

    def __init__(self, plan: ResumePlan, reading: Reading) -> None:
        # A task of a stopped run may still be on a cell: those come last, so that no worker waits for them early.
        busy = [cell.key for cell in stopping.running(plan.experiment_id)]
        late = plan.columns.having(busy) if busy else np.zeros(len(plan), dtype=np.bool_)
        self._parts = [plan.columns.chosen(~late), plan.columns.chosen(late)] if late.any() else [plan.columns]
        self._reading = reading
        self._taken = 0
        self._total = len(plan)
        self._made: deque[Job] = deque()
        self._made_of = 0

    def __len__(self) -> int:
        return self._total - self._taken

    def take(self) -> Job | None:
        if not self._made:
            self._make()
        if not self._made:
            return None
        self._taken += 1
        return self._made.popleft()

    def ahead(self, number: int) -> list[CellKey]:
        ready = [job.cell.key for job in islice(self._made, number)]
        return ready + [cell.key for cell in self._cells(self._made_of, self._made_of + number - len(ready))]

    def cells(self) -> Iterator[CellKey]:
        for start in range(self._taken, self._total, _AT_ONCE):
            yield from (cell.key for cell in self._cells(start, min(start + _AT_ONCE, self._total)))

    def _cells(self, start: int, end: int) -> list[PlannedCell]:
        cells: list[PlannedCell] = []
        for part in self._parts:
            cells += part[max(0, start) : max(0, end)]
            start, end = start - len(part), end - len(part)
        return cells

    def _make(self) -> None:
        cells = self._cells(self._made_of, self._made_of + _AT_ONCE)
        items = self._reading.items.some([cell.key.item_id for cell in cells])
        ids = self._attempt_ids([cell.key for cell in cells if cell.action == "score"])
        self._made.extend(Job(cell, items[cell.key.item_id], ids.get(cell.key)) for cell in cells)
        self._made_of += len(cells)

    def _attempt_ids(self, keys: Sequence[CellKey]) -> dict[CellKey, str]:
        if not keys:
            return {}
        grid = self._reading.grid
        places = grid.filled[[grid.index(key) for key in keys]]
        return dict(zip(keys, grid.columns.source.ids(grid.columns.row[places]), strict=True))
