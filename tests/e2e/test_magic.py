"""``%opik_resume`` in a real notebook."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e import cells
from tests.e2e.conftest import SCREENSHOTS, Open, run
from tools.widget import Widget

MAGIC = 'result = %opik_resume "cut short" --task answer --metrics equals --threads 2'


def test_as_the_first_widget_it_is_live_and_stops_on_interrupt(open_notebook: Open) -> None:
    notebook = open_notebook(
        cells.SETUP, cells.INTERRUPTED, "pause = 0.2\n%load_ext opik_resume", MAGIC, "experiments()['done'].tolist()"
    )
    for index in (1, 2, 3):
        run(notebook, index)

    notebook.run(4, wait=False)
    widget = Widget(notebook.page)
    some = widget.wait_count("replayed", "n >= 2")
    more = widget.wait_count("replayed", f"n > {some}")
    assert notebook.running(4)
    widget.picture(SCREENSHOTS / "magic.png")

    notebook.interrupt()
    notebook.wait_ran(4)
    assert "EvaluationInterrupted" in (notebook.error(4) or "")
    widget.wait_outcome("stopped")
    run(notebook, 5)
    done = widget.count("completed") + widget.count("replayed")
    assert more < done < 80
    assert notebook.text(5) == f"[{done}]"


def test_it_finishes_and_returns_the_result_and_a_first_evaluate_is_live_too(open_notebook: Open) -> None:
    notebook = open_notebook(
        cells.SETUP,
        cells.INTERRUPTED,
        "pause = 0.0\n%load_ext opik_resume",
        MAGIC,
        "result.complete, len(result.failures)",
        "pause = 0.2\nevaluate(dataset, answer, [equals], experiment_name='live', task_threads=2)",
    )
    for index in range(1, 6):
        run(notebook, index)
    assert notebook.text(5) == "(True, 0)"

    # A first evaluation has the same live grid, and ■ of its cell is the stop.
    notebook.run(6, wait=False)
    widget = Widget(notebook.page, 1)
    some = widget.wait_count("completed", "n >= 2")
    widget.wait_count("completed", f"n > {some}")
    assert notebook.running(6)
    expect(widget.stop).to_have_text("Stop: ■ of the cell")
    assert widget.count("replayed") == 0
    widget.picture(SCREENSHOTS / "first-evaluate.png")
    notebook.interrupt()
    notebook.wait_ran(6)
    assert "EvaluationInterrupted" in (notebook.error(6) or "")
    widget.wait_outcome("stopped")


def test_an_unknown_name_is_told_with_what_is_near(open_notebook: Open) -> None:
    notebook = open_notebook(
        cells.SETUP, cells.INTERRUPTED, "%load_ext opik_resume", '%opik_resume "cut shirt" --task answer'
    )
    for index in (1, 2, 3):
        run(notebook, index)
    notebook.run(4)
    assert "cut short" in (notebook.error(4) or "")
