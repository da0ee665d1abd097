"""The text of a constant: the same in every process, and of a large one of its beginning and its size only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from itertools import islice
from pathlib import PurePath
from typing import Any

_PLAIN = (str, bytes, float, complex, bool, type(None), type(...))
_EXACT = {"decimal.Decimal", "fractions.Fraction", "datetime.timedelta", "builtins.range"}  # not imported for this
_SECRET = ("key", "token", "secret", "password", "credential", "authorization")
_DEPTH = 6  # of what lies in one another
_MOST = 2_000  # values in one another
_LONGEST = 100_000  # characters of one text
_BITS = 10_000


def as_constant(name: str, value: Any) -> str | None:
    """The text of a value that counts as a constant; None for what does not, and for what is secret.

    What can change in place counts when its name is in capitals.
    """
    if any(word in name.lower() for word in _SECRET):
        return None
    changeable = type(value) in {list, dict, set, bytearray}
    return None if changeable and not name.isupper() else as_text(value)


def as_text(value: Any) -> str | None:
    """A value of plain ones; None when something else is in it."""
    return _Texts().of(value, _DEPTH)


class _Texts:
    def __init__(self) -> None:
        self._left = _MOST

    def of(self, value: Any, depth: int) -> str | None:
        """Kinds are looked up by type: what an odd object says of its class is its own affair."""
        self._left -= 1
        kind = type(value)
        if kind in _PLAIN:
            return _cut(value) if kind in {str, bytes} else repr(value)
        if kind is int:
            return repr(value) if value.bit_length() <= _BITS else f"a number of {value.bit_length()} bits"
        if f"{kind.__module__}.{kind.__qualname__}" in _EXACT:
            return repr(value)
        if issubclass(kind, PurePath):
            return str(value)
        if kind is re.Pattern:
            return repr((value.pattern, value.flags))
        return self._held(value, kind, depth - 1) if depth > 0 else None

    def _held(self, value: Any, kind: type, depth: int) -> str | None:
        if issubclass(kind, Enum):
            return f"{value}: {self.of(value.value, depth)}"
        if issubclass(kind, Mapping) and kind.__module__ == "builtins":
            return self._joined(value.items(), len(value), "{}", depth, pairs=True)
        if kind in {list, tuple} or (issubclass(kind, tuple) and hasattr(kind, "_fields")):
            return self._joined(value, len(value), "[]" if kind is list else "()", depth)
        if kind not in {set, frozenset}:
            return None
        if len(value) > self._left:
            return f"{{… {len(value)} in all}}"
        parts = [self.of(each, depth) for each in value]
        return None if None in parts else f"{{{', '.join(sorted(map(str, parts)))}}}"

    def _joined(
        self, values: Iterable[Any], number: int, brackets: str, depth: int, *, pairs: bool = False
    ) -> str | None:
        parts: list[str] = []
        for value in islice(values, max(self._left, 0)):
            part = self._pair(value, depth) if pairs else self.of(value, depth)
            if part is None:
                return None
            parts.append(part)
            if self._left <= 0:
                break
        if len(parts) < number:
            parts.append(f"… {number} in all")
        return f"{brackets[0]}{', '.join(parts)}{brackets[1]}"

    def _pair(self, pair: Sequence[Any], depth: int) -> str | None:
        key, value = (self.of(each, depth) for each in pair)
        return None if key is None or value is None else f"{key}: {value}"


def _cut(text: str | bytes) -> str:
    return repr(text) if len(text) <= _LONGEST else f"{text[:_LONGEST]!r} … {len(text)} in all"
