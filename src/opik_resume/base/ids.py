"""Ids: UUID version 7, minted in order, because every list here and on a server is ordered by id."""

from __future__ import annotations

import random
import threading
import time
from uuid import UUID

from opik_resume.base.process.forks import in_each_process

_VARIANT = 2 << 62  # above the random bits
# Not os.urandom, which lets other threads in with every id. Our own: users seed the common one to repeat an experiment.
_chance = random.Random()
_order: threading.Lock  # guards the last moment
_last = 0  # 1/4096 milliseconds since 1970, of the id minted last


def _begin() -> None:
    global _order
    _chance.seed()  # else parent and child would go on with the same numbers
    _order = threading.Lock()


in_each_process(_begin)


def new_id() -> str:
    """A new lower-case UUIDv7, greater than every one minted before in this process.

    The 12 bits after the milliseconds are their fraction (RFC 9562, 6.2, method 3). Many ids of one moment run ahead of
    the clock by fractions of a millisecond, not by milliseconds: servers refuse ids of the future.
    """
    global _last
    chance = _chance.getrandbits(62)
    moment = time.time_ns() * 4096 // 1_000_000
    with _order:
        _last = moment = max(moment, _last + 1)
    value = (moment >> 12) << 80 | 7 << 76 | (moment & 0xFFF) << 64 | _VARIANT | chance
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(text: str) -> bool:
    """Whether ``text`` is written like a UUID (of any version)."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True
