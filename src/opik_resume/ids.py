"""Ids: UUID version 7, minted in order, because every list here and on a server is ordered by id."""

from __future__ import annotations

import threading

import uuid6

_order = threading.Lock()  # uuid6 keeps its last timestamp in a global; two threads must not read the same one


def new_id() -> str:
    """A new lower-case UUIDv7, greater than every one minted before in this process."""
    with _order:
        return str(uuid6.uuid7())


def is_id(text: str) -> bool:
    """Whether ``text`` is written like a UUID (of any version)."""
    try:
        uuid6.UUID(text)
    except ValueError:
        return False
    return True
