"""One HTTP client of an Opik server: headers, gzip, time-outs, retries, streams.

Headers, limits and what is retried are those of the ``opik`` package 2.2.122 (``opik/httpx_client.py``,
``rest_client_configurator/retry_decorator.py``). Every write may be sent again: the ids are ours.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from opik_resume.base.process.forks import in_each_process
from opik_resume.base.process.keeping import never_finalized
from opik_resume.base.records import Json
from opik_resume.base.settings import OpikSettings
from opik_resume.base.version import __version__
from opik_resume.exceptions import ServerError, ServerUnreachable
from opik_resume.stores.opik.rest import answers
from opik_resume.stores.opik.rest.batches import Rows
from opik_resume.stores.opik.rest.encoding import encoded, read_json
from opik_resume.stores.opik.rest.presence import Presence

if TYPE_CHECKING:  # what speaks to servers takes as long to import as all else: it is, when one is spoken to
    import ssl

    import httpx
    from tenacity import RetryCallState

TRIES = 4
FIRST_WAIT = 0.5  # seconds before the second try, doubled before each further one, unless the server asks for more
TIMEOUT = (20.0, 100.0, 100.0, 20.0)  # seconds to connect, to read, to write, and to wait for a connection
COMPRESSED_FROM = 256  # bytes; below, gzip makes bodies longer
PREFIX = "v1/private/"

T = TypeVar("T")


class Client:
    """Speaks to one server as one workspace. Safe to use from any thread.

    ``presence`` asks again for what was there a moment ago.
    """

    def __init__(self, settings: OpikSettings) -> None:
        self.settings = settings
        self.presence = Presence(self.pause)
        self._made: httpx.Client | None = None
        in_each_process(self._begin)
        self._made = _http_client(settings)  # at once: it may find that a setting cannot be used

    def _begin(self) -> None:
        """A child must not speak on its parent's connections, nor say goodbye on them."""
        self._lock = threading.Lock()  # guards the making of the client
        self._closing = threading.Event()
        if self._made is not None:
            never_finalized(self._made)
            self._made = None

    @property
    def _http(self) -> httpx.Client:
        with self._lock:
            if self._made is None:
                self._made = _http_client(self.settings)
            return self._made

    def close(self) -> None:
        """End waiting retries and close the connections."""
        self._closing.set()
        if self._made is not None:
            self._made.close()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        *,
        tries: int = TRIES,
        read: Callable[[bytes], Any] = read_json,
    ) -> Any:
        """One request below ``/v1/private/``: the JSON of its answer (what ``read`` makes of it), None when it has none.

        Raises:
            ServerUnreachable: no usable answer after so many tries.
            NotAuthorized, RequestRefused: as the server says.
        """
        return self._retried(lambda: self._once(self._request(method, path, body, query), read), tries)

    def stream(self, path: str, body: Json) -> tuple[list[Json], ServerError | None]:
        """One page of a stream: the rows that arrived and, when it was cut or ended in an error line, why."""
        return self._retried(lambda: self._stream_once(path, body), TRIES)

    def pause(self, seconds: float) -> None:
        """Wait, unless the client is closed meanwhile."""
        self._closing.wait(seconds)

    def _retried(self, work: Callable[[], T], tries: int) -> T:
        """What ``work`` gives. It is tried for the first time without the library, which takes as long as half a request."""
        try:
            return work()
        except ServerUnreachable as error:
            if tries == 1:
                raise
            return self._tried_again(work, error, tries)

    def _tried_again(self, work: Callable[[], T], first: ServerUnreachable, tries: int) -> T:
        import tenacity

        failed: list[ServerUnreachable] = [first]

        def again() -> T:
            if failed:
                raise failed.pop()
            return work()

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(ServerUnreachable),
            stop=tenacity.stop_after_attempt(tries),
            wait=_wait,
            sleep=self.pause,
            reraise=True,
        )
        result: T = retrying(again)
        return result

    def _request(self, method: str, path: str, body: Any, query: Mapping[str, Any] | None) -> httpx.Request:
        content, headers = _encoded(body, self.settings) if body is not None else (None, {})
        return self._http.build_request(method, PREFIX + path, content=content, headers=headers, params=query)

    def _once(self, request: httpx.Request, read: Callable[[bytes], Any]) -> Any:
        import httpx

        try:
            answer = self._http.send(request)
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise answers.unreachable(error, self.settings) from error
        except RuntimeError as error:
            raise self._closed(error) from error
        return answers.decoded(answer, self.settings, read)

    def _stream_once(self, path: str, body: Json) -> tuple[list[Json], ServerError | None]:
        import httpx

        rows: list[Json] = []
        try:
            answer = self._http.send(self._request("POST", path, body, None), stream=True)
            with contextlib.closing(answer):
                if not answer.is_success:
                    answer.read()
                    raise answers.problem(answer, self.settings)
                return rows, self._read_lines(answer, rows)
        except (httpx.TransportError, httpx.DecodingError, httpx.StreamError) as error:
            problem = answers.unreachable(error, self.settings)
            if not rows:
                raise problem from error
            return rows, problem
        except RuntimeError as error:
            raise self._closed(error) from error

    def _read_lines(self, answer: httpx.Response, rows: list[Json]) -> ServerError | None:
        for line in _lines(answer.iter_bytes()):
            row = _row(line)
            if row is None:  # everything that fails after 200 was sent comes as a line, or as half a line
                words = answers.words_of(line.decode(errors="replace"))
                return ServerUnreachable(f"{self.settings.label} broke off an answer: {words}")
            rows.append(row)
        return None

    def _closed(self, error: RuntimeError) -> Exception:
        """httpx raises a RuntimeError when it was closed meanwhile: the store is closing."""
        return ServerUnreachable(f"{self.settings.label}: the store is closed.") if self._closing.is_set() else error


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines end with a line feed and nothing else: other marks of that kind may stand within JSON texts."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from filter(bytes.strip, lines)
    if rest.strip():
        yield rest


def _row(line: bytes) -> Json | None:
    try:
        row = read_json(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and row.get("id") else None


def _wait(state: RetryCallState) -> float:
    """As long as the server asks, else twice as long each time."""
    error = state.outcome.exception() if state.outcome is not None else None
    asked = error.wait if isinstance(error, ServerError) else None
    return asked if asked is not None else FIRST_WAIT * float(2 ** (state.attempt_number - 1))


def _http_client(settings: OpikSettings) -> httpx.Client:
    import httpx

    return httpx.Client(
        base_url=settings.url,
        headers=_headers(settings),
        timeout=TIMEOUT,
        follow_redirects=True,
        limits=httpx.Limits(keepalive_expiry=10),
        verify=_verification(settings),
        proxy=os.environ.get("_OPIK_HTTP_PROXY") or None,
    )


def _headers(settings: OpikSettings) -> dict[str, str]:
    headers = {
        "Comet-Workspace": settings.workspace,
        "Accept-Encoding": "gzip",
        "User-Agent": f"opik-resume/{__version__}",
    }
    if settings.api_key is not None:
        headers["Authorization"] = settings.api_key
    return headers


def _verification(settings: OpikSettings) -> ssl.SSLContext | bool:
    import ssl

    bundle = os.environ.get("SSL_CERT_FILE")
    if settings.check_tls and bundle is not None:
        return ssl.create_default_context(cafile=bundle)
    return settings.check_tls


def _encoded(body: Any, settings: OpikSettings) -> tuple[bytes, dict[str, str]]:
    content, level = (body.json, 1) if isinstance(body, Rows) else (encoded(body), settings.compression_level)
    headers = {"Content-Type": "application/json"}
    if settings.compress and len(content) >= COMPRESSED_FROM:
        return gzip.compress(content, min(level, settings.compression_level), mtime=0), headers | {
            "Content-Encoding": "gzip"
        }
    return content, headers
