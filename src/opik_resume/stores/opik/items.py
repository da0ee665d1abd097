"""The items of a dataset version as a server has listed them: ids at once, what is in them when it is looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from opik_resume.base.columns.ids import Ids
from opik_resume.base.columns.items import Items
from opik_resume.base.numeric import np
from opik_resume.base.records import Item, Json
from opik_resume.stores.opik import wire
from opik_resume.stores.opik.rest.encoding import encoded_row, read_json

_TOGETHER = 20  # rows that are kept as one text: few enough for one of them to be looked at, and few texts


@dataclass(frozen=True, slots=True)
class Packed:
    """Some of them: their ids, how many runs each expects by itself (0: it does not say), and their rows as JSON.

    A hundred thousand rows as objects would take 200 MB.
    """

    ids: Sequence[str]
    own_runs: Sequence[int]
    json: bytes

    @classmethod
    def page(cls, rows: Sequence[Json]) -> list[Packed]:
        """Those of a page."""
        return [cls._of(rows[start : start + _TOGETHER]) for start in range(0, len(rows), _TOGETHER)]

    @classmethod
    def _of(cls, rows: Sequence[Json]) -> Packed:
        own_runs = [wire.own_runs(row) or 0 if "execution_policy" in row else 0 for row in rows]
        return cls([row["id"] for row in rows], own_runs, encoded_row({"rows": rows}))

    @property
    def items(self) -> list[Item]:
        """All of them, made."""
        return [wire.item(row) for row in read_json(self.json)["rows"]]

    def some(self, ids: Collection[str]) -> dict[str, Item]:
        """Those of these ids that are among them."""
        return {row["id"]: wire.item(row) for row in read_json(self.json)["rows"] if row["id"] in ids}


class Listing:
    """The items of a version, newest id first. Each counts once."""

    def __init__(self, packed: Sequence[Packed]) -> None:
        self._packed = packed

    @cached_property
    def items(self) -> list[Item]:
        """All of them, made."""
        made = {item.id: item for packed in self._packed for item in packed.items}
        return [made[id_] for id_ in sorted(made, reverse=True)]

    @cached_property
    def by_id(self) -> Items:
        """All of them, each made when it is looked at."""
        own_runs = {id_: runs for packed in self._packed for id_, runs in zip(packed.ids, packed.own_runs, strict=True)}
        ids = sorted(own_runs, reverse=True)
        return Items(Ids.of(ids), np.array([own_runs[id_] for id_ in ids], dtype=np.int64), self._some)

    @cached_property
    def _place(self) -> dict[str, int]:
        """Where each is packed."""
        return {id_: place for place, packed in enumerate(self._packed) for id_ in packed.ids}

    def _some(self, ids: Sequence[str]) -> list[Item]:
        by_place: dict[int, set[str]] = defaultdict(set)
        for id_ in ids:
            by_place[self._place[id_]].add(id_)
        found: dict[str, Item] = {}
        for place, there in by_place.items():
            found |= self._packed[place].some(there)
        return [found[id_] for id_ in ids]
