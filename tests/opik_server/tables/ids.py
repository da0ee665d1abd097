"""Ids: version 7 UUIDs, minted in order, and refused on write when they are of another version."""

from __future__ import annotations

import re
import threading
import time
import uuid

import uuid6

from tests.opik_server.serving.wire import coded

_order = threading.Lock()
_VERSION_7 = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def new_id() -> str:
    with _order:
        return str(uuid6.uuid7())


def check_id(value: object, what: str, window: float | None = None) -> str:
    """``value``, when it is a version 7 UUID, and of a time within ``window`` seconds of now, for servers that look."""
    if window is None and isinstance(value, str) and _VERSION_7.fullmatch(value):
        return value  # nearly always, and quick
    try:
        parsed = uuid.UUID(str(value))
    except ValueError:
        raise coded(400, "Unable to process JSON", f"Invalid UUID string: {value}") from None
    if parsed.version != 7:
        raise coded(400, "Invalid UUID for id", f"{what} id must be a version 7 UUID")
    if window is not None and abs((parsed.int >> 80) / 1000 - time.time()) > window:
        raise coded(400, "Invalid UUID for id", f"{what} id has a timestamp outside the allowed window")
    return str(parsed)
