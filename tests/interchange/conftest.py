from __future__ import annotations

from collections.abc import Iterator

import pytest

from opik_resume import connect
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store
from tests.interchange.world import World
from tests.opik_server import OpikServer


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with OpikServer() as server:
        made = World(server, tmp_path_factory.mktemp("home"))
        yield made
        made.end()
    assert server.problems == []


@pytest.fixture
def store(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Ours in this process, in the home that all programs share."""
    monkeypatch.setenv("HOME", str(world.home))
    monkeypatch.setenv("OPIK_RESUME_DB", str(world.database))
    yield connect(world.server.url)
    close_all()
