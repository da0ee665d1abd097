"""The widget as a person meets it: JupyterLab, a browser, clicks."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e import cells
from tests.e2e.conftest import SCREENSHOTS, Open, run
from tools.lab import Notebook
from tools.widget import Widget

RUNS = 80  # 40 items × 2 trials


def show(notebook: Notebook, name: str, *indices: int) -> Widget:
    """Run these cells, the last of which shows the widget; open an experiment in it."""
    for index in indices:
        run(notebook, index)
    widget = Widget(notebook.page)
    widget.wait_ready()
    widget.choose(name)
    return widget


def complete(widget: Widget) -> int:
    return widget.count("completed") + widget.count("replayed")


def test_a_failed_cell_tells_its_traceback(open_notebook: Open) -> None:
    notebook = open_notebook(cells.SETUP, cells.EVALUATE, cells.FAILED_CELLS.format(name="trial run"), cells.BROWSE)
    widget = show(notebook, "trial run", 1, 2, 3, 4)
    assert (widget.count("completed"), widget.count("task_failed")) == (38, 2)

    for cell in json.loads(notebook.text(3)):
        widget.click_cell(cell)
        shown = widget.tab("Error")
        assert "TimeoutError" in shown
        assert "the model did not answer in time" in shown
        assert "answer" in widget.root.locator(".oprs-traceback").inner_text()
        assert "question 3" in widget.tab("Item")
    widget.picture(SCREENSHOTS / "failed-cell.png")


def test_resume_fills_the_grid_while_other_cells_run(open_notebook: Open) -> None:
    notebook = open_notebook(cells.SETUP, cells.INTERRUPTED, "pause = 0.15", cells.BROWSE, "sum(range(10))")
    widget = show(notebook, "cut short", 1, 2, 3, 4)
    kept = widget.count("completed")
    assert 0 < kept < RUNS
    expect(widget.resume).to_contain_text(f"{RUNS - kept}", timeout=60_000)

    widget.resume.click()
    some = widget.wait_count("replayed", "n >= 3")
    run(notebook, 5)
    assert notebook.text(5) == "45"
    assert widget.root.get_attribute("data-active") == "true"
    widget.wait_count("replayed", f"n > {some}")
    widget.picture(SCREENSHOTS / "resuming.png")
    widget.wait_outcome("finished")
    assert (widget.count("completed"), widget.count("replayed")) == (kept, RUNS - kept)
    expect(widget.resume).to_be_disabled()


def test_stop_stops(open_notebook: Open) -> None:
    notebook = open_notebook(
        cells.SETUP, cells.INTERRUPTED, "pause = 0.15", cells.BROWSE, "experiments()['done'].tolist()"
    )
    widget = show(notebook, "cut short", 1, 2, 3, 4)
    widget.resume.click()
    widget.wait_count("replayed", "n >= 2")
    widget.stop.click()
    widget.wait_outcome("stopped")
    expect(widget.resume).to_be_enabled()
    run(notebook, 5)
    done = complete(widget)
    assert done < RUNS
    assert notebook.text(5) == f"[{done}]"


def test_a_reload_brings_the_widget_back_with_its_stream(open_notebook: Open) -> None:
    notebook = open_notebook(cells.SETUP, cells.INTERRUPTED, "pause = 1.5", cells.BROWSE)
    widget = show(notebook, "cut short", 1, 2, 3, 4)
    widget.resume.click()
    before = widget.wait_count("replayed", "n >= 2")
    notebook.save()
    notebook.open()

    widget = Widget(notebook.page)
    widget.wait_ready()
    widget.wait_active()
    later = widget.wait_count("replayed", f"n > {before}")
    widget.wait_count("replayed", f"n > {later}")
    widget.stop.click()
    widget.wait_outcome("stopped")


def test_after_a_restart_a_new_widget_shows_the_truth(open_notebook: Open) -> None:
    notebook = open_notebook(
        cells.SETUP, cells.INTERRUPTED, cells.BROWSE, "broken = False\nexperiments()['done'].tolist()"
    )
    show(notebook, "cut short", 1, 2, 3)
    notebook.restart()
    for index in (0, 1, 4):  # the definitions, but not the evaluation
        run(notebook, index)
    widget = show(notebook, "cut short", 3)
    assert notebook.text(4) == f"[{complete(widget)}]"
    widget.resume.click()
    widget.wait_outcome("finished")
    assert complete(widget) == RUNS


def test_it_follows_the_theme(open_notebook: Open) -> None:
    notebook = open_notebook(cells.SETUP, cells.EVALUATE, cells.BROWSE)
    widget = show(notebook, "trial run", 1, 2, 3)
    for theme, name in (("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")):
        notebook.theme(theme)
        notebook.page.locator(f'.oprs-root[data-theme="{name}"]').wait_for()
        widget.picture(SCREENSHOTS / f"theme-{name}.png")


GONE = "The kernel was restarted: run this cell again."


def restart(notebook: Notebook) -> None:
    notebook.restart()


def kill(notebook: Notebook) -> None:
    """The kernel ends by itself, as when memory runs out; JupyterLab starts it anew."""
    notebook.run(5, wait=False)


@pytest.mark.parametrize("end", [restart, kill])
def test_a_view_on_the_page_sees_that_its_kernel_is_gone(open_notebook: Open, end: Callable[[Notebook], None]) -> None:
    notebook = open_notebook(
        cells.SETUP, cells.INTERRUPTED, "pause = 1.0", cells.BROWSE, "import os, signal; os.kill(os.getpid(), 9)"
    )
    widget = show(notebook, "cut short", 1, 2, 3, 4)
    widget.resume.click()
    widget.wait_active()
    expect(widget.root.locator(".oprs-status")).to_contain_text("left")

    end(notebook)
    expect(widget.root.locator(".oprs-gone")).to_have_text(GONE, timeout=60_000)
    expect(widget.root).to_have_attribute("data-active", "false")
    expect(widget.resume).to_be_disabled()
    expect(widget.stop).to_be_disabled()
    expect(widget.root.locator(".oprs-status")).not_to_contain_text("left")
    assert "Running" not in widget.root.locator(".oprs-buttons").inner_text()
    assert widget.count("running") == widget.count("queued") == 0
    widget.picture(SCREENSHOTS / f"kernel-gone-{end.__name__}.png")

    close_dialogs(notebook)
    notebook.wait_idle()
    for index in (0, 1, 4):
        run(notebook, index)
    again = Widget(notebook.page)
    again.wait_ready()
    again.choose("cut short")
    expect(again.root.locator(".oprs-gone")).to_have_count(0)


def close_dialogs(notebook: Notebook) -> None:
    """JupyterLab tells of a kernel that died in a dialog."""
    for button in notebook.page.locator(".jp-Dialog button.jp-mod-accept").all():
        button.click()
