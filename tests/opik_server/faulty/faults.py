"""Faults to inject: which requests they meet, how often, and what happens to those."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.opik_server.serving.wire import Answer, Request, Row

Match = Callable[[Request], bool]


class Drop(Exception):
    """Close the connection without a word."""

    def __init__(self, reset: bool = False) -> None:
        super().__init__(reset)
        self.reset = reset


class Action:
    """What a fault does; `stopping` is set when the server goes, so that nobody waits longer than needed."""

    def before(self, request: Request, stopping: threading.Event) -> Answer | None:
        """An answer here means that the request is not processed."""
        return None

    def after(self, request: Request, answer: Answer) -> Answer:
        return answer


@dataclass(frozen=True)
class Status(Action):
    """Answer with a status; ``processed``: the server has done the work all the same, as behind a failing proxy."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    processed: bool = False

    def before(self, request: Request, stopping: threading.Event) -> Answer | None:
        return None if self.processed else self._answer()

    def after(self, request: Request, answer: Answer) -> Answer:
        return self._answer()

    def _answer(self) -> Answer:
        body = {"code": self.status, "message": "injected"} if self.body is None else self.body
        return Answer(self.status, body, self.headers)


def rate_limited(reset: int | None = None, retry_after: int | None = None) -> Status:
    """429 as the server sends it (``reset``), as proxies do (``retry_after``), or with nothing to go by."""
    headers = {"RateLimit-Reset": reset, "Retry-After": retry_after}
    message = {"code": 429, "message": "Too Many Requests: You have exceeded the rate limit"}
    return Status(429, {name: str(value) for name, value in headers.items() if value is not None}, message)


@dataclass(frozen=True)
class Delay(Action):
    """Process the request only after so many seconds: enough of them are a client's time-out."""

    seconds: float
    processed: bool = False

    def before(self, request: Request, stopping: threading.Event) -> Answer | None:
        if not self.processed:
            stopping.wait(self.seconds)
        return None

    def after(self, request: Request, answer: Answer) -> Answer:
        if self.processed:
            threading.Event().wait(self.seconds)
        return answer


@dataclass(frozen=True)
class Hold(Action):
    """Keep the request waiting until the test releases it."""

    arrived: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def before(self, request: Request, stopping: threading.Event) -> Answer | None:
        self.arrived.set()
        while not self.released.wait(0.02) and not stopping.is_set():
            pass
        return None


@dataclass(frozen=True)
class DropBefore(Action):
    """Close the connection, nothing done. ``reset``: with RST rather than FIN."""

    reset: bool = False

    def before(self, request: Request, stopping: threading.Event) -> Answer | None:
        raise Drop(self.reset)


@dataclass(frozen=True)
class DropAfter(Action):
    """Do the work, then close the connection without an answer: the client cannot know."""

    reset: bool = False

    def after(self, request: Request, answer: Answer) -> Answer:
        raise Drop(self.reset)


@dataclass(frozen=True)
class CutStream(Action):
    """End the answer after ``rows`` lines: with a broken connection or, ``clean``, looking like the end of the data.

    Of an answer that is no stream, half of the body is sent.
    """

    rows: int = 0
    clean: bool = False

    def after(self, request: Request, answer: Answer) -> Answer:
        rows = None if answer.rows is None else answer.rows[: self.rows]
        return dataclasses.replace(answer, rows=rows, cut=not self.clean)


@dataclass(frozen=True)
class ErrorLine(Action):
    """Put the server's error line at the end of a stream, after all or so many rows."""

    rows: int | None = None
    message: str = "Streaming operation timed out"

    def after(self, request: Request, answer: Answer) -> Answer:
        line: Row = {"code": 500, "message": self.message}
        return dataclasses.replace(answer, rows=[*list(answer.rows or ())[: self.rows], line])


@dataclass(frozen=True)
class ShortPage(Action):
    """Leave out the rest of a page's content; its ``total`` stays."""

    rows: int

    def after(self, request: Request, answer: Answer) -> Answer:
        if answer.rows is not None:
            return dataclasses.replace(answer, rows=answer.rows[: self.rows])
        if not isinstance(answer.body, dict) or "content" not in answer.body:
            return answer
        content = answer.body["content"][: self.rows]
        return dataclasses.replace(answer, body={**answer.body, "content": content, "size": len(content)})


@dataclass
class Fault:
    action: Action
    match: Match
    times: int | None  # None: for ever
    after: int  # matching requests that go unharmed first
    met: int = 0  # matching requests so far
    hits: int = 0  # those that it struck

    def takes(self, request: Request) -> bool:
        if (self.times is not None and self.hits >= self.times) or not self.match(request):
            return False
        self.met += 1
        if self.met <= self.after:
            return False
        self.hits += 1
        return True


class Faults:
    """The faults in force; a request meets the first that takes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, action: Action, match: Match | None = None, *, times: int | None = 1, after: int = 0) -> Fault:
        fault = Fault(action, match or (lambda request: True), times, after)
        with self._lock:
            self._faults.append(fault)
        return fault

    def poison(self, is_poison: Callable[[Row], bool], match: Match | None = None) -> Fault:
        """Refuse every batch that has such an element, with the 400 of an invalid element."""
        refusal = Status(400, body={"code": 400, "message": "Invalid UUID for id", "details": "injected poison row"})

        def poisoned(request: Request) -> bool:
            return (match is None or match(request)) and any(map(is_poison, batch_of(request)))

        return self.add(refusal, poisoned, times=None)

    def remove(self, fault: Fault) -> None:
        with self._lock:
            self._faults.remove(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def take(self, request: Request) -> Action | None:
        with self._lock:
            for fault in self._faults:
                if fault.takes(request):
                    request.fault = type(fault.action).__name__
                    return fault.action
        return None


def to(method: str, path_end: str = "") -> Match:
    """Requests of that method whose path ends so: ``to("POST", "/traces/batch")``."""
    return lambda request: request.method == method and request.path.endswith(path_end)


def is_write(request: Request) -> bool:
    """Requests that change something, not the reads that happen to be POSTs."""
    reads = ("/stream", "/search", "/retrieve", "/auth")
    return request.method != "GET" and not request.path.endswith(reads)


def batch_of(request: Request) -> Iterator[Row]:
    """The elements of a batch request: traces, spans, scores, items."""
    for value in request.body.values() if isinstance(request.body, dict) else ():
        if isinstance(value, list):
            yield from (row for row in value if isinstance(row, dict))
