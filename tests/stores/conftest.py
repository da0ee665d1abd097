"""The stores that the contract suite runs over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from opik_resume.base.records import Attempt
from opik_resume.base.settings import opik_settings
from opik_resume.stores.local import LocalStore
from opik_resume.stores.opik import OpikStore
from opik_resume.stores.protocol import Store
from tests.opik_server import OpikServer


class Delivered(OpikStore):
    """Delivers what it records at once, so that it is read from the server and not from the journal."""

    def record(self, attempts: Sequence[Attempt]) -> None:
        super().record(attempts)
        assert self.flush(10), self.pending()


@contextmanager
def of_file(path: Path) -> Iterator[Store]:
    store = LocalStore(path)
    yield store
    store.close()


def of_server(kind: type[OpikStore]) -> Callable[[Path], AbstractContextManager[Store]]:
    @contextmanager
    def opened(path: Path) -> Iterator[Store]:
        with OpikServer() as server:
            store = kind(opik_settings(server.url), path)
            yield store
            assert store.flush(10)
            assert store.pending().refused == {}
            store.close()
            assert server.problems == []

    return opened


STORES: dict[str, Callable[[Path], AbstractContextManager[Store]]] = {
    "local": of_file,
    "opik": of_server(OpikStore),
    "opik delivered": of_server(Delivered),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with STORES[request.param](tmp_path / "store.sqlite3") as opened:
        yield opened
