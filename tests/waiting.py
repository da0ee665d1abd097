"""The one way in which tests wait: for a condition, never for time."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

_LOOK = 0.005  # seconds between two looks
PATIENCE = 60.0
"""Seconds after which something is broken, however slow the machine."""


def until(
    true: Callable[[], object], process: subprocess.Popen[str] | None = None, *, seconds: float = PATIENCE
) -> None:
    """Wait for a condition; with a process, for one that it brings about while it lives."""

    def ended() -> bool:
        return process is not None and process.poll() is not None

    assert soon(lambda: true() or ended(), seconds), "it never came true"
    assert not ended() or true(), process and process.communicate()


def soon(true: Callable[[], object], seconds: float) -> bool:
    """Whether a condition comes true in so many seconds."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_LOOK)
    return True
