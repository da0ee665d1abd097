"""Where this process runs: in a terminal, in a pipe, or in the kernel of a notebook that somebody may be looking at."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import NamedTuple

# Set for kernels by those who show notebooks to people: Jupyter's server, VS Code, Colab, Deepnote, CoCalc, Databricks.
_SHOWN_BY = (
    "JPY_SESSION_NAME",
    "VSCODE_PID",
    "COLAB_RELEASE_TAG",
    "DEEPNOTE_PROJECT_ID",
    "COCALC_PROJECT_ID",
    "DATABRICKS_RUNTIME_VERSION",
)
_KAGGLE = "KAGGLE_KERNEL_RUN_TYPE"  # "Interactive", or "Batch" of a notebook that is only run


class Place(NamedTuple):
    """What is known of whoever might look at what we show.

    ``kernel``: an IPython kernel runs here. ``watched``: of a notebook that is open somewhere, not only executed (nbclient,
    papermill). ``terminal``: ``sys.stderr`` is one.
    """

    kernel: bool = False
    watched: bool = False
    terminal: bool = False


def place() -> Place:
    """Where this process runs now."""
    return Place(in_kernel(), watched(os.environ), _is_terminal(sys.stderr))


def in_kernel() -> bool:
    """Whether an IPython kernel runs in this process. Imports nothing: what is not loaded does not run."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get_ipython is not None and hasattr(get_ipython(), "kernel")


def watched(environment: Mapping[str, str]) -> bool:
    """Whether a kernel with this environment belongs to a notebook that is open somewhere."""
    return any(environment.get(name) for name in _SHOWN_BY) or environment.get(_KAGGLE) == "Interactive"


def _is_terminal(stream: object) -> bool:
    isatty = getattr(stream, "isatty", None)  # there may be no stream at all (pythonw), or one of somebody's own
    try:
        return isatty is not None and bool(isatty())
    except Exception:  # it is closed, or no terminal can be asked for
        return False
