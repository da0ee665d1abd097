"""What is said while runs go on: it never ends them, whatever becomes of who would read it."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any, TextIO


class Stream:
    """stderr as it is now, or another one. What cannot be written is not.

    It may be a pipe that nobody reads, a terminal that was closed, a closed stream, none at all, or somebody's own, which
    raises what it likes.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    def write(self, text: str) -> int:
        with suppress(Exception):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(Exception):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        """What else is asked of it: whether it is a terminal, how wide, and which letters it takes."""
        return getattr(self._stream, name)


def say(sentence: object, stream: TextIO | None = None) -> None:
    """One line, on stderr or another one."""
    print(sentence, file=Stream(stream), flush=True)
