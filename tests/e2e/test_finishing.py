"""From the menu beside Resume to the summary line, in JupyterLab."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e import cells
from tests.e2e.conftest import SCREENSHOTS, Open, run
from tools.widget import Widget

# "question 3" fails both its trials, each time; "question 7" fails until it is mended.
FAILING = """
mended = False

def answer(item):
    if item["input"] == "question 3":
        raise TimeoutError("the model did not answer in time")
    if item["input"] == "question 7" and not mended:
        raise KeyError("answer")
    return {"output": item["input"].upper()}

dataset = create_dataset("questions")
dataset.insert([{"input": f"question {n}", "reference": f"QUESTION {n}"} for n in range(20)])
result = evaluate(dataset, answer, [equals], experiment_name="trial run", trial_count=2, verbose=0)
mended = True
browse(task_threads=2)
"""


def test_one_kind_of_failure_is_chosen_bounded_run_and_summed_up(open_notebook: Open) -> None:
    notebook = open_notebook(cells.SETUP, FAILING)
    for index in (1, 2):
        run(notebook, index)
    widget = Widget(notebook.page)
    widget.wait_ready()
    widget.choose("trial run")
    expect(widget.resume).to_have_text("▸ Resume 4 runs")

    arrow = widget.root.get_by_role("button", name="What to resume")
    arrow.focus()
    notebook.page.keyboard.press("ArrowDown")  # by the keyboard alone
    items = widget.root.get_by_role("menuitemradio")
    expect(items.first).to_be_focused()
    widget.picture(SCREENSHOTS / "menu.png")
    notebook.page.keyboard.press("End")
    notebook.page.keyboard.press("Escape")
    expect(arrow).to_be_focused()

    widget.root.locator(".oprs-group", has_text="KeyError").click()
    expect(widget.resume).to_have_text("▸ Resume 2 runs")
    expect(widget.root.locator(".oprs-plan")).to_contain_text("only KeyError: 2 runs")
    widget.root.get_by_role("button", name="threads").click()
    widget.root.get_by_label("runs started").fill("1")
    notebook.page.keyboard.press("Enter")
    expect(widget.root.locator(".oprs-plan")).to_contain_text("2 threads, at most 1 run")
    notebook.page.keyboard.press("Escape")
    widget.resume.click()
    widget.wait_outcome("limited")
    status = widget.root.locator(".oprs-status")
    expect(status).to_contain_text("1 run started (max_runs=1)")
    expect(status).to_contain_text("36 kept, 1 replayed, 3 still missing")

    expect(widget.resume).to_have_text("▸ Resume 3 runs")  # everything again
    arrow.click()
    items.filter(has_text="only failed").click()
    expect(widget.root.locator(".oprs-plan")).to_contain_text("only failed: 3 runs")
    widget.root.get_by_role("button", name="threads").click()
    widget.root.get_by_label("runs started").fill("")
    notebook.page.keyboard.press("Enter")
    notebook.page.keyboard.press("Escape")
    expect(widget.root.locator(".oprs-plan")).not_to_contain_text("at most")
    widget.resume.click()
    widget.wait_outcome("finished")
    expect(status).to_contain_text("finished: 37 kept, 1 replayed, 2 still missing, 2 failed")
    widget.picture(SCREENSHOTS / "summary.png")

    expect(widget.resume).to_have_text("▸ Resume 2 runs")
    arrow.click()
    widget.root.get_by_role("menuitemcheckbox", name="until complete").click()
    expect(widget.root.locator(".oprs-plan")).to_contain_text("until complete: 2 runs")
    widget.resume.click()
    expect(status).to_contain_text(re.compile(r"waiting \d+ s for 2 runs that timed out \(round 2\)"))
    widget.picture(SCREENSHOTS / "rounds.png")
    widget.stop.click()  # at once, in the middle of half a minute
    widget.wait_outcome("stopped")
