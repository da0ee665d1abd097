"""The stores that the contract suite runs over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opik_resume.stores.local import LocalStore
from opik_resume.stores.protocol import Store


@pytest.fixture(params=["local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened: Store = {"local": LocalStore}[request.param](tmp_path / "store.sqlite3")
    yield opened
    opened.close()
