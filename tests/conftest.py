"""For all tests: nothing of the person's own configuration, experiments or home is read or written; Ctrl-C works."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from opik_resume import connect
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store

# A shell that starts us in its background has us ignore Ctrl-C, and all that we start. Tests press it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# What a test costs, by its folder: `make check` runs the quick ones, two processes share all but those with a kernel.
COSTS = {
    "campaigns": "processes",
    "e2e": "browser",
    "engine/elsewhere": "processes",
    "evaluation/examples": "processes",
    "faults": "processes",
    "integrations": "processes",
    "interchange": "processes",
    "kernel": "kernel",
    "opik_server": "processes",
    "packaging": "processes",
    "stores/opik": "processes",
}

settings.register_profile("ours", deadline=None)  # how long an example takes says more about the machine
settings.load_profile("ours")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by what it costs."""
    here = Path(__file__).parent
    for item in items:
        folders = item.path.relative_to(here).parent.as_posix()
        item.add_marker(next((cost for folder, cost in COSTS.items() if folders.startswith(folder)), "quick"))


@pytest.fixture(autouse=True)
def nothing_of_your_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("OPIK_"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))  # what HOME is called on Windows
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("IPYTHONDIR", str(home / "ipython"))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(home / "jupyter"))
    monkeypatch.setenv("OPIK_RESUME_DB", str(tmp_path / "experiments.sqlite3"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An embedded store of its own, and the default of the process."""
    yield connect(tmp_path / "store.sqlite3")
    close_all()
