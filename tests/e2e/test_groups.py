"""Why runs failed: the panel of groups, in JupyterLab."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tests.e2e import cells
from tests.e2e.access import complaints
from tests.e2e.conftest import SCREENSHOTS, Open, run
from tools.widget import Widget

# Two kinds of failures of the task, one of a metric.
FAILING = """
def failing(item):
    number = int(item["input"].split()[1])
    if number % 10 == 3:
        raise TimeoutError(f"request {number} got no answer in {number} s")
    if number == 7:
        raise KeyError("answer")
    return {"output": item["input"].upper()}

class Words(Equals):
    def score(self, output, **kwargs):
        if output.endswith("11"):
            raise ValueError("too few words")
        return super().score(output, **kwargs)

dataset = create_dataset("questions")
dataset.insert([{"input": f"question {n}", "reference": f"QUESTION {n}"} for n in range(20)])
result = evaluate(dataset, failing, [Words(name="words")], experiment_name="trial run", trial_count=2, verbose=0)
"""


def test_a_group_marks_its_cells_and_n_shows_their_errors_from_anywhere(open_notebook: Open) -> None:
    notebook = open_notebook(cells.SETUP, FAILING, cells.FAILED_CELLS.format(name="trial run"), "browse()")
    for index in (1, 2, 3, 4):
        run(notebook, index)
    widget = Widget(notebook.page)
    widget.wait_ready()
    widget.choose("trial run")
    groups = widget.root.locator(".oprs-group")
    expect(groups).to_have_count(3)
    expect(groups.nth(0)).to_contain_text("TimeoutError4request <number> got no answer in <number> s")
    expect(groups.filter(has_text="KeyError")).to_contain_text("2")
    expect(groups.filter(has_text="words raised ValueError")).to_contain_text("score missing, output kept")

    groups.nth(0).focus()
    notebook.page.keyboard.press("Enter")  # by the keyboard alone
    expect(groups.nth(0)).to_have_attribute("aria-pressed", "true")
    widget.picture(SCREENSHOTS / "groups.png")
    seen = set()
    inspector = widget.root.locator(".oprs-inspector")
    for _ in range(4):
        before = inspector.get_attribute("data-cell") or ""
        notebook.page.keyboard.press("n")  # the focus is on the group still
        expect(inspector).not_to_have_attribute("data-cell", before or "none")
        expect(inspector).to_contain_text("got no answer")
        seen.add(int(inspector.get_attribute("data-cell") or -1))
    assert len(seen) == 4
    assert seen < set(json.loads(notebook.text(3)))
    notebook.page.keyboard.press("Shift+N")  # nor is it the notebook's
    expect(inspector).to_contain_text("got no answer")

    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.theme(theme)
        widget.root.get_by_role("button", name="What to resume").click()
        expect(widget.root.get_by_role("menu")).to_be_visible()
        assert complaints(widget) == []
        notebook.page.keyboard.press("Escape")
    assert notebook.page.locator("main, [role=main]").count() == 1  # the host's


def test_cells_are_coloured_by_a_score_sorted_by_its_mean_and_found_by_their_text(open_notebook: Open) -> None:
    notebook = open_notebook(cells.SETUP, FAILING, "browse()")
    for index in (1, 2, 3):
        run(notebook, index)
    widget = Widget(notebook.page)
    widget.wait_ready()
    widget.choose("trial run")
    colour = widget.root.get_by_label("Colour by")
    colour.locator("option", has_text="words").wait_for(state="attached")
    colour.select_option("score:words")
    expect(widget.root.locator(".oprs-scale")).to_contain_text("no value 8")
    expect(widget.root.locator(".oprs-means")).to_contain_text("words 1.00 ± 0.00 (n 32)")
    widget.root.get_by_label("Sort by").select_option("failures")
    expect(widget.root.locator(".oprs-caption")).to_contain_text("worst first")

    widget.root.locator(".oprs-heatmap").focus()
    notebook.page.keyboard.press("/")  # not the notebook's
    notebook.page.keyboard.type("question 7")
    expect(widget.root.locator(".oprs-find")).to_contain_text("1 item")
    notebook.page.keyboard.press("Escape")
    notebook.page.keyboard.press("?")
    expect(widget.root.locator(".oprs-keys")).to_be_visible()
    assert complaints(widget) == []
    widget.picture(SCREENSHOTS / "coloured.png")
