"""What a program left on a stand-in server, read back through our store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opik_resume.base.records import Attempt, RunDetails, Span
from opik_resume.base.settings import opik_settings
from opik_resume.stores.opik import OpikStore
from tests.opik_server import OpikServer, sdk
from tests.opik_server.fixtures import server

__all__ = ["server"]
HERE = Path(__file__).parent
Run = tuple[Attempt, RunDetails]


class Seen:
    """A server after a program ran against it."""

    def __init__(self, server: OpikServer, home: Path) -> None:
        self.server = server
        self.store = OpikStore(opik_settings(server.url), home / "reader.sqlite3")

    def runs(self, name: str) -> list[Run]:
        """The runs of the one experiment of that name, in order of their start."""
        (experiment,) = self.store.named(name)
        found = [(attempt, self.store.details(attempt.id)) for attempt in self.store.attempts(experiment.id)]
        return [(attempt, details) for attempt, details in found if details is not None]

    def trees(self, name: str) -> list[list[str]]:
        return [paths(details) for _, details in self.runs(name)]

    def own_traces(self) -> list[tuple[str, str]]:
        """Project and name of every trace that is no run."""
        state = self.server.state
        rows = [row for row in state.traces.values() if not state.items_of_trace.get(row["id"])]
        return sorted((state.projects[row["project_id"]]["name"], row["name"]) for row in rows)


def paths(details: RunDetails) -> list[str]:
    """Every span with those above it, like ``task/outer/inner``; one whose parent is not there starts with ``?``."""
    spans = {span.id: span for span in details.spans}

    def path(span: Span) -> str:
        if span.parent_id is None:
            return span.name
        return f"{path(spans[span.parent_id]) if span.parent_id in spans else '?'}/{span.name}"

    return sorted(path(span) for span in details.spans)


def told(server: OpikServer, home: Path, program: str, *arguments: str, **more: Any) -> dict[str, Any]:
    """What a program printed last."""
    printed = sdk.run(server.url, home, str(HERE / program), *arguments, **more)
    result: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return result


@pytest.fixture
def seen(server: OpikServer, tmp_path: Path) -> Iterator[Seen]:
    opened = Seen(server, tmp_path)
    yield opened
    opened.store.close()
