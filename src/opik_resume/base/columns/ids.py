"""Ids, each once, in one array: a million of them as strings with a dict of their places would take 200 MB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias, overload

from opik_resume.base.numeric import np, npt

Texts: TypeAlias = "npt.NDArray[np.bytes_]"
Numbers: TypeAlias = "npt.NDArray[np.int64]"

_AT_ONCE = 10_000  # made strings of at a time


class Ids(Sequence[str]):
    """Ids in order, each once, and the place of each.

    Args:
        texts: them in UTF-8, as an array of bytes (:func:`texts_of`).
    """

    def __init__(self, texts: Texts) -> None:
        self.texts = texts

    @classmethod
    def of(cls, ids: Iterable[str]) -> Ids:
        """Of strings."""
        return ids if isinstance(ids, Ids) else cls(texts_of(encoded(list(ids))))

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Ids: ...
    def __getitem__(self, place: int | slice) -> str | Ids:
        return Ids(self.texts[place]) if isinstance(place, slice) else _decoded(self.texts[place])

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _AT_ONCE):
            yield from map(_decoded, self.texts[start : start + _AT_ONCE].tolist())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Ids):
            return np.array_equal(self.texts, other.texts)
        return isinstance(other, tuple | list) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as of a list

    def __repr__(self) -> str:
        return f"<Ids {len(self):,}>"

    def __contains__(self, item_id: object) -> bool:
        return isinstance(item_id, str) and self._place(item_id) >= 0

    def index(self, item_id: str, start: int = 0, stop: int | None = None) -> int:
        """Its place. Raises ValueError when it is not among them."""
        place = self._place(item_id)
        if place < start or (stop is not None and place >= stop):
            raise ValueError(f"{item_id!r} is not among these ids")
        return place

    def _place(self, item_id: str) -> int:
        text = _encoded(item_id)
        if not len(self) or len(text) > self.texts.itemsize:  # it would be cut
            return -1
        at = int(self._sorted.searchsorted(text))
        return self._placed(at) if at < len(self) and self._sorted[at] == text else -1

    def _placed(self, at: int) -> int:
        return int(self._order[at])

    @cached_property
    def _order(self) -> Numbers:
        """The places in the order of the ids."""
        if self.newest_first:
            return np.arange(len(self) - 1, -1, -1, dtype=np.int64)
        return np.argsort(self.texts, kind="stable")

    @cached_property
    def _sorted(self) -> Texts:
        return self.texts[::-1] if self.newest_first else self.texts[self._order]

    @cached_property
    def newest_first(self) -> bool:
        """As items mostly come: it needs no sorting, and no other array."""
        return bool((self.texts[:-1] > self.texts[1:]).all())

    def places(self, texts: Texts) -> Numbers:
        """The place of each of these (in UTF-8), -1 for those that are not among them."""
        if not len(self) or not len(texts):
            return np.full(len(texts), -1, dtype=np.int64)
        if len(texts) == len(self):  # nearly always they are the same, in this order or sorted
            if np.array_equal(texts, self.texts):
                return np.arange(len(self), dtype=np.int64)
            if np.array_equal(texts, self._sorted):
                return self._order
        at = np.minimum(np.searchsorted(self._sorted, texts), len(self) - 1)
        return np.where(self._sorted[at] == texts, self._order[at], -1)


class Runs(Mapping[str, int]):
    """The number of runs that each item expects, by its id, in order."""

    def __init__(self, ids: Ids, counts: Numbers) -> None:
        self.ids = ids
        self.counts = counts

    @classmethod
    def of(cls, runs: Mapping[str, int]) -> Runs:
        """Of any mapping."""
        if isinstance(runs, Runs):
            return runs
        return cls(Ids.of(runs), np.fromiter(runs.values(), dtype=np.int64, count=len(runs)))

    def __getitem__(self, item_id: str) -> int:
        try:
            return int(self.counts[self.ids.index(item_id)])
        except ValueError:
            raise KeyError(item_id) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def total(self) -> int:
        """How many runs that are."""
        return int(self.counts.sum())


def is_whole(value: Any) -> bool:
    """Whether somebody who gives this means a place."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def texts_of(encoded: Sequence[bytes]) -> Texts:
    """The array of these."""
    return np.array(encoded, dtype=np.bytes_) if len(encoded) else np.empty(0, dtype="S1")


def encoded(ids: Sequence[str]) -> list[bytes]:
    """Each in UTF-8: all at once, which is several times as fast, unless the mark between them is in one of them."""
    texts = _encoded("\0".join(ids)).split(b"\0") if ids else []
    return texts if len(texts) == len(ids) else [_encoded(each) for each in ids]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _decoded(text: Any) -> str:
    decoded: str = text.decode("utf-8", "surrogatepass")
    return decoded
