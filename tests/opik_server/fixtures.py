"""The fixtures that most tests with a stand-in server need; a ``conftest.py`` imports those that its tests ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opik_resume.base.settings import opik_settings
from opik_resume.stores.opik import OpikStore
from opik_resume.stores.opik.rest import client, presence
from opik_resume.stores.opik.writing import delivery
from tests.opik_server import OpikServer
from tests.opik_server.api import Api


@pytest.fixture
def quick_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our store waits no longer than it must, and goes through no proxy of the machine's."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(client, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(presence, "AGAIN", (0.01,) * len(presence.AGAIN))
    monkeypatch.setattr(presence, "SECOND_LOOK", (0.01,) * len(presence.SECOND_LOOK))
    monkeypatch.setattr(delivery, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(delivery, "LONGEST_PAUSE", 0.05)


@pytest.fixture
def server() -> Iterator[OpikServer]:
    """A server of the test's own, whose clients all speak as the API document says."""
    with OpikServer() as running:
        yield running
    assert running.problems == []


@pytest.fixture
def api(server: OpikServer) -> Iterator[Api]:
    with Api(server.url) as opened:
        yield opened


@pytest.fixture
def store(server: OpikServer, tmp_path: Path) -> Iterator[OpikStore]:
    """Ours on that server, with a local file of the test's own."""
    opened = OpikStore(opik_settings(server.url), tmp_path / "local.sqlite3")
    yield opened
    opened.close()
