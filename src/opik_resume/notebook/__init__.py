"""The notebook door: the widget, its feed, and the magic. Only here are IPython and anywidget imported."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from opik_resume.base.lazy import loader

if TYPE_CHECKING:
    from opik_resume.notebook.browsing import browse
    from opik_resume.notebook.magics.extension import load_ipython_extension, unload_ipython_extension
    from opik_resume.notebook.widget.control import ResumeBrowser

__all__ = ["ResumeBrowser", "browse", "load_ipython_extension", "unload_ipython_extension"]

_HOMES = {
    "ResumeBrowser": "widget.control",
    "browse": "browsing",
    "load_ipython_extension": "magics.extension",
    "unload_ipython_extension": "magics.extension",
}

__getattr__ = loader(__name__, _HOMES)

# Without any handler, logging writes warnings to stderr, and in a kernel that is the output of some cell.
logging.getLogger(__name__).addHandler(logging.NullHandler())
