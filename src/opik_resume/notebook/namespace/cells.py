"""The cells of the running notebook, as tracebacks name them, and variables that the widget puts there."""

from __future__ import annotations

import re
from typing import Any


def cell_number(path: str) -> int | None:
    """The number beside the cell that was compiled as this file, if this session has run it."""
    from IPython import get_ipython

    shell = get_ipython()
    format_name = getattr(getattr(shell, "compile", None), "format_code_name", None)
    named = format_name(path) if format_name is not None else None
    found = re.fullmatch(r"In\s*\[(\d+)\]", str(named[1])) if named else None
    return int(found[1]) if found else None


def put(name: str, value: Any) -> str | None:
    """Set a variable of the notebook, and return its name; one that holds something else keeps it. None: no notebook."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return None
    number, free = 1, name
    while free in shell.user_ns and not _same(shell.user_ns[free], value):
        number += 1
        free = f"{name}_{number}"
    shell.user_ns[free] = value
    return free


def _same(there: Any, value: Any) -> bool:
    try:
        return type(there) is type(value) and bool(there == value)
    except ValueError:  # arrays in it, of which nobody can say so: somebody has changed it
        return False
