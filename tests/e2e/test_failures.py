"""``notebooks/failures.ipynb``, read and clicked as it asks."""

from __future__ import annotations

import shutil

from tests.e2e.conftest import SCREENSHOTS, Lab, run
from tools.lab import Notebook
from tools.system import ROOT
from tools.widget import Widget

FAILURES = ROOT / "notebooks/failures.ipynb"


def index_of(notebook: Notebook, start: str) -> int:
    return next(index for index, (_, source) in enumerate(notebook.sources()) if source.startswith(start))


def test_failures(lab: Lab) -> None:
    shutil.copy(FAILURES, lab.root)
    notebook = Notebook(lab.browser, lab.url, FAILURES.name)
    code = [index for index, (kind, _) in enumerate(notebook.sources()) if kind == "code"]
    browse = index_of(notebook, "from opik_resume import browse")
    for index in (index for index in code if index <= browse):
        run(notebook, index)

    widget = Widget(notebook.page, mode="browser")
    widget.wait_ready()
    widget.choose("first look")
    assert (widget.count("task_failed"), widget.count("scores_missing"), widget.count("completed")) == (5, 36, 253)
    widget.root.locator(".oprs-heatmap").focus()
    notebook.page.keyboard.press("n")
    notebook.page.keyboard.press("Enter")
    widget.root.locator(".oprs-inspector [role=tab]").first.wait_for()
    told = widget.root.locator("[role=tabpanel]").inner_text()
    assert "KeyError" in told or "ZeroDivisionError" in told
    widget.picture(SCREENSHOTS / "failures-before.png")

    for index in (index for index in code if index > browse):
        run(notebook, index)
    widget.wait_outcome("finished")  # it saw the magic's run
    assert (widget.count("completed"), widget.count("replayed")) == (253, 41)
    widget.picture(SCREENSHOTS / "failures-after.png")
    assert "5 of 294 prompts" in notebook.text(index_of(notebook, 'f"{len(asked)}'))
    last = notebook.text(code[-1])
    assert "0 prompts were asked again" in last
    assert last.count("complete") == 2
    notebook.close()
