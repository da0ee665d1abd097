"""Attempts of columns as lists of them: each is made when it is looked at, many at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar, overload

from opik_resume.base.columns.attempts import AttemptColumns
from opik_resume.base.columns.ids import Numbers
from opik_resume.base.numeric import np, npt
from opik_resume.base.records import Attempt

T = TypeVar("T", bound="Attempt | None")
_AT_ONCE = 1_000  # attempts made at a time by one who goes through all of them


class _View(Sequence[T]):
    """Those at these places of the columns; None for a negative one."""

    def __init__(self, columns: AttemptColumns, places: Numbers) -> None:
        self._columns = columns
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[T]: ...
    def __getitem__(self, at: int | slice) -> T | Sequence[T]:
        if isinstance(at, slice):
            return type(self)(self._columns, self._places[at])
        return self._made(self._places[at : at + 1] if at != -1 else self._places[-1:])[0]

    def __iter__(self) -> Iterator[T]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self._made(self._places[start : start + _AT_ONCE])

    def _made(self, places: Numbers) -> list[T]:
        if not len(places):
            raise IndexError("there is no such attempt")
        there = places >= 0
        found = iter(self._columns.source.attempts(self._columns.row[places[there]]))
        return [next(found) if is_there else None for is_there in there.tolist()]  # type: ignore[misc]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _View | list | tuple) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as of a list

    def __repr__(self) -> str:
        return repr(list(self))


class Attempts(_View[Attempt]):
    """Attempts of an experiment."""


class FilledAttempts(_View[Attempt | None]):
    """What fills the cells of a grid: an attempt or None."""

    def at(self, cells: Numbers | npt.NDArray[np.bool_]) -> FilledAttempts:
        """Of these cells only."""
        return FilledAttempts(self._columns, self._places[cells])
