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


# The same items again, twice: by whether the answer is right, and by whether it is somewhere in the output.
TWICE = """
from opik_resume.metrics import Contains

def answering(wrong):
    return lambda item: {"output": wrong.get(item["input"].split()[1], item["reference"])}

for name, wrong in (("before", {"3": "no", "7": "no"}), ("after", {"7": "no", "9": "it is QUESTION 9", "11": "no!"})):
    evaluate(dataset, answering(wrong), [equals, Contains(name="inside")], experiment_name=name, verbose=0)
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
    selected = "table = view.selected_runs(); print(list(table['item.input']), list(table['position']))"
    notebook = open_notebook(cells.SETUP, FAILING, TWICE, "view = browse(); view", selected)
    for index in (1, 2, 3, 4):
        run(notebook, index)
    widget = Widget(notebook.page)
    widget.wait_ready()
    widget.choose("trial run")
    colour = widget.root.get_by_label("Colour by")
    colour.locator("option", has_text="disagreement in words").wait_for(state="attached")
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
    notebook.page.keyboard.press("Escape")

    widget.choose("after")
    colour.locator("option", has_text="against before").wait_for(state="attached")
    colour.select_option(label="against before")
    verdicts, by = widget.root.locator(".oprs-scale"), widget.root.get_by_label("Compare by")
    expect(verdicts).to_contain_text("worse 2same 17better 1")
    by.select_option("score:inside")
    expect(verdicts).to_contain_text("worse 1same 18better 1")
    verdicts.get_by_role("button", name="worse").click()
    expect(widget.root.locator(".oprs-selected")).to_contain_text("1 run selected")
    run(notebook, 5)
    assert notebook.text(5).strip() == "['question 11'] [8]"
    widget.click_cell(8)
    assert "no!" in widget.tab("Output")
    beside = widget.root.locator(".oprs-beside")
    expect(beside).to_contain_text("before: completed")
    expect(beside).to_contain_text("QUESTION 11")
