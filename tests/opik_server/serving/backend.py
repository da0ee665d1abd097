"""From a decoded request to an answer: who may ask, in which workspace, and which handler answers."""

from __future__ import annotations

from collections.abc import Iterable
from threading import RLock

from tests.opik_server.endpoints import (  # noqa: F401  they register their endpoints
    basics,
    compare,
    dataset_items,
    datasets,
    experiment_items,
    experiments,
    prompts,
    scores,
    spans,
    traces,
)
from tests.opik_server.serving.routes import routes
from tests.opik_server.serving.wire import Answer, ApiError, Request, coded
from tests.opik_server.tables.context import Context
from tests.opik_server.tables.state import State


class Backend:
    """All workspaces behind one lock. Without ``api_key`` it is an open-source server: one workspace, no keys."""

    def __init__(self, prefix: str, api_key: str | None, workspaces: Iterable[str]) -> None:
        self.lock = RLock()
        self.api_key = api_key
        self.contexts: dict[str, Context] = {}
        states: dict[str, State] = {}
        for name in workspaces:
            states[name] = State(name, states)
            self.contexts[name] = Context(states[name], prefix)
            self.contexts[name].aggregates.lock = self.lock

    def answer(self, request: Request, key: str | None) -> Answer:
        try:
            handler = routes.find(request)
            with self.lock:
                context = self._context(request, key)
                context.aggregates.tick()
                return handler(context, request)
        except ApiError as refusal:
            return Answer(refusal.status, refusal.body, {**refusal.headers, **_kind(request, refusal.status)})

    def _context(self, request: Request, key: str | None) -> Context:
        workspace = request.headers.get("comet-workspace") or "default"
        context = self.contexts.get(workspace)
        if request.path.startswith("/is-alive"):
            return context or next(iter(self.contexts.values()))
        if self.api_key is None:
            if context is None:
                raise coded(404, "Workspace not found")
            return context
        if not key:
            raise coded(401, "API key should be provided")
        if key != self.api_key:
            raise coded(401, "API key is not valid")
        if context is None:
            raise coded(403, "User is not allowed to access workspace")
        return context


def _kind(request: Request, status: int) -> dict[str, str]:
    """What cannot be streamed because it was asked for wrongly says so as if it were a stream."""
    is_stream = request.path.endswith(("/stream", "/search")) and status in {400, 422}
    return {"Content-Type": "application/octet-stream"} if is_stream else {}
