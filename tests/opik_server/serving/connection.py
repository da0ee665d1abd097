"""One client's connection: HTTP/1.1 with keep-alive, gzip both ways, chunked streams."""

from __future__ import annotations

import json
import socket
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from tests.opik_server.faulty.faults import Drop
from tests.opik_server.serving import reading
from tests.opik_server.serving.wire import Answer, Request

if TYPE_CHECKING:
    from tests.opik_server.serving.server import Listener

COMPRESSED_FROM = 256  # bytes, in both directions
ROWS_A_CHUNK = 100
_GZIP = b"\x1f\x8b"  # no JSON begins so, and no text of ours


class Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits for the client's delayed acknowledgement
    wbufsize = -1  # one packet for head and body
    server: Listener

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.request)

    def finish(self) -> None:
        self.server.connections.discard(self.request)
        try:
            super().finish()
        except ConnectionError:
            pass  # the client went away before it had all of its answer

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            pass  # the client went away
        except Drop as drop:
            if drop.reset:
                linger = struct.pack("ii", 1, 0)  # close at once, unsent data is lost: that is an RST
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def serve(self) -> None:
        request, key, problem = self._read()
        answer = problem or self.server.opik.serve(request, key)
        if answer.rows is not None:
            self._send_stream(answer)
        else:
            self._send_whole(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815  the names that the base class looks for

    def log_message(self, *args: Any) -> None:
        """The server's own log has it."""

    def _read(self) -> tuple[Request, str | None, Answer | None]:
        target = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        key = headers.get("authorization")
        if key is not None:
            headers["authorization"] = "***"
        prefix = self.server.opik.prefix
        path = target.path.removeprefix(prefix)
        query = dict(parse_qsl(target.query, keep_blank_values=True))
        request = Request(self.command, path, query, headers)
        raw = self.rfile.read(int(headers.get("content-length", 0)))
        if not target.path.startswith(prefix):
            return request, key, Answer(404, {"code": 404, "message": "HTTP 404 Not Found"})
        try:
            if headers.get("content-encoding") == "gzip":
                raw = zlib.decompress(raw, 31)
            request.body = reading.loads(raw) if raw else None
        except (ValueError, zlib.error) as error:
            return request, key, Answer(400, {"code": 400, "message": f"Unable to process JSON. {error}"})
        return request, key, None

    # --- answering

    def _compresses(self) -> bool:
        return "gzip" in self.headers.get("Accept-Encoding", "")

    def _head(self, answer: Answer, headers: dict[str, str]) -> None:
        self.send_response(answer.status)
        for name, value in {**headers, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_whole(self, answer: Answer) -> None:
        (body,) = self._sent(answer, _whole)
        headers = {}
        if body:
            headers["Content-Type"] = "text/plain" if isinstance(answer.body, str) else "application/json"
        if body.startswith(_GZIP):
            headers["Content-Encoding"] = "gzip"
        if answer.status != 204:
            headers["Content-Length"] = str(len(body))
        self._head(answer, headers)
        self.wfile.write(body[: len(body) // 2] if answer.cut else body)
        self.wfile.flush()
        self.close_connection = self.close_connection or answer.cut

    def _send_stream(self, answer: Answer) -> None:
        headers = {"Content-Type": "application/octet-stream", "Transfer-Encoding": "chunked"}
        if self._compresses():
            headers["Content-Encoding"] = "gzip"
        self._head(answer, headers)
        for data in self._sent(answer, _streamed):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        if not answer.cut:
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()
        self.close_connection = self.close_connection or answer.cut

    def _sent(self, answer: Answer, made: Callable[[Answer, bool], Iterator[bytes]]) -> Iterable[bytes]:
        """What follows the head; of an answer that is sent again it is made once."""
        compress = self._compresses()
        if answer.sent is None:
            return made(answer, compress)
        if compress not in answer.sent:
            answer.sent[compress] = list(made(answer, compress))
        return answer.sent[compress]


def _whole(answer: Answer, compress: bool) -> Iterator[bytes]:
    text = answer.body if isinstance(answer.body, str) else None
    body = text.encode() if text is not None else b"" if answer.body is None else dumps(answer.body)
    yield zlib.compress(body, 1, 31) if compress and len(body) >= COMPRESSED_FROM else body


def _streamed(answer: Answer, compress: bool) -> Iterator[bytes]:
    compressor = zlib.compressobj(1, wbits=31) if compress else None
    rows = answer.rows or ()
    for start in range(0, len(rows), ROWS_A_CHUNK):
        lines = b"".join(dumps(row) + b"\r\n" for row in rows[start : start + ROWS_A_CHUNK])
        # A sync flush lets the client read every row that was sent, should the stream be cut here.
        yield compressor.compress(lines) + compressor.flush(zlib.Z_SYNC_FLUSH) if compressor else lines
    if compressor and not answer.cut:
        yield compressor.flush()


def dumps(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # an integer beyond 64 bits, a deep nesting
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
