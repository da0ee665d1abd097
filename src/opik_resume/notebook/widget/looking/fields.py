"""Items in groups, by a field of theirs: what ``order`` of ``docs/protocol.md`` says of ``field:…``. Pure."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from opik_resume.base.columns.items import Items
from opik_resume.notebook.widget.requests import Answer, RequestRefused

FIELD = "field:"
LONGEST = 60  # characters of a value, and of the name of a field: a longer one is a text
MOST_FIELDS = 30
MOST_GROUPS = 1_000  # that are named
_SAMPLE = 200  # items that are looked at to tell which fields there are
_FEW = 12
_WRITTEN = dict.fromkeys(map(ord, "\u200c\u200d\u00a0\u202f\u3000"))

_Key = tuple[int, float, str]
"""Sorts numbers by size, then texts, then what is neither, and tells them apart."""
_NEITHER: _Key = (2, 0.0, "")


def fields_of(items: Items) -> list[str]:
    """The fields whose values put items together, or are numbers, as far as a sample of the items tells."""
    # By lot, always the same: a dataset may have its categories one after the other, or in turn.
    places = sorted(random.Random(0).sample(range(len(items)), min(_SAMPLE, len(items))))
    sample = list(items.some(list(map(items.ids.__getitem__, places))).values())
    names = dict.fromkeys(name for item in sample for name in item.data if len(name) <= LONGEST)
    return [name for name in names if _groups([_key(item.data.get(name)) for item in sample])][:MOST_FIELDS]


def grouped(items: Items, by: str) -> Answer:
    """The items at each place, group by group, each group in the order of the experiment; with the groups, unless too many.

    Raises RequestRefused: no item has a value there that could be one of a group.
    """
    keys = list(map(_key, items.column(by.removeprefix(FIELD))))
    different = sorted(set(keys), key=_sorting)
    if different in ([], [_NEITHER]):
        raise RequestRefused(f"There is nothing to show by {by!r}.")
    rank = {key: place for place, key in enumerate(different)}
    ranks = np.fromiter(map(rank.__getitem__, keys), np.int64, len(keys))
    sizes = np.bincount(ranks).tolist() if len(different) <= MOST_GROUPS else []
    groups = [[_name(key), size] for key, size in zip(different, sizes, strict=False)]
    return {"by": by, "groups": groups}, [np.argsort(ranks, kind="stable").astype("<u4").tobytes()]


def _key(value: Any) -> _Key:
    if isinstance(value, bool):
        return 1, 0.0, str(value).lower()
    if isinstance(value, int | float):
        number = _float(value)
        return (0, number, "") if math.isfinite(number) else _NEITHER
    if isinstance(value, str) and 0 < len(value) <= LONGEST and _is_a_line(value):
        return 1, 0.0, value
    return _NEITHER


def _is_a_line(value: str) -> bool:
    """Without what cannot be seen; but some writing, and emoji, needs blanks and joiners that are not ASCII."""
    return value.isprintable() or value.translate(_WRITTEN).isprintable()


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond what a float holds
        return math.inf


def _sorting(key: _Key) -> tuple[int, float, str, str]:
    kind, number, text = key
    return kind, number, text.casefold(), text


def _name(key: _Key) -> str | None:
    kind, number, text = key
    if kind == 0:
        return f"{number:.0f}" if number.is_integer() and abs(number) < 1e15 else f"{number:g}"
    return text if key != _NEITHER else None


def _groups(keys: Sequence[_Key]) -> bool:
    """Whether it is of use to group by these: not if all are alike, nor if each is a text of its own."""
    there = [key for key in keys if key != _NEITHER]
    different = len(set(there))
    if not there or len(set(keys)) == 1:
        return False
    return there[0][0] == 0 or (different < len(there) and different <= max(_FEW, len(there) // 2))
