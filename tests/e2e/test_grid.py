"""The grid itself in JupyterLab: what a wheel, a pointer and keys do on it, and what the notebook keeps."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tests.e2e import cells
from tests.e2e.conftest import SCREENSHOTS, Open, run
from tools.widget import Widget, centre

MANY = """
many = create_dataset("many questions")
many.insert([{"input": f"question {n}", "reference": f"QUESTION {n}"} for n in range(240)])
broken = False
made = evaluate(many, answer, [equals], experiment_name="all of them", trial_count=3, task_threads=8, verbose=0)
"""
SCROLLED = "-document.querySelector('.oprs-root').getBoundingClientRect().top"
NEW_VIEW = """() => {
  window.jupyterapp.shell.currentWidget.content.activeCellIndex = 4;
  return window.jupyterapp.commands.execute("notebook:create-output-view");
}"""
SPACE = "from IPython.display import HTML; HTML('<div style=\"height: 1500px\">below</div>')"


def test_a_wheel_scrolls_the_notebook_and_pointer_and_keys_select_for_python_too(open_notebook: Open) -> None:
    notebook = open_notebook(
        cells.SETUP, cells.EVALUATE, MANY, "view = browse()\nview", SPACE, "print(view.rectangles)",
        "view.rectangles = [[0, 4, 0, 3]]",
    )  # fmt: skip
    for index in (1, 2, 3, 4, 5):
        run(notebook, index)
    widget, page = Widget(notebook.page), notebook.page
    widget.wait_ready()
    widget.choose("all of them")
    heatmap = widget.root.locator(".oprs-heatmap")
    heatmap.scroll_into_view_if_needed()

    def geometry() -> dict[str, float]:
        return dict(json.loads(written()))

    def written() -> str:
        return heatmap.get_attribute("data-geometry") or "{}"

    def point(cell: int) -> tuple[float, float]:
        box = heatmap.locator("canvas").first.bounding_box()
        assert box
        x, y = centre(geometry(), cell)
        return box["x"] + x, box["y"] + y

    # A plain wheel over each part of it scrolls the notebook, by its whole way. With Control it comes closer.
    widget.click_cell(0)
    for part in (".oprs-rows", ".oprs-heatmap", ".oprs-troubles", ".oprs-panel"):
        heatmap.focus()
        widget.root.locator(part).hover()
        before = page.evaluate(SCROLLED)
        page.mouse.wheel(0, 40)
        page.wait_for_function(f"{SCROLLED} >= {before} + 39.5")
    before, fitted, as_written = page.evaluate(SCROLLED), geometry(), written()
    page.mouse.move(*point(100))
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    page.wait_for_function(
        "([element, width]) => JSON.parse(element.dataset.geometry).cellWidth > width",
        arg=[heatmap.element_handle(), fitted["cellWidth"]],
    )
    assert page.evaluate(SCROLLED) == before
    widget.picture(SCREENSHOTS / "closer.png")
    widget.root.get_by_role("button", name="100 %").or_(widget.root.get_by_title("Fit")).click()
    expect(heatmap).to_have_attribute("data-geometry", as_written)

    # A drag selects, Python sees it; keys of the notebook (select all, extend) are the grid's while it has the focus.
    selected = widget.root.locator(".oprs-selected")
    page.mouse.move(*point(3))
    page.mouse.down()
    page.mouse.move(*point(8), steps=4)
    page.mouse.up()
    expect(selected).to_contain_text("6 runs selected (2 items)")
    expect(selected).to_contain_text("equals 1.00 ± 0.00 (n 6)")
    widget.picture(SCREENSHOTS / "selected.png")
    run(notebook, 6)
    assert notebook.text(6).strip() == "[(1, 3, 0, 3)]"
    heatmap.focus()
    page.keyboard.press("Control+a")
    expect(selected).to_contain_text("720 runs selected (240 items)")
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    expect(selected).to_contain_text("4 runs selected (2 items)")
    page.keyboard.press("Shift+Space")
    expect(selected).to_contain_text("3 runs selected")
    assert page.evaluate("document.querySelectorAll('.jp-Cell.jp-mod-selected').length") <= 1
    page.keyboard.press("Escape")
    expect(selected).to_have_count(0)
    assert page.evaluate("document.activeElement.classList.contains('oprs-heatmap')")

    # Python selects as well, and a reload keeps it.
    run(notebook, 7)
    expect(selected).to_contain_text("12 runs selected (4 items)")
    notebook.save()
    notebook.open()
    widget = Widget(notebook.page)
    widget.wait_ready()
    expect(widget.root.locator(".oprs-selected")).to_contain_text("12 runs selected (4 items)", timeout=60_000)

    # So does a view of its own beside the notebook, and what is selected there is selected here.
    page.evaluate(NEW_VIEW)
    beside = Widget(page, 1)
    beside.wait_ready()
    expect(beside.root.locator(".oprs-selected")).to_contain_text("12 runs selected (4 items)")
    beside.root.locator(".oprs-heatmap").focus()
    page.keyboard.press("Escape")
    expect(widget.root.locator(".oprs-selected")).to_have_count(0)
