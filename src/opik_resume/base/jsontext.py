"""JSON text of what users hand us: strict, so that what is kept can be read back by any program."""

from __future__ import annotations

import json
from typing import Any

# What json.dumps raises for things it cannot hold: sets and objects, NaN and cycles, very deep nesting.
NOT_JSON = (TypeError, ValueError, RecursionError)

_raw_decode = json.JSONDecoder().raw_decode

# Made once: `json.dumps` makes an encoder for every call that is not at its defaults.
_compact = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def to_json(value: Any) -> str:
    """Compact JSON text. Raises one of ``NOT_JSON`` for what JSON cannot hold, NaN and infinity included.

    Half of a surrogate pair, which Python strings may hold and files may not, is written as an escape.
    """
    text = _compact(value)
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text


def from_json(text: str) -> Any:
    """What ``to_json`` wrote. It knows that nothing stands around it, which ``json.loads`` has to look for."""
    return _raw_decode(text)[0]


def storable(text: str) -> str:
    """The text with any half of a surrogate pair written as an escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
