"""The fixtures that most tests with a stand-in server need; a ``conftest.py`` imports those that its tests ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opik_resume.settings import opik_settings
from opik_resume.stores.opik import OpikStore
from tests.opik_server import OpikServer
from tests.opik_server.api import Api


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
