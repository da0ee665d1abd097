"""404s of what is there, in the server's own words, as in the moment in which an experiment's first picture appears.

    server.faults.add(*missing.experiment(id_), times=2)  # the next two GETs of it
    server.faults.add(*missing.project(id_, "demo"), times=1)  # the next search of its traces, by id or by name
    server.faults.add(*missing.trace(id_))
    server.faults.add(*missing.row(id_))  # the next list has no row of the experiment, but counts it

The race itself, at the moment where the pictures are computed, is ``server.aggregates.misses``.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from dataclasses import dataclass

from tests.opik_server.faulty.faults import Action, Match
from tests.opik_server.serving.wire import Answer, Request, Row
from tests.opik_server.tables.state import no_project

SEARCHES = ("/traces", "/traces/search", "/spans", "/spans/search")


@dataclass(frozen=True)
class Missing(Action):
    """Answer that it is not there."""

    words: Callable[[Request], Row]

    def before(self, request: Request, stopping: threading.Event) -> Answer | None:
        return Answer(404, self.words(request))


@dataclass(frozen=True)
class RowMissing(Action):
    """Leave the row of that id out of a page; its ``total`` stays."""

    id: str

    def after(self, request: Request, answer: Answer) -> Answer:
        content = [row for row in answer.body["content"] if row["id"] != self.id]
        return dataclasses.replace(answer, body={**answer.body, "content": content, "size": len(content)})


def experiment(id_: str, *methods: str) -> tuple[Action, Match]:
    """The experiment by itself, when it is read or with what other methods are named: PATCH says it differently."""

    def words(request: Request) -> Row:
        message = (
            f"Not found experiment with id '{id_}'" if request.method == "GET" else f"Experiment not found: '{id_}'"
        )
        return {"code": 404, "message": message}

    return Missing(
        words
    ), lambda asked: asked.path.endswith(f"/experiments/{id_}") and asked.method in (methods or ("GET",))


def project(*ids_and_names: str) -> tuple[Action, Match]:
    """A project whose traces or spans are searched for."""

    def asked_for(request: Request) -> Row:
        return {**request.query, **(request.body if isinstance(request.body, dict) else {})}

    def words(request: Request) -> Row:
        asked = asked_for(request)
        return no_project(asked.get("project_id"), asked.get("project_name")).body

    def matches(request: Request) -> bool:
        asked = asked_for(request)
        searched = request.path.endswith(SEARCHES) and request.method == ("POST" if "search" in request.path else "GET")
        return searched and bool({asked.get("project_id"), asked.get("project_name")} & set(ids_and_names))

    return Missing(words), matches


def trace(id_: str) -> tuple[Action, Match]:
    """A trace by itself."""
    body = {"code": 404, "message": f"Trace id: {id_} not found"}
    return Missing(lambda request: body), lambda asked: asked.method == "GET" and asked.path.endswith(f"/traces/{id_}")


def row(id_: str) -> tuple[Action, Match]:
    """An experiment in the list of experiments."""
    return RowMissing(id_), lambda asked: asked.method == "GET" and asked.path.endswith("/experiments")
