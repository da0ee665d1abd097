"""A provider of answers on a real socket, with the limits that providers have: what it refuses and what it charges is counted."""

from __future__ import annotations

import json
import math
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

KEY = "sk-right"
_SAYS = {401: "Incorrect API key provided", 429: "Rate limit reached, slow down"}


@dataclass
class Bucket:
    """Tokens that come at a rate and are kept up to a number. Not safe to use from several threads at once."""

    rate: float
    burst: float
    tokens: float = field(init=False)
    since: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def take(self) -> float:
        """Take one: 0; or in how many seconds there is one."""
        now = time.monotonic()
        self.tokens = min(self.burst, self.tokens + (now - self.since) * self.rate)
        self.since = now
        if self.tokens < 1:
            return (1 - self.tokens) / self.rate
        self.tokens -= 1
        return 0.0


class Provider:
    """Answers ``POST`` of ``{"n": 3}`` with ``{"output": "3"}`` while the block lasts.

    Args:
        rate, burst: of the calls; None is no limit.
        states: the header that says when to come back, "retry-after" or "retry-after-ms"; empty: none does.
        seconds: how long an answer takes.
        most: how many it works on at once; what is more is refused.
        stalls: one call in so many takes ``stall`` seconds; 0: none does.
    """

    def __init__(
        self,
        rate: float | None = None,
        burst: float = 1.0,
        *,
        states: str = "",
        seconds: float = 0.0,
        most: int | None = None,
        stalls: int = 0,
        stall: float = 0.0,
    ) -> None:
        self.answered: Counter[int] = Counter()  # calls paid, by what was asked
        self.refused = 0
        self.unknown = 0  # calls with a wrong key
        self._bucket = None if rate is None else Bucket(rate, burst)
        self._states, self._seconds, self._most = states, seconds, most
        self._stalls, self._stall = stalls, stall
        self._working = 0
        self._ended = threading.Event()
        self._lock = threading.Lock()  # guards all numbers
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def paid(self) -> int:
        """How many calls it has answered."""
        return self.answered.total()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def reply(self, key: str | None, asked: int) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Status, headers and body."""
        if key != f"Bearer {KEY}":
            with self._lock:
                self.unknown += 1
            return 401, {}, {"error": {"message": _SAYS[401]}}
        with self._admitted() as wait:
            if wait is not None:
                return 429, self._stated(wait), {"error": {"message": _SAYS[429]}}
            with self._lock:
                self.answered[asked] += 1
                stalls = self._stalls > 0 and self.paid % self._stalls == 0
            self._ended.wait(self._stall if stalls else self._seconds)
            return 200, {}, {"output": str(asked)}

    @contextmanager
    def _admitted(self) -> Iterator[float | None]:
        """None: it is worked on meanwhile; else it is refused, and this is in how many seconds it need not be."""
        with self._lock:
            full = self._most is not None and self._working >= self._most
            wait = self._seconds if full else self._bucket.take() if self._bucket else 0.0
            refused = full or wait > 0
            self.refused += refused
            self._working += not refused
        try:
            yield wait if refused else None
        finally:
            with self._lock:
                self._working -= not refused

    def _stated(self, wait: float) -> dict[str, str]:
        told = {"retry-after": math.ceil(wait), "retry-after-ms": math.ceil(wait * 1000)}
        return {self._states: str(told[self._states])} if self._states else {}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever called may have gone by the time of an answer: that is what time-outs are about."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status, headers, body = provider.reply(self.headers["authorization"], asked["n"])
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            """Nothing: the counts say it."""

    return Handler
