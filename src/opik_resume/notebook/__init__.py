"""The notebook door: the widget, its feed, and the magic. Only here are IPython and anywidget imported."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from opik_resume.notebook.browsing import browse
    from opik_resume.notebook.widget import ResumeBrowser

__all__ = ["ResumeBrowser", "browse", "load_ipython_extension", "unload_ipython_extension"]

# Without any handler, logging writes warnings to stderr, and in a kernel that is the output of some cell.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name not in ("ResumeBrowser", "browse"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from opik_resume.notebook import browsing

    return getattr(browsing, name)  # it has both


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext opik_resume``: define the ``%opik_resume`` magic, and its completion."""
    from opik_resume.notebook.completion import opik_resume_matcher
    from opik_resume.notebook.magics import ResumeMagics

    shell.register_magics(ResumeMagics)
    matchers = shell.Completer.custom_matchers
    if opik_resume_matcher not in matchers:
        matchers.append(opik_resume_matcher)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """``%unload_ext opik_resume``: take the magic away. What runs goes on."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("opik_resume", None)
    shell.magics_manager.registry.pop("ResumeMagics", None)
    from opik_resume.notebook.completion import opik_resume_matcher

    matchers = shell.Completer.custom_matchers
    matchers[:] = [matcher for matcher in matchers if matcher is not opik_resume_matcher]
