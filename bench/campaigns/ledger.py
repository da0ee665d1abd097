"""The ledger: a line for each call of a task, written by the task itself, outside of any store.

    called 7 4711-1 81920     item 7, in thread 1 of process 4711; the write-ahead log had so many bytes
    answered 7 4711-1 81920
    died 4711                 by whoever plays: what was on its way there may be called again
    ended 4711                by itself: all that was answered there must have been kept
    kept 7                    by whoever plays, while nothing runs: it is complete in the store, and never called again
    offered 7                 by whoever plays: it is in a file beside the store, which could not take it

A worker waits until what it brings is on the disk before it starts the next task, if its task took longer than
``QUICK_SECONDS``, as all of these do. So an answer is *acknowledged* when its thread calls again or its process has ended.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Account:
    """What the lines of a ledger come to."""

    acknowledged: set[int] = field(default_factory=set)
    answered: set[int] = field(default_factory=set)
    twice: list[int] = field(default_factory=list)
    calls: int = 0
    log_bytes: int = 0  # of the write-ahead log, when the last acknowledgement was seen: no later cut loses one
    _open: dict[int, str] = field(default_factory=dict)  # who is on an item, or has answered and waits
    _last: dict[str, int] = field(default_factory=dict)  # the item that a thread has answered last

    def called(self, item: int, who: str, log_bytes: int) -> None:
        if who in self._last:
            self.log_bytes = log_bytes
            self._acknowledge(self._last.pop(who))
        self.calls += 1
        if item in self._open or item in self.acknowledged:
            self.twice.append(item)
        self._open[item] = who

    def answer(self, item: int, who: str) -> None:
        self.answered.add(item)
        self._last[who] = item

    def left(self, process: str, *, died: bool) -> None:
        mine = f"{process}-"
        for who in [who for who in self._last if who.startswith(mine)]:
            item = self._last.pop(who)
            if not died:
                self._acknowledge(item)
        for item in [item for item, who in self._open.items() if who.startswith(mine)]:
            del self._open[item]

    def _acknowledge(self, item: int) -> None:
        self.acknowledged.add(item)
        self._open.pop(item, None)


class Ledger:
    """One file. Appending a short line is atomic; so is the order of the lines."""

    def __init__(self, path: Path, log: Path | None = None) -> None:
        self.path = path
        self._log = log
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def called(self, item: int, call: str | None = None) -> None:
        self._write("called", item, call)

    def answered(self, item: int, call: str | None = None) -> None:
        self._write("answered", item, call)

    def left(self, process: int, *, died: bool) -> None:
        os.write(self._file, f"{'died' if died else 'ended'} {process}\n".encode())

    def note(self, word: str, items: Iterable[int]) -> None:
        """``kept`` or ``offered``."""
        os.write(self._file, "".join(f"{word} {item}\n" for item in items).encode())

    def close(self) -> None:
        os.close(self._file)

    def count(self, word: str) -> int:
        return self.path.read_text().count(f"{word} ")

    def account(self) -> Account:
        account = Account()
        for line in self.path.read_text().splitlines():
            word, first, *rest = line.split()
            if word == "called":
                account.called(int(first), rest[0], int(rest[1]))
            elif word == "answered":
                account.answer(int(first), rest[0])
            elif word == "kept":
                account.acknowledged.add(int(first))
            elif word == "offered":
                account.acknowledged.discard(int(first))
            else:
                account.left(first, died=word == "died")
        return account

    def _write(self, word: str, item: int, call: str | None) -> None:
        who = f"{os.getpid()}-{call or threading.get_native_id()}"
        os.write(self._file, f"{word} {item} {who} {self._log_bytes()}\n".encode())

    def _log_bytes(self) -> int:
        try:
            return self._log.stat().st_size if self._log is not None else 0
        except FileNotFoundError:
            return 0
