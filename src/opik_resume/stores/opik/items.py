"""The items of a dataset version as a server has listed them: ids at once, what is in them when it is looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from msgspec import DecodeError, Struct, convert
from msgspec.json import Decoder

from opik_resume.base.columns.ids import Ids
from opik_resume.base.columns.items import Items
from opik_resume.base.numeric import np
from opik_resume.base.records import Item, Json
from opik_resume.stores.opik import wire
from opik_resume.stores.opik.rest.encoding import encoded_row, read_json
from opik_resume.stores.opik.rest.paging import Part

_TOGETHER = 20  # rows that are kept as one text once one of them was looked at: few enough for that, and few texts


class _Row(Struct, gc=False):
    id: str
    execution_policy: Any = None


class _Listed(Struct, gc=False):
    """What is read of a page of items at once: five times as fast as all that is in it."""

    total: int
    content: list[_Row]


_decoder = Decoder(_Listed)


def read_page(text: bytes) -> Part[Page]:
    """What an answer of the server lists. Raises ValueError."""
    try:
        listed = _decoder.decode(text)
    except (DecodeError, RecursionError):  # what only Python's own reader takes
        listed = convert(read_json(text), _Listed)
    return Part(listed.total, len(listed.content), Page(listed.content, text))


class Page:
    """Some of them: their ids, how many runs each expects by itself (0: it does not say), and the text that they came in.

    A hundred thousand rows as objects would take 200 MB. The text is cut when one of its rows is looked at by itself:
    whoever plans looks at none.
    """

    def __init__(self, rows: Sequence[_Row], text: bytes) -> None:
        self.ids = [row.id for row in rows]
        self.own_runs = [wire.own_runs(row.execution_policy) or 0 if row.execution_policy else 0 for row in rows]
        self._kept = len(rows), [text]  # how many rows each text has, and the texts: changed together

    @property
    def items(self) -> Iterator[Item]:
        """All of them, made."""
        return (wire.item(row) for text in self._kept[1] for row in _rows(text))

    def some(self, places: Iterable[int]) -> Iterator[Item]:
        """Those at these places."""
        size, texts = self._cut()
        by_text: dict[int, list[int]] = defaultdict(list)
        for place in places:
            by_text[place // size].append(place % size)
        for number, within in by_text.items():
            rows = _rows(texts[number])
            yield from (wire.item(rows[place]) for place in within)

    def _cut(self) -> tuple[int, list[bytes]]:
        size, texts = self._kept
        if size > _TOGETHER:
            rows = _rows(texts[0])
            parts = (rows[start : start + _TOGETHER] for start in range(0, size, _TOGETHER))
            self._kept = _TOGETHER, [encoded_row({"content": part}) for part in parts]
        return self._kept


def _rows(text: bytes) -> list[Json]:
    rows: list[Json] = read_json(text)["content"]
    return rows


class Listing:
    """The items of a version, newest id first. Each counts once."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self._pages = pages

    @cached_property
    def items(self) -> list[Item]:
        """All of them, made."""
        made = {item.id: item for page in self._pages for item in page.items}
        return [made[id_] for id_ in sorted(made, reverse=True)]

    @cached_property
    def by_id(self) -> Items:
        """All of them, each made when it is looked at."""
        ids = [id_ for page in self._pages for id_ in page.ids]
        own_runs = [runs for page in self._pages for runs in page.own_runs]
        listed = Ids.of(ids)
        if not listed.newest_first:  # rows have moved from one page to another
            by_id = dict(zip(ids, own_runs, strict=True))
            listed = Ids.of(sorted(by_id, reverse=True))
            own_runs = [by_id[id_] for id_ in listed]
        return Items(listed, np.array(own_runs, dtype=np.int64), self._some)

    @cached_property
    def _place(self) -> dict[str, tuple[Page, int]]:
        """Where each is."""
        return {id_: (page, place) for page in self._pages for place, id_ in enumerate(page.ids)}

    def _some(self, ids: Sequence[str]) -> list[Item]:
        by_page: dict[Page, list[int]] = defaultdict(list)
        for id_ in ids:
            page, place = self._place[id_]
            by_page[page].append(place)
        found = {item.id: item for page, places in by_page.items() for item in page.some(places)}
        return [found[id_] for id_ in ids]
