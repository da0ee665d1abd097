"""The cells of a plan as columns: which, in what state, and the place of the reason among the few that there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, overload

from opik_resume.base.columns.attempts import Places
from opik_resume.base.columns.ids import Ids, Numbers
from opik_resume.base.numeric import np, npt
from opik_resume.base.records import CellKey, CellState
from opik_resume.experiment.failures.causes import Cause

if TYPE_CHECKING:
    import pandas as pd

Action = Literal["run", "score"]
COLUMNS = ["item_id", "position", "trial", "state", "action", "reason", "failure_group"]
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """One cell of a plan.

    When the action is ``score``, ``metrics`` names the scores to make; it is empty for an output that was kept when its
    scoring failed, which is scored with every metric, and for a complete run that only lacks what is left out on purpose.
    ``causes`` say what is wrong with it: see :class:`~opik_resume.experiment.failures.causes.Cause`.
    """

    key: CellKey
    state: CellState
    action: Action
    reason: str
    metrics: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Reason:
    """What is to be done with a cell, and why: see :class:`PlannedCell`."""

    action: Action
    text: str
    metrics: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The failure groups of its causes, each once."""
        return tuple(dict.fromkeys(cause.group for cause in self.causes))

    @property
    def group(self) -> str:
        """Them in one line; of a cell that nothing is wrong with, what is to be done."""
        return "; ".join(self.groups) or self.text

    @property
    def of_metrics(self) -> str:
        """The names of the metrics whose scores are missing, in one line."""
        return ", ".join(dict.fromkeys(cause.metric for cause in self.causes if cause.metric is not None))


@dataclass(frozen=True, eq=False)
class PlannedCells(Sequence[PlannedCell]):
    """Planned cells in the experiment's order. The objects are made when they are looked at.

    Attributes:
        item_ids: the items of the experiment.
        item: the place of each cell's item in ``item_ids``.
        trial: its trial.
        states: its :class:`CellState`.
        reason: the place of its reason in ``reasons``.
    """

    item_ids: Ids
    item: Numbers
    trial: Numbers
    states: npt.NDArray[np.uint8]
    reason: Numbers
    reasons: Sequence[Reason]

    @classmethod
    def of(cls, cells: Iterable[PlannedCell]) -> PlannedCells:
        """Of objects."""
        if isinstance(cells, PlannedCells):
            return cells
        listed, reasons = list(cells), Places()
        item_ids = Ids.of(dict.fromkeys(cell.key.item_id for cell in listed))
        return cls(
            item_ids,
            np.array([item_ids.index(cell.key.item_id) for cell in listed], dtype=np.int64),
            np.array([cell.key.trial for cell in listed], dtype=np.int64),
            np.array([cell.state for cell in listed], dtype=np.uint8),
            np.array([reasons[Reason(c.action, c.reason, c.metrics, c.causes)] for c in listed], dtype=np.int64),
            list(reasons),  # type: ignore[arg-type]  # it holds nothing else
        )

    def __len__(self) -> int:
        return len(self.item)

    @overload
    def __getitem__(self, at: int) -> PlannedCell: ...
    @overload
    def __getitem__(self, at: slice) -> PlannedCells: ...
    def __getitem__(self, at: int | slice) -> PlannedCell | PlannedCells:
        if isinstance(at, slice):
            return self.chosen(at)
        key = CellKey(self.item_ids[int(self.item[at])], int(self.trial[at]))
        return _made(key, int(self.states[at]), self.reasons[int(self.reason[at])])

    def __iter__(self) -> Iterator[PlannedCell]:
        for start in range(0, len(self), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            keys = zip(Ids(self.item_ids.texts[self.item[part]]), self.trial[part].tolist(), strict=True)
            rest = zip(self.states[part].tolist(), self.reason[part].tolist(), strict=True)
            for key, (state, reason) in zip(keys, rest, strict=True):
                yield _made(CellKey(*key), state, self.reasons[reason])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(_same, self, other))

    __hash__ = None  # type: ignore[assignment]  # as of a list

    def __repr__(self) -> str:
        return f"<{len(self):,} planned cells>"

    def chosen(self, which: slice | npt.NDArray[np.bool_]) -> PlannedCells:
        """Some of them."""
        return PlannedCells(
            self.item_ids, self.item[which], self.trial[which], self.states[which], self.reason[which], self.reasons
        )

    def acted(self, action: Action) -> npt.NDArray[np.bool_]:
        """Which of them this is done with."""
        return np.array([reason.action == action for reason in self.reasons], dtype=np.bool_)[self.reason]

    def among(self, other: PlannedCells, *, same_action: bool = False) -> npt.NDArray[np.bool_]:
        """Which of them are among the others, too."""
        item = self.item_ids.places(other.item_ids.texts)[other.item]
        there = item >= 0
        width = int(max(self.trial.max(initial=0), other.trial.max(initial=0))) + 1
        mine, others = self.item * width + self.trial, item * width + other.trial
        if same_action:
            mine, others = mine * 2 + self.acted("run"), others * 2 + other.acted("run")
        return np.isin(mine, others[there])

    def having(self, keys: Collection[CellKey]) -> npt.NDArray[np.bool_]:
        """Which of them have one of these keys."""
        return self.among(PlannedCells.of(PlannedCell(key, CellState.never_run, "run", "") for key in keys))

    def by_reason(self) -> list[tuple[str, str, int]]:
        """State, reason and number of cells, most of them first."""
        return [(state, text, count) for (state, text), count in self._counted(lambda reason: (reason.text,))]

    def by_group(self) -> list[tuple[str, str, str, int]]:
        """State, metrics if it is theirs, failure group and number of cells, most of them first."""
        counted = self._counted(lambda reason: (reason.of_metrics, reason.group))
        return [(state, metrics, group, count) for (state, metrics, group), count in counted]

    def _counted(self, told: Callable[[Reason], tuple[str, ...]]) -> list[tuple[tuple[str, ...], int]]:
        """Number of cells by their state and by what is told of their reasons, most of them first."""
        pairs, first, counts = np.unique(
            self.states.astype(np.int64) * len(self.reasons) + self.reason, return_index=True, return_counts=True
        )
        counted: dict[tuple[str, ...], int] = {}
        for place in np.argsort(first).tolist():  # those that came first, of as many
            state, reason = divmod(int(pairs[place]), len(self.reasons))
            named = CellState(state).name, *told(self.reasons[reason])
            counted[named] = counted.get(named, 0) + int(counts[place])
        return sorted(counted.items(), key=lambda each: -each[1])

    def _groups(self) -> npt.NDArray[np.object_]:
        """The failure group of each reason that a cell has."""
        used = set(np.unique(self.reason).tolist())
        return _texts(reason.group if place in used else "" for place, reason in enumerate(self.reasons))

    def to_pandas(self) -> pd.DataFrame:
        """One row a cell. A text that many have in common is one object."""
        import pandas as pd

        items, item = np.unique(self.item, return_inverse=True)
        columns: Sequence[Any] = (
            _texts(Ids(self.item_ids.texts[items]))[item],
            self.item,
            self.trial,
            _texts(state.name for state in CellState)[self.states],
            _texts(reason.action for reason in self.reasons)[self.reason],
            _texts(reason.text for reason in self.reasons)[self.reason],
            self._groups()[self.reason],
        )
        return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def _made(key: CellKey, state: int, reason: Reason) -> PlannedCell:
    return PlannedCell(key, CellState(state), reason.action, reason.text, reason.metrics, reason.causes)


def _same(one: object, other: object) -> bool:
    return one == other


def _texts(texts: Iterable[str]) -> npt.NDArray[np.object_]:
    listed = list(texts)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array
