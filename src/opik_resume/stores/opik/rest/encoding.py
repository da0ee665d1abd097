"""JSON as the bytes of a request, in a form that every server can keep, and of an answer: whatever Python can hold."""

from __future__ import annotations

from typing import Any

import orjson

from opik_resume.base.process.garbage import collector
from opik_resume.base.records import Json
from opik_resume.base.text import limits
from opik_resume.base.text.jsontext import loads, to_json

_DIGITS = bytes(ord("0") if chr(code).isdigit() and code < 128 else ord(" ") for code in range(256))
_LONG = b"0" * 19  # digits: an integer of 64 bits has no more


def encoded(value: Any) -> bytes:
    """Half of a surrogate pair, which no server can keep, becomes the text of its escape. Raises as ``to_json``."""
    return to_json(value).encode()


def encoded_row(row: Json) -> bytes:
    """As ``encoded``, for the many rows of a batch: several times as fast. Their numbers must be known to be finite."""
    try:
        return orjson.dumps(row)
    except TypeError:  # half of a pair, an integer beyond 64 bits, a deep nesting: Python's own writer takes them
        return encoded(row)


def encoded_run(row: Json) -> bytes:
    """As ``encoded_row``, for what came of runs: what no server reads is marked, and does not keep a run from it.

    New runs are kept so from the start; those of older versions and of embedded stores come here as they are.
    """
    json = encoded_row(row)
    return json if limits.within(json, row) else encoded_row(limits.marked(row))


def read_json(text: bytes) -> Any:
    """What ``encoded`` wrote, or any other program, several times as fast as Python's own reader. Raises ValueError."""
    if _LONG not in text.translate(_DIGITS):  # orjson reads an integer beyond 64 bits as a float
        try:
            with collector.rests():
                return orjson.loads(text)
        except (
            orjson.JSONDecodeError
        ):  # half of a pair, a deep nesting, NaN: Python's own reader takes them, or says why not
            pass
    return loads(text)
