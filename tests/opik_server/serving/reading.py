"""JSON as the server's parser reads it: with its limits, and without what is no JSON."""

from __future__ import annotations

import json
import re
from typing import Any

DIGITS = 1_000  # of a number
KEY = 50_000  # characters of an object's key
_LONG_NUMBER = re.compile(rb"\d{1001}")
_LONG_KEY = re.compile(rb'"(?:[^"\\]|\\.){50001,}+"\s*:')


def loads(raw: bytes) -> Any:
    """Raises ValueError, with the server's words where it is a limit."""
    has_long_key = len(raw) > KEY and _LONG_KEY.search(raw)
    has_long_number = len(raw) > DIGITS and _LONG_NUMBER.search(raw)
    return json.loads(
        raw,
        parse_int=_integer if has_long_number else None,
        parse_float=_fraction if has_long_number else None,
        parse_constant=_constant,
        object_pairs_hook=_object if has_long_key else None,
    )


def _integer(text: str) -> int:
    return int(_number(text))


def _fraction(text: str) -> float:
    return float(_number(text))


def _number(text: str) -> str:
    if len(text) > DIGITS:
        raise ValueError(f"Number value length ({len(text)}) exceeds the maximum allowed ({DIGITS})")
    return text


def _constant(text: str) -> float:
    raise ValueError(f"Non-standard token '{text}'")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    longest = max((len(key) for key, _ in pairs), default=0)
    if longest > KEY:
        raise ValueError(f"Name value length ({longest}) exceeds the maximum allowed ({KEY})")
    return dict(pairs)
