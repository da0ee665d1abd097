"""What servers read of JSON: integers and keys up to a length. What is longer is marked, and nothing of it is lost.

- ``<int 123…>`` stands for an integer of more than :data:`MOST_DIGITS` digits;
- under the key ``<long keys>`` of an object is a list of ``[key, value]`` of those whose key is too long.
"""

from __future__ import annotations

import re
from typing import Any

from opik_resume.base.records import Json

MOST_DIGITS = 1_000  # of an integer, its sign among them
LONGEST_KEY = 49_000  # bytes of an object's key: they take 50,000, of what they count
LONG_KEYS = "<long keys>"
_FEW_BITS = 3_300  # integers of so many have fewer digits
_STRIDE = 100
_LONG_TEXT = re.compile(f"[0-9]{{{MOST_DIGITS}}}")
_LONG_BYTES = re.compile(_LONG_TEXT.pattern.encode())
_SAMPLE_TEXT = re.compile(f"[0-9]{{{MOST_DIGITS // _STRIDE}}}")
_SAMPLE_BYTES = re.compile(_SAMPLE_TEXT.pattern.encode())


def within(json: str | bytes, value: Any) -> bool:
    """Whether every server can read this JSON, which was written of that value. Quick: it is asked of all that is kept."""
    if len(json) < MOST_DIGITS:
        return True
    return not _has_long_number(json) and (4 * len(json) <= LONGEST_KEY or not _has_long_key(value))


def marked(value: Any) -> Any:
    """A copy of a JSON value that every server can read."""
    if isinstance(value, dict):
        return with_short_keys({key: marked(inner) for key, inner in value.items()})
    if isinstance(value, (list, tuple)):
        return [marked(inner) for inner in value]
    return value if not is_long_number(value) else long_number(value)


def is_long_number(value: Any) -> bool:
    return isinstance(value, int) and value.bit_length() > _FEW_BITS and len(str(value)) > MOST_DIGITS


def long_number(value: int) -> str:
    return f"<int {value}>"


def is_long_key(key: Any) -> bool:
    return isinstance(key, str) and 4 * len(key) > LONGEST_KEY and len(key.encode("utf-8", "replace")) > LONGEST_KEY


def with_short_keys(value: Json) -> Json:
    """The object with those of its keys that are too long, and their values, in a list."""
    long = dict.fromkeys(key for key in value if is_long_key(key))
    if not long:
        return value
    name = LONG_KEYS
    while name in value:
        name += "'"
    return {key: inner for key, inner in value.items() if key not in long} | {name: [[key, value[key]] for key in long]}


def _has_long_number(json: str | bytes) -> bool:
    """Also where it is only a text of digits. A number that long has so many digits at every hundredth place."""
    if isinstance(json, str):
        return bool(_SAMPLE_TEXT.search(json[::_STRIDE]) and _LONG_TEXT.search(json))
    return bool(_SAMPLE_BYTES.search(json[::_STRIDE]) and _LONG_BYTES.search(json))


def _has_long_key(value: Any) -> bool:
    left = [value]
    while left:
        holder = left.pop()
        if isinstance(holder, dict):
            if any(map(is_long_key, holder)):
                return True
            holder = holder.values()
        left += [inner for inner in holder if isinstance(inner, (dict, list, tuple))]
    return False
