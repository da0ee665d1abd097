"""JSON as the bytes of a request: any text that Python can hold, in a form that every server can keep."""

from __future__ import annotations

from typing import Any

import orjson

from opik_resume.base.records import Json
from opik_resume.base.text import limits
from opik_resume.base.text.jsontext import to_json


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
