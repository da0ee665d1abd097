"""The items of a dataset version by their ids; what is in one is read when it is looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from opik_resume.base.columns.ids import Ids, Numbers, texts_of
from opik_resume.base.numeric import np
from opik_resume.base.records import Item

Load = Callable[[Sequence[str]], list[Item]]
Read = Callable[[str], Iterable[Sequence[tuple[bytes, Any]]]]
_AT_ONCE = 1_000
_ESCAPED = re.compile(r'["\\\x00-\x1f]')  # as JSON writes it, a name is another text


class Items(Mapping[str, Item]):
    """Items by id, in order.

    Args:
        ids: of all of them.
        own_runs: how many runs each expects by its own ``execution_policy``, 0 for those that have none.
        load: gives the items of some ids, in that order.
        read: gives one field of these items and perhaps of others, as pairs of an id (in UTF-8) and a value, many at a time:
            where that is less work than to load them.
    """

    def __init__(self, ids: Ids, own_runs: Numbers, load: Load, read: Read | None = None) -> None:
        self.ids = ids
        self.own_runs = own_runs
        self._load = load
        self._read = read

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
        return Items(Ids(self.ids.texts[places]), self.own_runs[places], self._load, self._read)

    def column(self, field: str) -> list[Any]:
        """One field of every item, in order; None of those that do not have it. Lists and objects in it may be None, too."""
        if self._read is None or _ESCAPED.search(field):
            return [item.data.get(field) for item in self.each()]
        values: list[Any] = [None] * len(self)
        for pairs in self._read(field):
            places = self.ids.places(texts_of([item_id for item_id, _ in pairs]))
            for place, (_, value) in zip(places.tolist(), pairs, strict=True):
                if place >= 0:
                    values[place] = value
        return values
