"""What a task returned → the JSON that is stored of it. Never raises for what the values are: they were paid for.

What JSON can hold stays as it is. All else becomes what the encoder of the ``opik`` package 2.2.122
(``opik/jsonable_encoder.py``) makes of it, so that experiments change hands. Where that one goes further than JSON, or
knows nothing either, stands a text in angle brackets:

- ``<float NaN>``, ``<float Infinity>``, ``<float -Infinity>``: numbers that JSON does not have;
- ``<repr> …``: the repr of an object that has no text of its own;
- ``<Cyclic reference to list id=…>``: a value that contains itself (the SDK's own words);
- ``<Thing that cannot be shown: ValueError>``: an object whose ``repr`` raises;
- ``<int …>`` and the key ``<long keys>``: what JSON can hold and no server reads (:mod:`~opik_resume.base.text.limits`).

Libraries are recognised without importing them: an object of theirs is only there when they are.
"""

from __future__ import annotations

import base64
import dataclasses
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from pathlib import PurePath
from types import GeneratorType
from typing import Any, TypeVar

from opik_resume.base.text import limits
from opik_resume.base.text.jsontext import NOT_JSON, as_read_back, from_json, to_json

DEEPEST = 200
"""Levels of nesting that are stored as such, so that any program can read them back; below stands a repr."""
_MOST_NOTES = 20  # kinds of values that are told of
MOST_BITS = 14_000  # of an integer that Python writes and reads in decimals
_PLAIN = (str, int, float, type(None))
_LISTED = (list, tuple, set, frozenset, GeneratorType)

T = TypeVar("T")


def encoded(value: Any) -> tuple[Any, tuple[str, ...]]:
    """A copy of the value as it is stored and read back, and a sentence for each kind of value that was converted.

    Generators in its dicts and lists, which give what they have only once, become lists there. What they raise is raised.
    """
    try:
        text = to_json(value)
        plain = from_json(text)
        flat = text.count("[") + text.count("{") <= DEEPEST or not _too_deep(plain)
        if flat and limits.within(text, plain):
            return plain, ()
    except NOT_JSON:
        pass
    encoder = _Encoder()
    return as_read_back(encoder.of(_with_lists(value))), tuple(encoder.notes())


def float_text(number: float) -> str:
    """``NaN``, ``Infinity`` or ``-Infinity``, which :func:`as_float` reads back."""
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def as_float(number: Any) -> float:
    """A number, or the text of one that JSON does not have. There is one NaN, so that equal records are equal."""
    value = float(number)
    return math.nan if math.isnan(value) else value


def _with_lists(value: Any) -> Any:
    whole = [value]
    left: list[Any] = [whole]
    seen: set[int] = set()
    while left:
        holder = left.pop()
        if id(holder) in seen:
            continue
        seen.add(id(holder))
        for place, inner in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
            listed = _listed(inner)
            if listed is not inner:
                (dict if isinstance(holder, dict) else list).__setitem__(holder, place, listed)
            if isinstance(listed, (dict, list)):
                left.append(listed)
            elif isinstance(listed, tuple):
                left += [each for each in listed if isinstance(each, (dict, list))]
    return whole[0]


def _listed(value: Any) -> Any:
    if isinstance(value, GeneratorType):
        return list(value)
    if type(value) is tuple and any(isinstance(inner, GeneratorType) for inner in value):
        return tuple(map(_listed, value))
    return value


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for holder in level
            for inner in (holder.values() if isinstance(holder, dict) else holder)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True


class _Encoder:
    """One walk through a value. It remembers what it converted."""

    def __init__(self) -> None:
        self._open: set[int] = set()  # ids of the values that we are within
        self._place: list[Any] = []  # keys and positions that lead to the value at hand
        self._converted: dict[tuple[str, str], tuple[str, int]] = {}  # kind and form → first place, and how many

    def notes(self) -> Iterator[str]:
        told = list(self._converted.items())
        for (kind, form), (place, count) in told[:_MOST_NOTES]:
            yield f"{kind} kept as {form}: {place}" + (f" and {count - 1:,} more" if count > 1 else "")
        if len(told) > _MOST_NOTES:
            yield f"{len(told) - _MOST_NOTES:,} more kinds of values were converted"

    def of(self, value: Any) -> Any:
        if type(value) in _PLAIN or type(value) is bool:
            return self._plain(value)
        if id(value) in self._open:
            return self._noted(value, "a mark", f"<Cyclic reference to {type(value).__name__} id={id(value)}>")
        if len(self._place) >= DEEPEST:
            return self._text(value, [_repr])
        self._open.add(id(value))
        try:
            return self._structured(value)
        except Exception:  # whatever an object does when it is looked at
            return self._text(value)
        finally:
            self._open.discard(id(value))

    def _structured(self, value: Any) -> Any:
        """In the order of the SDK's encoder, which decides what a class of several kinds counts as."""
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._noted(value, "a dict", self._dict(_fields(value)))
        if is_of(value, "pydantic", "BaseModel"):
            return self._noted(value, "a dict", self._dict({**value.__dict__, **(value.__pydantic_extra__ or {})}))
        if isinstance(value, Enum):
            return self._noted(value, "its value", self.of(value.value))
        if isinstance(value, PurePath):
            return self._noted(value, "text", str(value))
        if isinstance(value, _PLAIN):
            return self._plain(value)
        if isinstance(value, datetime):
            return self._noted(value, "text", _moment(value))
        if isinstance(value, date):
            return self._noted(value, "text", str(value))
        if isinstance(value, bytes):
            return self._noted(value, "base64", base64.b64encode(value).decode())
        if isinstance(value, dict):
            return self._dict(value)
        if isinstance(value, _LISTED):
            listed = [self._at(position, inner) for position, inner in enumerate(value)]
            return listed if isinstance(value, (list, tuple)) else self._noted(value, "a list", listed)
        if is_of(value, "numpy", "ndarray"):
            return self._noted(value, "a list", self.of(value.tolist()))
        if type(value).__name__ == "ValidatorIterator" and "pydantic" in type(value).__module__:
            return self._noted(value, "a mark", "<Pydantic ValidatorIterator serialization is not supported>")
        return self._text(value)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return self._noted(value, "a mark", f"<float {float_text(value)}>")
        if isinstance(value, int) and value.bit_length() > MOST_BITS:
            return self._noted(value, "a mark", f"<repr> {value:#x}")
        if limits.is_long_number(value):
            return self._noted(value, "marked text", limits.long_number(value))
        return value

    def _dict(self, value: Mapping[Any, Any]) -> dict[Any, Any]:
        made = {self._key(key): self._at(key, inner) for key, inner in list(value.items())}
        short = limits.with_short_keys(made)
        return short if short is made else self._noted(value, "pairs where its keys are too long", short)

    def _key(self, key: Any) -> Any:
        made = self.of(key)
        return self._text(key, [str, _repr]) if isinstance(made, (dict, list)) else made

    def _at(self, place: Any, value: Any) -> Any:
        self._place.append(place)
        try:
            return self.of(value)
        finally:
            self._place.pop()

    def _text(self, value: Any, ways: Iterable[Callable[[Any], str | None]] = ()) -> str:
        problem: Exception | None = None
        for way in ways or (_own_text, _repr):
            try:
                text = way(value)
            except Exception as error:
                problem = error
                continue
            if text is not None:
                return self._noted(value, "its repr" if way is _repr else "text", text)
        name = type(value).__name__
        return self._noted(value, "a mark", f"<{name} that cannot be shown: {type(problem).__name__}>")

    def _noted(self, value: Any, form: str, made: T) -> T:
        key = (type(value).__name__, form)
        place, count = self._converted.get(key) or (_shown(self._place), 0)
        self._converted[key] = (place, count + 1)
        return made


def _own_text(value: Any) -> str | None:
    """What the object says of itself, as the SDK keeps it, if it says anything."""
    of_class: Any = type(value).__str__
    return None if of_class is object.__str__ else str(value)


def _repr(value: Any) -> str:
    return f"<repr> {value!r}"


def is_of(value: Any, module: str, name: str) -> bool:
    """Whether it is an instance of that class of a library, which is not imported to find out."""
    return module in sys.modules and isinstance(value, getattr(sys.modules[module], name))


def _fields(value: Any) -> dict[str, Any]:
    """Those of a dataclass as the SDK finds them: what is in slots first, without what is at a default nobody can set."""
    names = {name for kind in type(value).__mro__ for name in _slots(kind)}
    slotted = {
        field.name: getattr(value, field.name)
        for field in dataclasses.fields(value)
        if field.name in names and hasattr(value, field.name)
        if field.init or getattr(value, field.name) is not field.default
    }
    return {**slotted, **getattr(value, "__dict__", {})}


def _slots(kind: type) -> Iterable[str]:
    slots = kind.__dict__.get("__slots__", ())
    return [slots] if isinstance(slots, str) else slots


def _moment(value: datetime) -> str:
    """A time without a zone is of this machine's, as for the SDK."""
    zoned = value if value.tzinfo is not None else value.replace(tzinfo=datetime.now().astimezone().tzinfo)
    text = zoned.isoformat()
    utc = zoned.tzinfo is not None and zoned.tzinfo.tzname(None) == "UTC"
    return text.replace("+00:00", "Z") if utc else text


def _shown(place: Iterable[Any]) -> str:
    try:
        return "".join(f"[{key!r:.50}]" for key in place)[:200] or "the whole"
    except Exception:  # a key may be any object of the user's
        return "somewhere"
