"""The items of a dataset version by their ids; what is in one is read when it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from opik_resume.base.columns.ids import Ids, Numbers
from opik_resume.base.records import Item

Load = Callable[[Sequence[str]], list[Item]]
_AT_ONCE = 1_000


class Items(Mapping[str, Item]):
    """Items by id, in order.

    Args:
        ids: of all of them.
        own_runs: how many runs each expects by its own ``execution_policy``, 0 for those that have none.
        load: gives the items of some ids, in that order.
    """

    def __init__(self, ids: Ids, own_runs: Numbers, load: Load) -> None:
        self.ids = ids
        self.own_runs = own_runs
        self._load = load

    @classmethod
    def of(cls, items: Iterable[Item] | Items) -> Items:
        """Of items that are there."""
        if isinstance(items, Items):
            return items
        by_id = {item.id: item for item in items}
        own_runs = np.array([item.runs_per_item or 0 for item in by_id.values()], dtype=np.int64)
        return cls(Ids.of(by_id), own_runs, lambda ids: [by_id[item_id] for item_id in ids])

    def __getitem__(self, item_id: str) -> Item:
        if item_id not in self.ids:
            raise KeyError(item_id)
        return self._load([item_id])[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self.ids

    def some(self, ids: Sequence[str]) -> dict[str, Item]:
        """Several at once."""
        return {item.id: item for item in self._load(list(dict.fromkeys(ids)))}

    def each(self) -> Iterator[Item]:
        """All of them, many at a time."""
        for start in range(0, len(self), _AT_ONCE):
            yield from self._load(list(self.ids[start : start + _AT_ONCE]))

    def at(self, places: Numbers | slice) -> Items:
        """Those at these places, in that order."""
        return Items(Ids(self.ids.texts[places]), self.own_runs[places], self._load)
