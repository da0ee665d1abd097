"""JSON text of what users hand us: strict and clean, so that what is kept can be read back by any program.

Half of a surrogate pair, which Python strings may hold and files, tables and servers may not, becomes the text of its
escape. Here, and so in every record: see :func:`clean` and :func:`as_read_back`.
"""

from __future__ import annotations

import json
import re
from typing import Any

# What json.dumps raises for things it cannot hold: sets and objects, NaN and cycles, very deep nesting.
NOT_JSON = (TypeError, ValueError, RecursionError)

_raw_decode = json.JSONDecoder().raw_decode

# Made once: `json.dumps` makes an encoder for every call that is not at its defaults.
_compact = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

_HALF = re.compile("[\ud800-\udfff]")
_ESCAPED_HALF = re.compile(
    r"(?<!\\)((?:\\\\)*)(\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2})",
    re.IGNORECASE,
)


def to_json(value: Any) -> str:
    """Compact and clean JSON text. Raises one of ``NOT_JSON`` for what JSON cannot hold, NaN and infinity included."""
    text = _compact(value)
    return text if _can_be_kept(text) else _HALF.sub(lambda half: f"\\\\u{ord(half[0]):x}", _paired(text))


def from_json(text: str) -> Any:
    """What ``to_json`` wrote. It knows that nothing stands around it, which ``json.loads`` has to look for."""
    return _raw_decode(_without_escaped_halves(text))[0]


def loads(text: bytes) -> Any:
    """The JSON of any program, clean. Raises ValueError."""
    if b"\\u" in text:
        return json.loads(_without_escaped_halves(text.decode("utf-8", "replace")))
    return json.loads(text)


def _without_escaped_halves(text: str) -> str:
    """Files of old, and other programs, write halves of pairs as JSON's own escapes."""
    if "\\ud" in text or "\\uD" in text:
        return _ESCAPED_HALF.sub(lambda found: f"{found[1]}\\{found[2].lower()}", text)
    return text


def as_read_back(value: Any) -> Any:
    """A copy of the value as any store will give it back. Raises as ``to_json``."""
    return from_json(to_json(value))


def clean(text: str) -> str:
    """The text with any half of a surrogate pair as the text of its escape."""
    return text if _can_be_kept(text) else _paired(text).encode("utf-8", "backslashreplace").decode("utf-8")


def _can_be_kept(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _paired(text: str) -> str:
    """Two halves side by side are one letter."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
