"""The text that came of one run: bounded while it grows, without secrets when it is kept."""

from __future__ import annotations

import logging
import re
import threading

from opik_resume.base.process.forks import in_each_process
from opik_resume.base.text.excerpt import excerpt, joined
from opik_resume.base.text.jsontext import clean
from opik_resume.base.text.redaction import redacted

ENDS = 4_000  # characters kept of the beginning, and of the end
_HELD = 2 * ENDS  # of each while it grows: secrets are looked for before it is cut,
_SPARE = 500  # and so many at a rough edge are never shown, where half a secret may be

_OVERWRITTEN = re.compile(r"[^\n]*\r(?=[^\n])")  # by what comes after it on its line, as progress bars do
_formatter = logging.Formatter()
_lock: threading.Lock  # guards the text of every run: writes are short


def _begin() -> None:
    global _lock
    _lock = threading.Lock()


in_each_process(_begin)


class Prints:
    """What one run has printed. Any thread may write."""

    def __init__(self) -> None:
        self._head: list[str] = []
        self._room = _HELD  # in the head
        self._tail = ""
        self._length = 0

    def write(self, text: str) -> None:
        with _lock:
            self._length += len(text)
            if self._room:
                self._head.append(text[: self._room])
                text = text[self._room :]
                self._room -= len(self._head[-1])
            if text:
                tail = self._tail + text[-_HELD:]
                self._tail = tail if len(tail) <= 2 * _HELD else tail[-_HELD:]

    def record(self, record: logging.LogRecord) -> None:
        """One line of a log, whatever its handlers make of it."""
        try:
            message = record.getMessage()
        except Exception:  # its arguments do not fit: logging says so itself
            message = str(record.msg)
        trace = f"\n{_formatter.formatException(record.exc_info)}" if record.exc_info else ""
        self.write(f"{record.levelname} {record.name}: {message}{trace}\n")

    def text(self) -> str | None:
        """What is kept of it; None when there is nothing."""
        with _lock:
            head, tail, length = "".join(self._head), self._tail[-_HELD:], self._length
        if length == 0:
            return None
        if length == len(head) + len(tail):
            return excerpt(_cleaned(head + tail), ENDS)
        head, tail = _cleaned(head)[:-_SPARE][:ENDS], _cleaned(tail)[_SPARE:][-ENDS:]
        return joined(head, length - len(head) - len(tail), tail)


class Nowhere(Prints):
    """What comes to it is kept elsewhere already."""

    def write(self, text: str) -> None:
        pass

    def record(self, record: logging.LogRecord) -> None:
        pass


def _cleaned(text: str) -> str:
    if "\r" in text:
        text = _OVERWRITTEN.sub("", text.replace("\r\n", "\n"))
    return clean(redacted(text))
