"""A stand-in of an Opik server, and our store on it. Nothing waits longer than it must."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from opik_resume.evaluation import pushing, resume
from opik_resume.lifecycle import conclude as concluding
from opik_resume.stores import close_all
from opik_resume.stores.opik.rest import client
from opik_resume.stores.opik.writing import delivery
from tests.opik_server.fixtures import api, quick_store, server, store

__all__ = ["api", "quick_store", "server", "store"]

pytest.register_assert_rewrite("tests.stores.opik.world")  # it asserts for several tests


@pytest.fixture(autouse=True)
def quick(quick_store: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(delivery, "GATHER_SECONDS", 0.01)
    yield
    close_all()


@pytest.fixture
def quicker(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that tell the same story a hundred times."""
    monkeypatch.setattr(client, "FIRST_WAIT", 0.002)
    monkeypatch.setattr(delivery, "FIRST_PAUSE", 0.002)
    monkeypatch.setattr(delivery, "LONGEST_PAUSE", 0.01)
    monkeypatch.setattr(delivery, "BUSY_PAUSE", 0.01)
    monkeypatch.setenv("OPIK_CHECK_TLS_CERTIFICATE", "false")  # the certificates are not used, and take long to read


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests whose server is not there: nobody waits for delivery."""
    monkeypatch.setattr(concluding, "DELIVERY_SECONDS", 0.05)
    monkeypatch.setattr(resume, "FIRST_DELIVERY_SECONDS", 0.05)
    monkeypatch.setattr(pushing, "PATIENCE", 0.05)
