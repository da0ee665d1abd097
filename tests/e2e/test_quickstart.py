"""The quickstart, done as it asks: run the cells, look at a failure, click Resume, go on working."""

from __future__ import annotations

import json
import shutil

from tests.e2e import cells
from tests.e2e.conftest import SCREENSHOTS, Lab
from tools import demo
from tools.lab import Notebook
from tools.widget import Widget

RUNS = 90


def test_quickstart(lab: Lab) -> None:
    shutil.copy(demo.QUICKSTART, lab.root)
    shutil.copy(demo.BESIDE, lab.root)
    notebook = Notebook(lab.browser, lab.url, demo.QUICKSTART.name)
    assert demo.run_cells(notebook) is None
    widget = Widget(notebook.page, mode="browser")
    widget.wait_ready()
    widget.choose(demo.FIRST_EXPERIMENT)
    kept = widget.count("completed")
    assert 0 < widget.count("task_failed") < 5  # how many were reached depends on how quick the machine is

    last = len(notebook.sources()) - 1
    notebook.set_source(last, cells.FAILED_CELLS.format(name=demo.FIRST_EXPERIMENT))
    notebook.run(last)
    for cell in json.loads(notebook.text(last)):
        widget.click_cell(cell)
        assert "recorded_answer" in widget.root.locator(".oprs-traceback").inner_text()
    widget.picture(SCREENSHOTS / "quickstart-before.png")

    widget.resume.click()
    some = widget.wait_count("replayed", "n > 0")
    notebook.run(last)  # the kernel is free for other cells
    widget.wait_count("replayed", f"n > {some}")
    widget.wait_outcome("finished")
    assert (widget.count("completed"), widget.count("replayed")) == (kept, RUNS - kept)
    widget.picture(SCREENSHOTS / "quickstart-after.png")
    notebook.close()
