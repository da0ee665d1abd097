"""Users' values → what an item holds: JSON, converted as the SDK converts items, exact or refused by name and place.

Items are read by people's own code for years: unlike an output, which was paid for, nothing of them becomes a repr.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from opik_resume.base.records import Json
from opik_resume.base.text.encoding import DEEPEST, MOST_BITS, encoded, is_of
from opik_resume.base.text.jsontext import NOT_JSON, as_read_back
from opik_resume.exceptions import ArgumentError

_LEAVES = (date, time, Decimal, UUID, bytes, PurePath)  # a datetime is a date


def stored(data: Mapping[str, Any], where: str) -> Json:
    """A copy of an item's data as it is stored. Raises ArgumentError, which names ``where`` and the key."""
    try:
        made: Json = as_read_back(data)
    except NOT_JSON:
        there = {key: value for key, value in data.items() if not missing(value)}
        made = as_read_back({key: _plain(value, f"{where}[{key!r}]", 1) for key, value in there.items()})
    return made


def missing(value: Any) -> bool:
    """Whether it is what pandas has where a cell is empty: NaN, NA or NaT. Not None, which is a value."""
    if is_of(value, "numpy", "floating") or isinstance(value, float):
        return math.isnan(value)
    pandas = sys.modules.get("pandas")
    return value is not None and any(value is getattr(pandas, name, None) for name in ("NA", "NaT"))


def _plain(value: Any, where: str, depth: int) -> Any:
    if depth > DEEPEST:
        raise _refused(where, "it is nested too deeply, or within itself", "flatten it")
    if is_of(value, "numpy", "number") or is_of(value, "numpy", "bool_"):
        value = value.item()
    if isinstance(value, Enum):
        return _plain(value.value, where, depth + 1)
    if isinstance(value, float) and not math.isfinite(value):
        raise _refused(
            where, f"it is {value}, which is no number in JSON", "put None or a text there, or leave the key out"
        )
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise _refused(where, "it has more digits than programs read", "store it as a text")
    if value is None or isinstance(value, (str, int, float)):
        return value
    if missing(value):
        raise _refused(where, f"it is {value}, a missing value within another", "put None there")
    if isinstance(value, _LEAVES):
        return encoded(value)[0]
    try:
        inner = _inner(value)
    except Exception as error:  # an object of the user's, whatever it does
        raise _refused(where, f"its {type(value).__name__} raised {error!r:.200}", "convert it first") from error
    if isinstance(inner, Mapping):
        return {_key(key, where): _plain(each, f"{where}[{key!r}]", depth + 1) for key, each in inner.items()}
    if inner is not None:
        return [_plain(each, f"{where}[{position}]", depth + 1) for position, each in enumerate(inner)]
    raise _refused(where, f"it is of type {type(value).__name__}", "convert it first, with str() or dict() for example")


def _inner(value: Any) -> Mapping[Any, Any] | Iterable[Any] | None:
    """What a value consists of, or None."""
    if isinstance(value, (dict, list, tuple)):
        return value
    if isinstance(value, (set, frozenset)):
        return _ordered(value)
    if is_of(value, "numpy", "ndarray"):
        listed = value.tolist()
        return listed if isinstance(listed, list) else [listed]
    if is_of(value, "pydantic", "BaseModel"):
        return value.model_dump(by_alias=True)  # type: ignore[no-any-return]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return None


def _ordered(value: Iterable[Any]) -> list[Any]:
    """A set in the SDK's order: two of the same content are duplicates."""
    try:
        return sorted(value)
    except TypeError:
        return sorted(value, key=lambda member: (type(member).__name__, repr(member)))


def _key(key: Any, where: str) -> Any:
    if isinstance(key, (date, Decimal, UUID, PurePath, Enum)):
        key = encoded(key)[0]
    if key is None or isinstance(key, (str, int, float)):
        return key
    raise _refused(where, f"it has a key of type {type(key).__name__}", "use strings as keys")


def _refused(where: str, what: str, remedy: str) -> ArgumentError:
    return ArgumentError(f"{where} cannot be stored as JSON: {what}. Remedy: {remedy}. Nothing was changed.")
