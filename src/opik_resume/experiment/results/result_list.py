"""The complete runs of an experiment as a list of results, of which a large one makes each when it is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableSequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from opik_resume.base.columns.ids import Ids, Numbers
from opik_resume.base.columns.scores import ScoreColumns
from opik_resume.base.numeric import np, npt
from opik_resume.base.records import Attempt, CellKey, Json
from opik_resume.experiment.grid import is_done
from opik_resume.experiment.results.test_results import TestCase, TestResult

if TYPE_CHECKING:
    from opik_resume.experiment.reading import Reading

KEPT = 10_000  # results that are made at once, and stay whatever becomes of the store
_AT_ONCE = 500


def results_of(reading: Reading) -> list[TestResult]:
    """Of a heavy reading, in the experiment's order."""
    results = TestResults(reading, np.flatnonzero(is_done(reading.grid.states)))
    return list(results) if len(results) <= KEPT else results  # type: ignore[return-value]  # it is as good as one


def unmade(results: Iterable[TestResult]) -> TestResults | None:
    """These, when they are not made yet: whoever needs some of what is in each can do without making them."""
    return results if isinstance(results, TestResults) and not results.made else None


class TestResults(MutableSequence[TestResult]):
    """The results of these cells. Reading them takes the store; whoever changes the list has them all made.

    Args:
        reading: heavy.
        cells: numbers of cells that are complete.
    """

    __test__ = False  # not a test class, whatever pytest thinks of its name

    def __init__(self, reading: Reading, cells: Numbers) -> None:
        self._reading = reading
        self._cells = cells
        self._own: list[TestResult] | None = None

    def __len__(self) -> int:
        return len(self._cells) if self._own is None else len(self._own)

    @overload
    def __getitem__(self, at: int) -> TestResult: ...
    @overload
    def __getitem__(self, at: slice) -> MutableSequence[TestResult]: ...
    def __getitem__(self, at: int | slice) -> TestResult | MutableSequence[TestResult]:
        if self._own is not None:
            return self._own[at]
        if isinstance(at, slice):
            return TestResults(self._reading, self._cells[at])
        if not -len(self) <= at < len(self):
            raise IndexError("list index out of range")
        return next(self._made(self._cells[at : at + 1 or None]))

    def __iter__(self) -> Iterator[TestResult]:
        if self._own is not None:
            yield from self._own
            return
        for start in range(0, len(self._cells), _AT_ONCE):
            yield from self._made(self._cells[start : start + _AT_ONCE])

    @property
    def made(self) -> bool:
        """Whether all of them were made, and may have been changed since."""
        return self._own is not None

    def _made(self, cells: Numbers) -> Iterator[TestResult]:
        grid = self._reading.grid
        keys = [grid.key(cell) for cell in cells.tolist()]
        positions = grid.rows(cells).tolist()
        items = self._reading.items.some([key.item_id for key in keys])
        for key, position, attempt in zip(keys, positions, grid.attempts.at(cells), strict=True):
            if attempt is not None:
                yield _result(key, position, attempt, items[key.item_id].content)

    # What is in each, of those that are not made

    def keys(self) -> tuple[Ids, Numbers, Numbers]:
        """The item of each, its position, and the trial."""
        grid = self._reading.grid
        rows = grid.rows(self._cells)
        return Ids(grid.item_ids.texts[rows]), rows, self._cells - grid.offsets[rows]

    def versions(self) -> Iterator[str | None]:
        """What made each."""
        columns = self._reading.grid.columns
        said = columns.said[self._reading.grid.filled[self._cells]]
        yield from (columns.metrics[code].version for code in said.tolist())

    def costs(self) -> npt.NDArray[np.float64]:
        """What each cost in US dollars, NaN where nobody knows."""
        return self._reading.grid.columns.cost[self._reading.grid.filled[self._cells]]

    def contents(self) -> Iterator[Json]:
        """The data of the item of each."""
        ids, _, _ = self.keys()
        for start in range(0, len(ids), _AT_ONCE):
            some = list(ids[start : start + _AT_ONCE])
            items = self._reading.items.some(some)
            yield from (items[item_id].data for item_id in some)

    def outputs(self) -> Iterator[Json]:
        """What the task of each returned."""
        return self._reading.grid.columns.source.outputs(self._rows)

    @cached_property
    def scores(self) -> ScoreColumns:
        """The scores of all of them."""
        return ScoreColumns.of(self._reading.grid.columns.source.values(self._rows))

    @property
    def _rows(self) -> Numbers:
        grid = self._reading.grid
        return grid.columns.row[grid.filled[self._cells]]

    def _listed(self) -> list[TestResult]:
        if self._own is None:
            self._own = list(self)
        return self._own

    def __setitem__(self, at: Any, result: Any) -> None:
        self._listed()[at] = result

    def __delitem__(self, at: int | slice) -> None:
        del self._listed()[at]

    def insert(self, index: int, value: TestResult) -> None:
        """As of a list."""
        self._listed().insert(index, value)

    def __add__(self, other: Iterable[TestResult]) -> list[TestResult]:
        return [*self, *other]

    def __radd__(self, other: Iterable[TestResult]) -> list[TestResult]:
        return [*other, *self]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, list | TestResults):
            return NotImplemented
        return len(self) == len(other) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as of a list

    def __repr__(self) -> str:
        return repr(list(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)


def _result(key: CellKey, position: int, attempt: Attempt, content: Json) -> TestResult:
    case = TestCase(attempt.id, key.item_id, attempt.task_output or {}, content)
    own = [score.own() for score in attempt.scores]
    seconds = attempt.task_seconds, attempt.scoring_seconds
    return TestResult(case, own, key.trial, *seconds, attempt.version, attempt.cost, position)
