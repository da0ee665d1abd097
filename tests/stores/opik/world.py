"""A server, a proxy before it, somebody who works with them, and what must be true in the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Generic, TypeVar

import pytest

from opik_resume.lifecycle import conclude
from opik_resume.stores.file.database import Database
from tests.opik_server import OpikServer
from tests.opik_server.faulty.proxy import Proxy
from tests.stores.opik.story import CALLS, Story
from tests.waiting import until

S = TypeVar("S", bound=Story)
PATIENCE = conclude.DELIVERY_SECONDS


class World(Generic[S]):
    """``expected`` is the picture of a server on which the story was told without faults."""

    def __init__(self, server: OpikServer, between: Proxy, story: S) -> None:
        self.server = server
        self.between = between
        self.story = story

    def assert_well(self, expected: dict[str, Any]) -> None:
        """After a last look without faults all is as it would be had there been none."""
        self.between.stop_striking()
        self.between.go_up()
        with patient():
            self.story.finish()
        assert dict(self.story.task.calls) == CALLS
        assert picture(self.server) == expected
        assert self.server.problems == []
        until(lambda: not kept(self.story.path))


@contextmanager
def world(kind: type[S], path: Path) -> Iterator[World[S]]:
    with OpikServer(check=False) as server, Proxy(server.url) as between:
        yield World(server, between, kind(between.url, path, between.go_up))


@contextmanager
def patient() -> Iterator[None]:
    """Even in tests whose server is mostly not there, who is the last to look waits for delivery."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conclude, "DELIVERY_SECONDS", PATIENCE)
        yield


_told: dict[type[Story], tuple[dict[str, Any], list[str]]] = {}


def faultless(story: type[Story]) -> tuple[dict[str, Any], list[str]]:
    """What the server has in the end, and what it was asked. Told once in each process that runs tests."""
    if story not in _told:
        with TemporaryDirectory() as folder, world(story, Path(folder) / "local.sqlite3") as w, patient():
            w.story.tell()
            _told[story] = picture(w.server), w.between.requests
    return _told[story]


def kept(path: Path) -> int:
    """How many attempts and starts are in the journals of that file."""
    database = Database(path)
    try:
        return sum(database.read(f"SELECT count(*) FROM {table}")[0][0] for table in ("journal", "journal_starts"))
    finally:
        database.close()


def picture(server: OpikServer) -> dict[str, Any]:
    """What the server has, without what differs from telling to telling: ids and times."""
    state = server.state
    (dataset,) = state.datasets.values()
    return {
        "versions": [sorted(str(item["data"]) for item in version.items.values()) for version in dataset.versions],
        "experiments": [(row["name"], row["status"]) for row in state.experiments.values()],
        "runs": sorted(_run(server, link) for link in state.experiment_items.values()),
        "traces": len(state.traces),
        "spans": len(state.spans),
    }


def _run(server: OpikServer, link: dict[str, Any]) -> tuple[Any, ...]:
    """Which cell, what came of it, with which scores and spans."""
    state = server.state
    trace = state.traces[link["trace_id"]]
    trial = trace["metadata"]["opik_resume"]["trial"]
    error = str(trace.get("error_info", {}).get("message"))
    scores = sorted(
        (score["name"], score["value"], score.get("reason")) for score in state.scores[trace["id"]].values()
    )
    spans = sorted(state.spans[span]["name"] for span in state.spans_of_trace[trace["id"]])
    return trace["input"]["n"], trial, str(trace.get("output")), error, scores, spans
