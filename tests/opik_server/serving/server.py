"""The server: a socket, a log of what it was asked, and the switches that tests turn."""

from __future__ import annotations

import socket
import socketserver
import threading
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from tests.opik_server.faulty.faults import Faults
from tests.opik_server.serving import validation
from tests.opik_server.serving.backend import Backend
from tests.opik_server.serving.connection import Connection
from tests.opik_server.serving.remembering import Remembered
from tests.opik_server.serving.wire import Answer, Request
from tests.opik_server.tables.aggregates import Aggregates
from tests.opik_server.tables.state import State


class Listener(socketserver.ThreadingTCPServer):
    """The listening socket and its threads; a new one for each time the server is up."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, opik: OpikServer, port: int) -> None:
        self.opik = opik
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Connection)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name="opik server", daemon=True)
        self._thread.start()

    def handle_error(self, request: object, client_address: object) -> None:
        self.opik.problems.append(traceback.format_exc())

    def close(self) -> None:
        """Refuse new connections and end the open ones."""
        self.shutdown()
        self.server_close()
        self._thread.join()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # its client was faster


class OpikServer:
    """``with OpikServer() as server:`` and talk to ``server.url``.

    With an ``api_key`` it asks for it, as hosted servers do; without, it knows one workspace and no keys.
    ``check=False`` is for large amounts: requests are counted but their bodies neither validated nor kept.
    ``remember=True`` is for measuring clients: what was answered once is not computed again until something is written.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        workspaces: Iterable[str] = ("default",),
        prefix: str = "/api",
        check: bool = True,
        remember: bool = False,
    ) -> None:
        self.prefix = prefix
        self.faults = Faults()
        self.requests: list[Request] = []
        self.counts: Counter[str] = Counter()  # by method and route: "POST /v1/private/traces/batch"
        self.problems: list[str] = []  # what no correct client or stand-in would do; tests want none
        self.latency = 0.0  # seconds added to every request
        self._backend = Backend(prefix, api_key, workspaces)
        self._check = check
        self._remembered = Remembered() if remember else None
        self._log_lock = threading.Lock()
        self._stopping = threading.Event()
        self._port = 0
        self._listener: Listener | None = None

    def __enter__(self) -> Self:
        self.go_up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.go_down()

    @property
    def url(self) -> str:
        """The base URL, with the slash at its end that the SDK wants."""
        return f"http://127.0.0.1:{self._port}{self.prefix}/"

    @property
    def state(self) -> State:
        """The tables of the first workspace."""
        return next(iter(self._backend.contexts.values())).state

    @property
    def aggregates(self) -> Aggregates:
        """The pre-computed views of the first workspace."""
        return next(iter(self._backend.contexts.values())).aggregates

    def workspace(self, name: str) -> State:
        return self._backend.contexts[name].state

    # --- up and down: the data stays, the port too

    def go_up(self) -> None:
        if self._listener is None:
            self._stopping.clear()
            self._listener = Listener(self, self._port)
            self._port = self._listener.server_address[1]

    def go_down(self) -> None:
        if self._listener is not None:
            self._stopping.set()
            self._listener.close()
            self._listener = None

    @contextmanager
    def down(self) -> Iterator[None]:
        """Unreachable within: connections are refused, open ones end."""
        self.go_down()
        try:
            yield
        finally:
            self.go_up()

    # --- what was asked

    def asked(self, method: str, path_end: str = "") -> list[Request]:
        """The requests of that method whose path ends so, in order of arrival."""
        return [each for each in list(self.requests) if each.method == method and each.path.endswith(path_end)]

    def forget_requests(self) -> None:
        with self._log_lock:
            self.requests.clear()
            self.counts.clear()

    # --- serving

    def serve(self, request: Request, key: str | None) -> Answer:
        """The answer, faults included. Raises `faults.Drop` where there is to be none."""
        self._log(request)
        if self.latency:
            self._stopping.wait(self.latency)
        action = self.faults.take(request)
        answer = action.before(request, self._stopping) if action else None
        if answer is None:
            answer = self._answer(request, key)
            answer = action.after(request, answer) if action else answer
        request.status = answer.status
        return answer

    def _log(self, request: Request) -> None:
        with self._log_lock:
            request.number = len(self.requests) + 1
            self.requests.append(request)

    def _answer(self, request: Request, key: str | None) -> Answer:
        try:
            answer = self._found(request, key)
        except Exception:
            self.problems.append(f"{request}: {traceback.format_exc()}")
            return Answer(500, {"code": 500, "message": "There was an error processing your request."})
        with self._log_lock:
            self.counts[f"{request.method} {request.route or request.path}"] += 1
        if not request.route and request.path.startswith("/api/"):
            pass  # a bare back end: whoever asks takes it for one behind the usual prefix
        elif not request.route:
            self.problems.append(f"{request}: this stand-in does not have that endpoint")
        elif self._check:
            if answer.status not in {400, 422}:  # a refusal says it all
                self.problems.extend(validation.request_problems(request))
            self.problems.extend(validation.answer_problems(request, answer))
        if not self._check:
            request.body = None
        return answer

    def _found(self, request: Request, key: str | None) -> Answer:
        if self._remembered is None:
            return self._backend.answer(request, key)
        answer = self._remembered.again(request, key)
        if answer is None:
            writes = self._remembered.writes
            answer = self._backend.answer(request, key)
            self._remembered.keep(request, key, answer, writes)
        return answer
