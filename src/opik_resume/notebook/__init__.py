"""The notebook door: the widget, its feed, and the magic. Only here are IPython and anywidget imported."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from opik_resume.notebook.widget import ResumeBrowser, browse

__all__ = ["ResumeBrowser", "browse", "load_ipython_extension", "unload_ipython_extension"]

# Without any handler, logging writes warnings to stderr, and in a kernel that is the output of some cell.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name not in ("ResumeBrowser", "browse"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from opik_resume.notebook import widget

    return getattr(widget, name)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext opik_resume``: define the ``%opik_resume`` magic."""
    from opik_resume.notebook.magics import ResumeMagics

    shell.register_magics(ResumeMagics)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """``%unload_ext opik_resume``: take the magic away. What runs goes on."""
    shell.magics_manager.magics["line"].pop("opik_resume", None)
    shell.magics_manager.registry.pop("ResumeMagics", None)
