"""A failed run looked at closely, in a real browser."""

from __future__ import annotations

from tests.e2e.cells import BROWSE, SETUP
from tests.e2e.conftest import SCREENSHOTS, Open, run
from tools.widget import Widget

# Fails through a library, prints, and has an item whose text nobody scrolls through.
FAILING = """
import logging, statistics
def answer(item):
    print("asking about", item["input"])
    logging.getLogger("client").warning("slow today")
    if item["input"] == "question 3":
        statistics.mean([])
    return {"output": item["input"].upper().replace("QUESTION 5", "QUESTION V")}
"""
LONG = """
dataset = create_dataset("questions")
dataset.insert([{"input": f"question {n}", "reference": f"QUESTION {n}", "page": "word " * 40_000} for n in range(8)])
result = evaluate(dataset, answer, [equals], experiment_name="trial run", trial_count=2, task_threads=4, verbose=0)
len(result.failures)
"""


def test_a_run_looked_at_closely(open_notebook: Open) -> None:
    notebook = open_notebook(
        SETUP, FAILING, LONG, BROWSE, "item_4['input'], sorted(item_4)", "%opik_resume 'trial run'"
    )
    for index in range(1, 5):
        run(notebook, index)
    assert "asking" not in notebook.text(3), "prints were sprayed over the cell"
    page, widget = notebook.page, Widget(notebook.page)
    widget.wait_ready()
    root, panel = widget.root, widget.root.locator("[role=tabpanel]")
    widget.wait_count("task_failed", "n === 2")
    widget.click_cell(8)
    root.locator(".oprs-error-line").wait_for()
    assert "cell [3], line 6" in panel.inner_text()
    assert panel.inner_text().count("mean requires at least one data point") == 1
    fold = root.locator(".oprs-traceback summary")
    assert fold.inner_text() == "1 more frame in Python"
    fold.click()
    assert "statistics.py, line" in panel.inner_text()

    def tab(name: str) -> None:
        root.get_by_role("tab", name=name).click()

    splitter = root.get_by_role("separator")
    splitter.focus()
    for _ in range(4):
        page.keyboard.press("ArrowUp")
    assert splitter.get_attribute("aria-valuenow") == "312"
    widget.picture(SCREENSHOTS / "inspector-error.png")
    tab("Prints")
    assert panel.inner_text().splitlines() == ["asking about question 3", "WARNING client: slow today"]
    tab("Item")
    assert "more characters" in panel.inner_text()
    assert page.evaluate("document.querySelector('.oprs-panel').scrollHeight") < 1000
    root.locator(".oprs-panel button.oprs-fold").click()
    assert page.evaluate("document.querySelector('.oprs-panel').scrollHeight") < 1000, "it scrolls in a box of its own"
    root.locator(".oprs-keep").click()
    root.locator(".oprs-keep code").wait_for()
    assert root.locator(".oprs-keep code").inner_text() == "item_4"
    widget.picture(SCREENSHOTS / "inspector-item.png")
    run(notebook, 5)
    assert "question 3" in notebook.text(5)
    tab("Attempts")
    assert "mean requires" in root.locator(".oprs-panel tbody tr").inner_text()
