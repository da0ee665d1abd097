"""A server, the SDK's own client of it, and both stores of ours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from opik_resume.stores.protocol import Store
from tests.opik_peer import opik
from tests.opik_server import OpikServer
from tests.opik_server.fixtures import quick_store, server
from tests.stores.conftest import STORES

__all__ = ["quick_store", "server"]


@pytest.fixture(params=["local", "opik"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store of either kind, not the default of the process."""
    with STORES[request.param](tmp_path / "either.sqlite3") as opened:
        yield opened


@pytest.fixture
def client(server: OpikServer, quick_store: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[opik.Opik]:
    """The SDK's own client, in this process."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)  # the SDK hands httpx its name, which httpx warns about
    for name, value in (("SENTRY_ENABLE", "false"), ("ANALYTICS_ENABLE", "false"), ("CONFIG_PATH", os.devnull)):
        monkeypatch.setenv(f"OPIK_{name}", value)
    made = opik.Opik(host=server.url, workspace="default", project_name="demo")
    yield made
    made.end()
