"""What stays when the kernel is gone is brought up to date: when a run ends, when another experiment is shown, at a wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from opik_resume.metrics import Equals
from opik_resume.notebook.namespace.choosing import Given
from opik_resume.notebook.widget import control
from opik_resume.notebook.widget.lasting import afterimage
from opik_resume.notebook.widget.lasting.afterimage import Afterimage
from opik_resume.notebook.widget.lasting.saved import Lasting
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask
from tests.notebook.helpers import Gate, View, decoded, evaluated
from tests.waiting import until

Views = Callable[..., View]


@dataclass
class Cell:
    """The outputs of a cell, as a host keeps them: those with a display id by it."""

    plain: list[dict[str, Any]] = field(default_factory=list)
    pictures: dict[str, str] = field(default_factory=dict)

    def publish(self, data: dict[str, Any], display_id: str, *, update: bool) -> None:
        assert (display_id in self.pictures) == update
        self.pictures[display_id] = data["text/html"]


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Cell:
    cell = Cell()
    monkeypatch.setattr(control, "display", lambda *data, metadata, raw: cell.plain.extend(data))
    monkeypatch.setattr(Afterimage.__init__, "__defaults__", (cell.publish,))
    return cell


def test_a_picture_of_its_own_follows_the_runs(store: Store, view: Views, cell: Cell) -> None:
    experiment_id = evaluated(store, items=6, broken=(1, 2))
    shown = view(Given(CountingTask(), (Equals(),)))
    shown.widget._ipython_display_()
    (widget,), (picture,) = cell.plain, cell.pictures.values()
    assert "application/vnd.jupyter.widget-view+json" in widget
    assert "text/html" not in widget, "it could not be updated without creating the view anew"
    assert "1 experiment" in picture
    assert f'class="oprs-picture-{shown.widget.feed.model_id}"' in picture
    shown.result("open", experiment=experiment_id)
    until(lambda: all("4 of 6 runs complete" in each for each in cell.pictures.values()))
    shown.widget._ipython_display_()
    assert len(cell.pictures) == 2, "it is shown twice"
    plan = shown.told("plan", experiment=experiment_id)["plan"]
    shown.result("resume", experiment=experiment_id, plan=plan["id"])
    shown.ended()
    until(lambda: all("6 of 6 runs complete" in each for each in cell.pictures.values()))


def test_a_wait_leaves_the_picture_of_the_end(store: Store, view: Views, cell: Cell) -> None:
    experiment_id = evaluated(store, items=4, broken=(1,))
    gate = Gate()
    gate.open.set()
    shown = view(Given(gate, (Equals(),)))
    shown.widget.experiment = experiment_id
    shown.widget._ipython_display_()
    shown.widget.resume()
    shown.widget.wait()
    assert ["4 of 4 runs complete" in picture for picture in cell.pictures.values()] == [True]


def test_the_feed_has_what_a_saved_copy_shows(store: Store, view: Views, cell: Cell) -> None:
    experiment_id = evaluated(store, items=6, broken=(1, 2), trials=2)
    shown = view()
    shown.widget._ipython_display_()
    rows = shown.feed.updates[-1]["state"]["saved"]["rows"]
    assert [(row["name"], row["done"], row["expected"]) for row in rows] == [("first", 8, 12)]
    updates = len(shown.control.updates)
    shown.result("open", experiment=experiment_id)
    until(lambda: "head" in shown.widget.feed.saved)
    until(lambda: len(shown.screen().states) == 12)
    saved = shown.widget.feed.saved
    assert decoded(saved["states"]).tolist() == shown.screen().states.tolist()
    assert saved["head"] == shown.screen().head
    assert [(group["type"], group["count"]) for group in saved["groups"]] == [("RuntimeError", 4)]
    assert [(scale["name"], scale["n"]) for scale in saved["scales"]] == [("equals_metric", 8)]
    assert saved["as_of"].endswith(" UTC")
    told = [name for update in shown.control.updates[updates:] for name in update["state"]]
    assert "saved" not in told, "what a thread writes would misroute the clicks that follow"


def test_what_comes_while_it_is_drawn_is_drawn_once_more_and_no_more() -> None:
    drawn: list[int] = []
    begun, go_on = threading.Semaphore(0), threading.Semaphore(0)

    def draw(hurried: bool) -> Lasting:
        begun.release()
        assert go_on.acquire(timeout=10)
        drawn.append(len(drawn))
        return Lasting("", None, {})

    image = Afterimage(draw, lambda _: None)
    image.old()
    assert begun.acquire(timeout=10)
    for _ in range(5):
        image.old()
    go_on.release()
    assert begun.acquire(timeout=10)
    go_on.release()
    until(lambda: not image._working)
    assert drawn == [0, 1]
    image.close()
    image.old()
    assert not image._working


def test_a_picture_that_cannot_be_drawn_leaves_the_old_one(cell: Cell) -> None:
    broken = False

    def draw(hurried: bool) -> Lasting:
        if broken:
            raise OSError("the disk is gone")
        return Lasting("", "<p>here</p>", {})

    image = Afterimage(draw, lambda _: None)
    image.display()
    broken = True
    image.old()
    until(lambda: not image._working)
    assert list(cell.pictures.values()) == ['<div class=""><p>here</p></div>']
    assert afterimage.publish is not cell.publish
