"""Answers that are sent again, as they are, to whoever asks the same before anything is written: for measuring clients."""

from __future__ import annotations

import threading

from tests.opik_server.serving.connection import dumps
from tests.opik_server.serving.wire import Answer, Request

_READS = ("/search", "/stream", "/retrieve", "/auth")  # paths of POSTs that change nothing
Key = tuple[object, ...]


class Remembered:
    """Safe to use from any thread. What is read while something is written is not kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards both
        self._answers: dict[Key, tuple[str, Answer]] = {}  # with their routes
        self._writes = 0

    @property
    def writes(self) -> int:
        """How often something was written: to be looked at before an answer is made."""
        return self._writes

    def again(self, request: Request, key: str | None) -> Answer | None:
        """What was answered to the same question; fills in the request's route."""
        with self._lock:
            request_route, answer = self._answers.get(_asked(request, key), ("", None))
        request.route = request_route
        return answer

    def keep(self, request: Request, key: str | None, answer: Answer, writes: int) -> None:
        """Keep what was answered after so many writes, or forget all if this was one."""
        with self._lock:
            if not _reads(request):
                self._writes += 1
                self._answers.clear()
            elif answer.status == 200 and writes == self._writes:
                answer.sent = {}
                self._answers[_asked(request, key)] = request.route, answer


def _reads(request: Request) -> bool:
    return request.method == "GET" or (request.method == "POST" and request.path.endswith(_READS))


def _asked(request: Request, key: str | None) -> Key:
    workspace, query = request.headers.get("comet-workspace"), tuple(request.query.items())
    return request.method, request.path, query, dumps(request.body), workspace, key
