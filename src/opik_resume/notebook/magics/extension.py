"""``%load_ext opik_resume`` and ``%unload_ext opik_resume``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opik_resume.notebook.magics.commands import ResumeMagics
from opik_resume.notebook.magics.completion import opik_resume_matcher

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext opik_resume``: define the ``%opik_resume`` magic, and its completion."""
    shell.register_magics(ResumeMagics)
    matchers = shell.Completer.custom_matchers
    if opik_resume_matcher not in matchers:
        matchers.append(opik_resume_matcher)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """``%unload_ext opik_resume``: take the magic away. What runs goes on."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("opik_resume", None)
    shell.magics_manager.registry.pop("ResumeMagics", None)
    matchers = shell.Completer.custom_matchers
    matchers[:] = [matcher for matcher in matchers if matcher is not opik_resume_matcher]
