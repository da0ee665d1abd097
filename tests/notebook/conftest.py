"""A recording comm, a bundle of two lines, a store, and views of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import comm
import pytest

from opik_resume import connect
from opik_resume.lifecycle import registry
from opik_resume.notebook.background.desk import Desk
from opik_resume.notebook.namespace.choosing import Given
from opik_resume.notebook.widget import bundle
from opik_resume.notebook.widget.control import ResumeBrowser
from opik_resume.notebook.widget.finishing.offers import Offers
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store
from tests.notebook.helpers import RecordingComm, View
from tests.opik_server.fixtures import api, quick_store, server

__all__ = ["api", "quick_store", "server"]


@pytest.fixture(autouse=True)
def comms(monkeypatch: pytest.MonkeyPatch) -> list[RecordingComm]:
    made: list[RecordingComm] = []

    def create(**opened: Any) -> RecordingComm:
        made.append(RecordingComm(**opened))
        return made[-1]

    monkeypatch.setattr(comm, "create_comm", create)
    return made


@pytest.fixture(autouse=True)
def static(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "widget.js").write_text("export default {}")
    (folder / "widget.css").write_text(".oprs {}")
    monkeypatch.setattr(bundle, "STATIC", folder)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield connect(tmp_path / "store.db")
    close_all()


@pytest.fixture
def desk() -> Iterator[Desk]:
    """One that sees this test's runs only."""
    desk = Desk()
    registry.observe(desk.observe)
    registry.observe_waiting(desk.waits)
    yield desk
    registry.unobserve(desk.observe)
    registry.unobserve(desk.waits)


@pytest.fixture
def view(store: Store, desk: Desk) -> Iterator[Callable[..., View]]:
    """Makes views; they are closed at the end."""
    made: list[View] = []

    def make(given: Given | None = None, namespace: dict[str, Any] | None = None, mode: str = "browser") -> View:
        offers = Offers(given or Given(), namespace=lambda: namespace or {}, desk=desk)
        widget = ResumeBrowser(store, offers, mode=mode, desk=desk)
        made.append(View(widget, widget.comm, widget.feed.comm))
        return made[-1]

    yield make
    for one in made:
        one.widget.close()
