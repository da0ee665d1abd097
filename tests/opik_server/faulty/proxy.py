"""A proxy before a server, on a socket of its own: requests are numbered, and faults strike those that are chosen.

    with OpikServer() as server, Proxy(server.url) as proxy:
        proxy.strike(after(dropped), at(7))
        Api(proxy.url)

`faults` are what a server does; these are what lies between: it knows bytes, no Opik, and what it does to a connection
is what load balancers, gateways and hotel networks do. Answers go through as they came, byte by byte.
"""

from __future__ import annotations

import os
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

_REASONS = {200: "OK", 401: "Unauthorized", 429: "Too Many Requests", 500: "Server Error", 502: "Bad Gateway"}


class Exchange:
    """One request, and what can be done with it."""

    def __init__(self, proxy: Proxy, connection: socket.socket, head: bytes, body: bytes) -> None:
        self.proxy = proxy
        self.closed = False
        self._connection = connection
        self._head = head
        self._body = body

    def __str__(self) -> str:
        return self._head.split(b" HTTP/", 1)[0].decode()

    def forward(self) -> bytes:
        """Have the server do the work: its answer, as bytes. Each request has its connection, whose end is the answer's."""
        lines = [line for line in self._head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        with socket.create_connection(self.proxy.upstream) as upstream:
            upstream.sendall(b"\r\n".join([*lines, b"Connection: close", b"", self._body]))
            return b"".join(iter(lambda: upstream.recv(1 << 16), b""))

    def send(self, answer: bytes) -> None:
        self._connection.sendall(answer)

    def close(self, *, reset: bool = False) -> None:
        """End the connection: with FIN, or at once with RST, whatever is on its way."""
        self.closed = True
        if reset:
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self._connection.detach())  # a socket that is shut down first sends FIN

    def until_the_client_gives_up(self) -> None:
        self.closed = True
        self._connection.recv(1)


Strike = Callable[[Exchange], None]
Chosen = Callable[[int, str], bool]  # by the number of a request, counted from 1, and its method and target


def passed_on(exchange: Exchange) -> None:
    exchange.send(exchange.forward())


def dropped(exchange: Exchange) -> None:
    exchange.close()


def reset(exchange: Exchange) -> None:
    exchange.close(reset=True)


def silent(exchange: Exchange) -> None:
    """No answer ever comes."""
    exchange.until_the_client_gives_up()


def late(exchange: Exchange) -> None:
    """The request reaches the server when its client has given it up."""
    exchange.until_the_client_gives_up()
    exchange.forward()


def cut(exchange: Exchange) -> None:
    """The server's answer ends in the middle of its body, and where it has none, in the middle of its head."""
    head, gap, body = exchange.forward().partition(b"\r\n\r\n")
    exchange.send(head + gap + body[: len(body) // 2] if body else head[: len(head) // 2])
    exchange.close()


def garbage(exchange: Exchange) -> None:
    """What speaks there is not HTTP."""
    exchange.send(b"\x16\x03\x01 SSH-2.0-what?\r\n\r\n")
    exchange.close()


def gone(exchange: Exchange) -> None:
    """The connection ends, as all others do, and new ones are refused until ``go_up``."""
    exchange.proxy.go_down()
    exchange.close()


def answered(status: int, headers: dict[str, str] | None = None, body: str = "injected") -> Strike:
    """The proxy's own answer; nothing is done."""
    content = body.encode()
    named = {"Content-Type": "text/plain", "Content-Length": str(len(content)), **(headers or {})}
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}", *(f"{name}: {named[name]}" for name in named)]
    raw = "\r\n".join([*lines, "", ""]).encode() + content
    return lambda exchange: exchange.send(raw)


def portal() -> Strike:
    """The login page of a hotel network, in the place of everything."""
    return answered(200, {"Content-Type": "text/html"}, "<html><body>Welcome! Please accept our terms.</body></html>")


def after(strike: Strike) -> Strike:
    """The server has done the work before that happens: the client cannot know."""

    def struck(exchange: Exchange) -> None:
        exchange.forward()
        strike(exchange)

    return struck


def at(*positions: int) -> Chosen:
    """The requests of these numbers."""
    return lambda number, _: number in positions


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: _Listener

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def handle(self) -> None:
        try:
            while (exchange := self._read()) is not None:
                self.server.proxy.take(exchange)(exchange)
                if exchange.closed:
                    return
        except OSError:
            pass  # one of both sides went away

    def _read(self) -> Exchange | None:
        lines = []
        while (line := self.rfile.readline()) not in {b"", b"\r\n"}:
            lines.append(line)
        if not lines:
            return None
        length = next((int(line[15:]) for line in lines if line.lower().startswith(b"content-length:")), 0)
        head = b"".join(lines).removesuffix(b"\r\n")
        body = self.rfile.read(length)
        if len(body) < length:  # the connection ended under way: a server would wait for the rest
            return None
        return Exchange(self.server.proxy, self.connection, head, body)


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False  # `server_close` waits for them then
    request_queue_size = 128

    def __init__(self, proxy: Proxy, port: int) -> None:
        self.proxy = proxy
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Connection)
        threading.Thread(target=self.serve_forever, args=(0.005,), name="proxy", daemon=True).start()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)  # here, on the thread that accepts: once it has ended, none is missing
        super().process_request(request, client_address)

    def refuse(self) -> None:
        self.shutdown()
        self.socket.close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # its client was faster


class Proxy:
    """Stands before the server at ``target``; talk to ``url`` instead."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self.upstream = (parts.hostname or "", parts.port or 80)
        self.requests: list[str] = []  # in order of arrival: "POST /api/v1/private/traces/batch"
        self._path = parts.path
        self._lock = threading.Lock()  # guards the requests, the strike and the listener
        self._strike: Strike = passed_on
        self._chosen: Chosen = at()
        self._port = 0
        self._listener: _Listener | None = None
        self._ended: list[_Listener] = []

    def __enter__(self) -> Self:
        self.go_up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Returns when all that was under way has ended."""
        self.go_down()
        for listener in self._ended:
            listener.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}{self._path}"

    def strike(self, strike: Strike, chosen: Chosen) -> None:
        """Do that to every request which is chosen, from now on."""
        with self._lock:
            self._strike, self._chosen = strike, chosen

    def stop_striking(self) -> None:
        self.strike(passed_on, at())

    def take(self, exchange: Exchange) -> Strike:
        """What is to be done with the next request."""
        with self._lock:
            self.requests.append(str(exchange))
            return self._strike if self._chosen(len(self.requests), str(exchange)) else passed_on

    def go_up(self) -> None:
        with self._lock:
            if self._listener is None:
                self._listener = _Listener(self, self._port)
                self._port = self._listener.server_address[1]

    def go_down(self) -> None:
        """Refuse new connections and end the open ones."""
        with self._lock:
            if self._listener is not None:
                self._listener.refuse()
                self._ended.append(self._listener)
                self._listener = None
