from __future__ import annotations

from collections.abc import Iterator

import pytest

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
    with Api(server.url) as client:
        yield client
