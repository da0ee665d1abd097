"""JSON as the bytes of a request, in a form that every server can keep, and of an answer: whatever Python can hold."""

from __future__ import annotations

from typing import Any

from msgspec import DecodeError, json

from opik_resume.base.process.garbage import collector
from opik_resume.base.records import Json
from opik_resume.base.text import limits
from opik_resume.base.text.jsontext import loads, to_json


def encoded(value: Any) -> bytes:
    """Half of a surrogate pair, which no server can keep, becomes the text of its escape. Raises as ``to_json``."""
    return to_json(value).encode()


def encoded_row(row: Json) -> bytes:
    """As ``encoded``, for the many rows of a batch: several times as fast. They must be known to be JSON, numbers finite."""
    try:
        return json.encode(row)
    except (UnicodeEncodeError, RecursionError):  # half of a pair, a deep nesting: Python's own writer takes them
        return encoded(row)


def encoded_run(row: Json) -> bytes:
    """As ``encoded_row``, for what came of runs: what no server reads is marked, and does not keep a run from it.

    New runs are kept so from the start; those of older versions and of embedded stores come here as they are.
    """
    text = encoded_row(row)
    return text if limits.within(text, row) else encoded_row(limits.marked(row))


def read_json(text: bytes) -> Any:
    """What ``encoded`` wrote, or any other program, several times as fast as Python's own reader. Raises ValueError."""
    try:
        with collector.rests():
            return json.decode(text)
    except (DecodeError, UnicodeDecodeError, RecursionError):  # half of a pair, NaN: Python's own reader takes them
        return loads(text)
