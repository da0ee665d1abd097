"""Where the text of a run goes: ``sys.stdout``, ``sys.stderr`` and ``logging`` are routed while runs are active.

A context variable names the run. What is printed without one, by other threads and other cells, passes as if nothing
were there. In the cell of a notebook a run's text is not shown, since its runs would mix there; anywhere else (a terminal,
a file, a test, ``%%capture``) it is shown as well.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import replace
from typing import Any

from opik_resume.base.process.forks import in_each_process
from opik_resume.base.process.streams import Stream
from opik_resume.base.records import Attempt
from opik_resume.base.text.excerpt import excerpt
from opik_resume.engine.capture.hooks import Hook
from opik_resume.engine.capture.prints import ENDS, Nowhere, Prints

Opened = tuple[Prints, Token[Prints | None]]

_CELLS = ("ipykernel.", "marimo.")  # whose streams are shown below a cell
_NOWHERE = Nowhere()

_current: ContextVar[Prints | None] = ContextVar("opik_resume_prints", default=None)
_lock: threading.Lock  # guards the two below, and what is routed
_users = 0  # runs that are being worked on


class Router:
    """Stands for a stream while runs are active. Whoever keeps it longer has the stream behind it."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.in_cell = _is_of_cells(type(stream))

    def write(self, text: str) -> int:
        prints = _current.get()
        if prints is None:
            return self.stream.write(text)  # type: ignore[no-any-return]
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        prints.write(text)
        if not self.in_cell:
            with _to(_NOWHERE):  # it is kept already: that nobody reads it any more fails no run
                Stream(self.stream).write(text)
        return len(text)

    def flush(self) -> None:
        (self.stream if _current.get() is None else Stream(self.stream)).flush()

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def __repr__(self) -> str:
        return f"<{self.stream!r}, routed by opik-resume>"


class Capture:
    """What the runs of one pass print.

    While it is held everything stays routed; a run that is still worked on afterwards routes for itself.
    """

    def __init__(self, *, wanted: bool = True) -> None:
        self._wanted = wanted
        self._held = False

    def hold(self) -> None:
        if self._wanted:
            self._held = True
            _enter()

    def let_go(self) -> None:
        """Doing it twice, or before it was held, changes nothing."""
        if self._held:
            self._held = False
            _leave()

    def of(self, work: Callable[..., Attempt], *args: Any) -> Attempt:
        """What the work makes of a run, with what it printed meanwhile added to it."""
        opened = self.open()
        try:
            attempt = work(*args)
        finally:
            self.close(opened)
        return told(attempt, opened)

    def open(self) -> Opened | None:
        """From here on, what is printed in this context belongs to one run; None: nobody wants to keep it."""
        if not self._wanted:
            return None
        prints = Prints()
        _enter()
        return prints, _current.set(prints)

    def close(self, opened: Opened | None) -> None:
        """Up to here. In the same context."""
        if opened is not None:
            _current.reset(opened[1])
            _leave()


def told(attempt: Attempt, opened: Opened | None) -> Attempt:
    """The run with what it printed."""
    text = opened[0].text() if opened is not None else None
    return attempt if text is None else replace(attempt, prints=_after(attempt.prints, text))


def _after(before: str | None, text: str) -> str:
    return excerpt(f"{before.rstrip()}\n{text}" if before else text, ENDS)


def _enter() -> None:
    global _users
    with _lock:
        _users += 1
        _install()


def _leave() -> None:
    global _users
    with _lock:
        _users -= 1
        if _users == 0:
            _restore()


def _install() -> None:
    """With each run: somebody may have put a stream of their own there meanwhile."""
    if type(sys.stdout) is not Router and sys.stdout is not None:
        sys.stdout = Router(sys.stdout)
    if type(sys.stderr) is not Router and sys.stderr is not None:
        sys.stderr = Router(sys.stderr)
    _handlers.install()
    _emit.install()


def _restore() -> None:
    """What others have put there since stays."""
    if type(sys.stdout) is Router:
        sys.stdout = sys.stdout.stream
    if type(sys.stderr) is Router:
        sys.stderr = sys.stderr.stream
    _handlers.restore()
    _emit.restore()


@contextmanager
def _to(prints: Prints) -> Iterator[None]:
    token = _current.set(prints)
    try:
        yield
    finally:
        _current.reset(token)


def _call_handlers(original: Callable[..., Any], logger: logging.Logger, record: logging.LogRecord) -> Any:
    """A line of a log. Its handlers get it as always, but for what they show below a cell."""
    prints = _current.get()
    if prints is None:
        return original(logger, record)
    prints.record(record)
    with _to(_NOWHERE):
        return original(logger, record)


def _emit_unless_in_cell(original: Callable[..., Any], handler: Any, record: logging.LogRecord) -> Any:
    """For handlers that were made before, and so have the cell's stream itself."""
    if _current.get() is not None and _is_of_cells(type(handler.stream)):
        return None
    return original(handler, record)


def _is_of_cells(kind: type) -> bool:
    return any(base.__module__.startswith(_CELLS) for base in kind.__mro__)


_handlers = Hook(logging.Logger, "callHandlers", _call_handlers)
_emit = Hook(logging.StreamHandler, "emit", _emit_unless_in_cell)


def _begin() -> None:
    """A child's own output is nobody's run."""
    global _lock, _users
    _lock = threading.Lock()
    _users = 0
    _current.set(None)
    _restore()


in_each_process(_begin)
