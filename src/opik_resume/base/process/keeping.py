"""What must not be finalized in this process, not even at its exit: it would do harm to what it shares with others."""

from __future__ import annotations

import ctypes


def never_finalized(thing: object) -> None:
    """Keep it for ever."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
