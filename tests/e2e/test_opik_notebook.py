"""``notebooks/opik_server.ipynb`` against a stand-in server: the SDK dies, we finish; we are stopped, the SDK finishes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.e2e.conftest import SCREENSHOTS, Lab, run
from tests.e2e.test_failures import index_of
from tests.opik_server import OpikServer, sdk
from tools import jupyter
from tools.lab import Notebook
from tools.system import ROOT
from tools.widget import Widget

NOTEBOOK = ROOT / "notebooks/opik_server.ipynb"
TRACE_WAIT = 10_000


def test_opik_server(lab: Lab, tmp_path: Path) -> None:
    root, home = tmp_path / "notebooks", tmp_path / "jupyter"
    root.mkdir()
    home.mkdir()
    shutil.copy(NOTEBOOK, root)
    with OpikServer() as server:
        variables = {**sdk.environment(server.url, home), "OPIK_RESUME_DB": str(tmp_path / "local.sqlite3")}
        with jupyter.server(root, home, variables) as url:
            notebook = Notebook(lab.browser, url, NOTEBOOK.name)
            read_and_click(notebook)
            notebook.close()
        assert server.problems == []


def read_and_click(notebook: Notebook) -> None:
    code = [index for index, (kind, _) in enumerate(notebook.sources()) if kind == "code"]
    browse = index_of(notebook, "from opik_resume import browse")
    for index in (index for index in code if index <= browse):
        run(notebook, index)
    assert "Opik at 127.0.0.1" in notebook.text(code[0])
    assert "It died of a KeyError" in notebook.text(index_of(notebook, "by_the_sdk ="))
    assert "8 runs" in notebook.text(index_of(notebook, "from opik_resume import plan_resume"))

    widget = Widget(notebook.page, mode="browser")
    widget.wait_ready()
    widget.root.locator(".oprs-row").first.click()
    widget.wait_count("task_failed", "n === 8")
    assert widget.count("completed") == 72
    widget.root.locator(".oprs-heatmap").focus()
    notebook.page.keyboard.press("n")
    notebook.page.keyboard.press("Enter")
    widget.root.get_by_role("tab", name="Trace").wait_for(timeout=TRACE_WAIT)
    assert "KeyError" in widget.tab("Error")
    assert "recall" in widget.tab("Trace")
    link = widget.root.get_by_role("link", name=re.compile("Open in Opik"))
    assert "trace=" in (link.get_attribute("href") or "")
    widget.picture(SCREENSHOTS / "opik-server-before.png")

    for index in (index for index in code if index > browse):
        run(notebook, index)
    widget.wait_outcome("finished")  # it saw what evaluate_resume did
    assert (widget.count("completed"), widget.count("replayed")) == (72, 8)
    widget.picture(SCREENSHOTS / "opik-server-after.png")
    assert "8 of 80 runs were paid for again" in notebook.text(
        index_of(notebook, "from opik_resume import evaluate_resume")
    )
    assert "the SDK asked for 0 more answers" in notebook.text(
        index_of(notebook, "asked.clear()\nopik_evaluate_resume")
    )
    assert "80 in all" in notebook.text(index_of(notebook, "opik_evaluate_resume(ours"))
    assert "/experiments/" in notebook.text(index_of(notebook, "import tempfile"))
    assert notebook.text(code[-1]).count("complete") == 3
