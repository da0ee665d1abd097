"""The widget on an Opik server, as its user meets it: look, open the trace, resume, and a server that goes away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from opik_resume.stores.opik.runs import task_span_id
from tests.e2e import cells
from tests.e2e.conftest import SCREENSHOTS, Open, run
from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.opik_server.serving.wire import now
from tests.opik_server.tables.ids import new_id
from tools.lab import Notebook
from tools.widget import Widget

LATENCY = 0.03  # of each request, as if the server were in another town
AWAY_SECONDS = 45.0  # a run waits for half a minute at its end for a server that is away
FAILED = """
from opik_resume.experiment.reading import find_experiment, read_experiment
from opik_resume.stores import default_store
grid = read_experiment(find_experiment("trial run", default_store()), default_store()).grid
failed = next(n for n, state in enumerate(grid.states) if state == 5)
print(failed, grid.attempts[failed].id)
"""


@pytest.fixture
def server() -> Iterator[OpikServer]:
    with OpikServer() as running:
        running.latency = LATENCY
        yield running
    assert running.problems == []


def connected(server: OpikServer) -> str:
    return f"from opik_resume import connect\nconnect({server.url!r})"


def show(notebook: Notebook, index: int) -> Widget:
    run(notebook, index)
    widget = Widget(notebook.page)
    widget.wait_ready()
    return widget


def add_llm_call(server: OpikServer, trace_id: str) -> None:
    """As an integration of a model's client logs it, below the task."""
    span = {
        "id": new_id(), "trace_id": trace_id, "parent_span_id": task_span_id(trace_id), "project_name": "Default Project",
        "name": "responses.create", "type": "llm", "start_time": now(), "end_time": now(), "model": "gpt-5-mini",
        "provider": "openai", "input": {"prompt": "<b>question 3</b>"}, "output": {"text": "late"},
        "usage": {"prompt_tokens": 1000, "completion_tokens": 204, "total_tokens": 1204},
        "total_estimated_cost": 0.0031,
    }  # fmt: skip
    with Api(server.url) as api:
        api.ok("POST", "/spans/batch", {"spans": [span]})


def test_look_open_the_trace_and_resume(open_notebook: Open, server: OpikServer) -> None:
    notebook = open_notebook(connected(server), cells.SETUP, cells.EVALUATE, FAILED, "broken = False", cells.BROWSE)
    for index in (1, 2, 3, 4):
        run(notebook, index)
    cell, trace_id = notebook.text(4).split()
    add_llm_call(server, trace_id)

    widget = show(notebook, 6)
    label = widget.root.locator(".oprs-list-head > p").first
    assert (label.get_attribute("title") or "").startswith("Opik at 127.0.0.1:")
    widget.choose("trial run")
    widget.wait_count("completed", "n === 38")
    expect(widget.root.locator(".oprs-row")).to_contain_text("38/40")
    assert widget.count("task_failed") == 2

    widget.click_cell(int(cell))
    assert "the model did not answer in time" in widget.tab("Error")
    assert "responses.create" in widget.tab("Trace")
    step = widget.root.locator(".oprs-step", has_text="responses.create")
    expect(step).to_contain_text("gpt-5-mini")
    expect(step).to_contain_text("1,204 tokens · $0.0031")
    step.click()
    expect(widget.root.locator("[role=tabpanel]")).to_contain_text("<b>question 3</b>")
    link = widget.root.get_by_role("link", name="Open in Opik")
    assert f"trace={trace_id}" in (link.get_attribute("href") or "")
    for theme, name in (("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")):
        notebook.theme(theme)
        notebook.page.locator(f'.oprs-root[data-theme="{name}"]').wait_for()
        widget.picture(SCREENSHOTS / f"opik-trace-{name}.png")

    run(notebook, 5)  # the model answers now
    widget.resume.click()
    widget.wait_outcome("finished")
    assert (widget.count("completed"), widget.count("replayed")) == (38, 2)
    expect(widget.root.locator(".oprs-row")).to_contain_text("40/40")
    expect(widget.root.locator(".oprs-delivery")).to_have_text("")
    expect(widget.root.locator(".oprs-inspector")).to_contain_text("completed")
    expect(widget.root.get_by_role("tab", name="Error")).to_have_count(0)


def test_a_server_that_goes_away_and_comes_back(open_notebook: Open, server: OpikServer) -> None:
    notebook = open_notebook(
        connected(server), cells.SETUP, cells.EVALUATE, cells.INTERRUPTED.replace("questions", "more"), "pause = 0.1",
        cells.BROWSE,
    )  # fmt: skip
    for index in (1, 2, 3, 4, 5):
        run(notebook, index)
    widget = show(notebook, 6)
    widget.root.locator(".oprs-row").nth(1).wait_for()
    widget.root.get_by_label("Search experiments").fill("cut")
    expect(widget.root.locator(".oprs-row")).to_have_count(1)
    widget.choose("cut short")
    expect(widget.resume).to_be_enabled()

    delivery = widget.root.locator(".oprs-delivery")
    widget.resume.click()
    widget.wait_count("replayed", "n >= 3")
    server.go_down()
    expect(delivery).to_contain_text("kept here and still to be delivered")
    widget.wait_count("never_run", "n === 0")
    widget.wait_count("running", "n === 0")
    expect(delivery).to_contain_text("cannot be reached", timeout=AWAY_SECONDS * 1000)
    expect(widget.root.locator(".oprs-status")).to_contain_text("being delivered")
    widget.picture(SCREENSHOTS / "opik-away.png")
    server.go_up()
    widget.wait_outcome("finished", AWAY_SECONDS)
    expect(delivery).to_have_text("", timeout=AWAY_SECONDS * 1000)
    assert widget.count("completed") + widget.count("replayed") == 80
    expect(widget.root.locator(".oprs-row")).to_contain_text("80/80")
    expect(widget.root.locator(".oprs-row")).to_contain_text("complete", timeout=AWAY_SECONDS * 1000)
    expect(widget.resume).to_have_text("Complete", timeout=AWAY_SECONDS * 1000)
    widget.picture(SCREENSHOTS / "opik-back.png")
