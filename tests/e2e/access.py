"""What axe-core says of a widget, in the page and the colours that JupyterLab gives it."""

from __future__ import annotations

from typing import cast

from tools.system import ROOT
from tools.widget import Widget

AXE = ROOT / "js/node_modules/axe-core/axe.min.js"
RUN = """
async (root) => (await axe.run(root)).violations.flatMap(({id, nodes}) =>
  nodes.map(({html, failureSummary}) => `${id}: ${html.slice(0, 160)} ${failureSummary}`))
"""


def complaints(widget: Widget) -> list[str]:
    """Rules that are broken, and where."""
    widget.root.page.evaluate(AXE.read_text(encoding="utf-8"))
    return cast("list[str]", widget.root.evaluate(RUN))
