"""What stays: the picture beside a live view, in a notebook that nobody watches, and in an exported page."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import anywidget
import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from playwright.sync_api import Route

from tests.e2e.cells import BROWSE, EVALUATE, SETUP
from tests.e2e.conftest import Lab, Open, run
from tests.waiting import until
from tools.lab import Notebook, write_notebook
from tools.system import ROOT
from tools.widget import Widget

REMEMBERED = "import json\njson.dumps({'colour': None, **view.memory})"
ADDRESS = "http://saved.invalid/"
HERE = Path(__file__).parent
WATCHED = "view = browse(task=answer, scoring_metrics=[equals], task_threads=2)\nview.experiment = 'trial run'\nview"
RESUMED = "broken = False\nview.resume('failed')\nview.wait().complete"


def test_a_live_view_stays_as_it_is_while_its_picture_follows(open_notebook: Open, lab: Lab) -> None:
    notebook = open_notebook(SETUP, EVALUATE, "broken = False", f"view = {BROWSE}\nview", REMEMBERED)
    for cell in range(1, 5):
        run(notebook, cell)
    widget = Widget(notebook.page)
    widget.wait_ready()
    widget.choose("trial run")
    widget.click_cell(0)
    search = widget.root.locator("input.oprs-search, input[type=search]").first
    search.fill("tri")
    search.focus()
    notebook.page.evaluate("document.querySelector('.oprs-root').marked = 'the same one'")
    widget.resume.click()
    search.focus()
    widget.wait_outcome("finished")
    picture = notebook.page.locator("[class^=oprs-picture]")
    notebook.page.wait_for_function(
        "element => element.textContent.includes('40 of 40 runs complete')", arg=picture.element_handle()
    )
    assert not picture.is_visible()
    assert notebook.page.evaluate("document.querySelector('.oprs-root').marked") == "the same one"
    assert search.evaluate("element => element === document.activeElement")
    assert (search.input_value(), widget.root.locator(".oprs-inspector").get_attribute("data-cell")) == ("tri", "0")
    notebook.save()
    saved = json.loads((lab.root / notebook.name).read_text())["cells"][4]["outputs"]
    assert ["text/html" in output["data"] for output in saved] == [False, True]
    assert "40 of 40 runs complete" in "".join(saved[1]["data"]["text/html"])

    widget.tab("Scores")
    colour = widget.root.get_by_label("Colour by")
    colour.select_option("duration")
    widget.root.get_by_label("Sort by").select_option("field:half")
    until(lambda: memory(notebook).items() >= {"colour": "duration", "sort": "field:half"}.items())
    notebook.open()
    widget.root.locator('.oprs-inspector[data-cell="0"] [role=tab][aria-selected=true]', has_text="Scores").wait_for()
    assert colour.input_value() == "duration"
    widget.root.locator(".oprs-caption", has_text="items, by half: 0, 1 ·").wait_for()
    widget.root.locator(".oprs-inspector", has_text="item 0 · trial 0 · 1 —").wait_for()

    notebook.restart()
    notebook.open()
    picture.wait_for()
    assert picture.is_visible(), "nobody is there who would hide it"


def memory(notebook: Notebook) -> dict[str, Any]:
    """What the kernel remembers of the view."""
    run(notebook, 5)
    return dict(json.loads(notebook.text(5).strip("'")))


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    """Run as papermill runs a notebook: no browser, and no output after the end of a cell."""
    store = f"import os; os.environ['OPIK_RESUME_DB'] = {str(tmp_path_factory.mktemp('saved') / 'store.sqlite3')!r}"
    path = tmp_path_factory.mktemp("notebook") / "executed.ipynb"
    write_notebook(path, [store, SETUP, EVALUATE, WATCHED, RESUMED])
    notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    return notebook


def test_a_notebook_that_nobody_watched_shows_the_state_after_the_run(executed: nbformat.NotebookNode) -> None:
    widget, picture = executed.cells[3].outputs
    assert "application/vnd.jupyter.widget-view+json" in widget.data
    page = picture.data["text/html"]
    assert "40 of 40 runs complete" in page
    assert len(page) < 100_000
    assert "<script" not in page
    bare = re.sub(r"<[^>]*>", "", re.sub(r' (style|class)="[^"]*"', "", page))
    assert "■■ ■■" in bare, "what a sanitizer leaves still has the grid"
    without = copy.deepcopy(executed)
    del without.metadata["widgets"]
    assert "40 of 40 runs complete" in exported(without)


def test_an_exported_page_says_that_it_is_a_saved_copy(executed: nbformat.NotebookNode, lab: Lab) -> None:
    page = lab.browser.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.route("**/*", _answered)
    page.route(ADDRESS, lambda route: route.fulfill(body=exported(executed), content_type="text/html"))
    page.goto(ADDRESS)
    widget = Widget(page)
    widget.root.locator(".oprs-gone").wait_for()
    said = widget.root.inner_text()
    assert re.search(r"This is a saved copy, as of 20\d\d-\d\d-\d\d \d\d:\d\d UTC", said)
    assert "trial run" in said
    assert (widget.count("completed"), widget.count("task_failed")) == (40, 0)
    assert "waiting for the kernel" not in said
    assert not page.locator("[class^=oprs-picture]").is_visible(), "one of both is enough"
    assert problems == []
    page.close()


def exported(notebook: nbformat.NotebookNode) -> str:
    """As nbconvert makes a page of it."""
    exporter = HTMLExporter()  # type: ignore[no-untyped-call]
    return str(exporter.from_notebook_node(notebook)[0])


def _answered(route: Route) -> None:
    """Addresses outside: from packages that are here, or not at all."""
    url = route.request.url
    node, index = ROOT / "js/node_modules", Path(anywidget.__file__).parent / "nbextension/index.js"
    answers: dict[str, Any] = {
        "/require": HERE / "amd.js",
        "/html-manager": node / "@jupyter-widgets/html-manager/dist/embed-amd.js",
        "/anywidget": index,
    }
    found = next((path for part, path in answers.items() if part in url), None)
    if found is None:
        route.abort()
    else:
        route.fulfill(path=found, content_type="text/javascript")
