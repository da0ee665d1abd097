"""A store of its own for every test, and the default of the process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opik_resume import connect
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield connect(tmp_path / "store.sqlite3")
    close_all()
