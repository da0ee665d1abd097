"""After a restart: plain ``browse()`` offers what the notebook has."""

from __future__ import annotations

from tests.e2e import cells
from tests.e2e.conftest import SCREENSHOTS, Open, run
from tools.widget import Widget


def test_after_a_restart_task_and_metrics_are_chosen_in_the_widget(open_notebook: Open) -> None:
    notebook = open_notebook(
        "import os\nfrom opik_resume import browse",
        cells.SETUP,
        cells.EVALUATE,
        "browse()",
        "def reply(item): return answer(item)\nbroken = False",
        "experiments()[['done', 'state']].values.tolist()",
    )
    for index in (2, 3):
        run(notebook, index)
    notebook.restart()
    for index in (0, 1, 4):  # nothing is defined yet
        run(notebook, index)
    widget = Widget(notebook.page)
    widget.wait_ready()
    widget.choose("trial run")
    obstacle = widget.root.locator(".oprs-obstacle")
    obstacle.wait_for()
    assert "define answer(item) here in the notebook" in obstacle.inner_text()

    run(notebook, 2)  # the names that it was evaluated with are there again, and chosen
    task = widget.root.get_by_label("task")
    task.wait_for()
    assert task.input_value() == "answer"
    assert widget.root.locator(".oprs-metrics .oprs-field").inner_text() == "equals"
    assert widget.resume.is_enabled()

    run(notebook, 5)
    task.locator("option", has_text="reply").wait_for(state="attached")
    task.select_option("")
    widget.root.locator(".oprs-resume:disabled").wait_for()
    task.focus()
    notebook.page.keyboard.type("reply")  # a choice by the keyboard alone
    widget.root.locator(".oprs-resume:enabled").wait_for()
    notebook.page.keyboard.press("Tab")
    notebook.page.keyboard.press("Enter")  # opens the metrics
    box = widget.root.locator(".oprs-option input")
    box.wait_for()
    assert box.is_checked()
    widget.picture(SCREENSHOTS / "offers.png")
    notebook.page.keyboard.press("Escape")
    assert not box.is_visible()

    widget.resume.click()
    widget.wait_outcome("finished")
    assert (widget.count("completed"), widget.count("replayed")) == (38, 2)
    run(notebook, 6)
    assert notebook.text(6) == "[[40, 'complete']]"


def test_an_evaluation_in_a_cell_is_seen_live(open_notebook: Open) -> None:
    notebook = open_notebook(
        cells.SETUP,
        "dataset = create_dataset('live')\n"
        "dataset.insert([{'input': f'question {n}', 'reference': ''} for n in range(40)])\npause = 0.25",
        "evaluate(dataset, answer, [equals], experiment_name='before', nb_samples=1, verbose=0)",
        "browse()",
        "evaluate(dataset, answer, [equals], experiment_name='live', task_threads=4, verbose=0)",
    )
    for index in (1, 2, 3, 4):
        run(notebook, index)
    widget = Widget(notebook.page)
    widget.wait_ready()
    notebook.run(5, wait=False)
    widget.choose("live")
    some = widget.wait_count("completed", "n >= 2")
    widget.wait_count("completed", f"n > {some}")
    assert notebook.running(5)
    widget.stop.click()
    notebook.wait_ran(5)
    assert "EvaluationInterrupted" in (notebook.error(5) or "")
    widget.wait_outcome("stopped")
