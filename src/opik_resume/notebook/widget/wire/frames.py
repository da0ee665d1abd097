"""What the feed says, and when. Pure: no comm, no thread, no lock; every time is given, in seconds of one clock.

The state bytes of the experiment on show are held here. Changes are gathered, and at most one message a :data:`TICK`
tells them: a patch, or a key frame with everything when much has changed or a view may be new (``docs/protocol.md``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from opik_resume.base.records import CellState, Json
from opik_resume.experiment.grid import Bytes
from opik_resume.notebook.widget.wire.runs import coded

TICK = 0.06
"""Seconds between two messages: 17 a second, below the 20 of the protocol."""
KEY_SHARE = 0.2
"""Above this share of changed cells a key frame is smaller than a patch (5 bytes a cell against 1) and always safe."""
MANY_CELLS = 100_000
KEY_PERIOD, KEY_PERIOD_OF_MANY = 2.0, 10.0
# A view that is born in a blocking cell cannot ask; it is drawn by whichever of these comes after its birth.
EARLY_KEYS = (0.1, 0.3, 0.7, 1.2)
LATE_KEYS = (0.1, 0.5, 1.2, 2.5, 5.0, 10.0)
INFINITE = float("inf")
ON_THE_WAY = (CellState.queued, CellState.running)


class Message(NamedTuple):
    """One custom message: JSON content and binary buffers."""

    content: Json
    buffers: list[bytes]


@dataclass
class Board:
    """The cells of the experiment on show.

    ``states`` is the uint8 array as shown; ``base`` what a cell goes back to when it is dropped: as read, or as ended since.
    ``runs_per_item`` (uint16, one an item) is None when all items expect the same number of runs.
    """

    head: Json
    states: Bytes
    runs_per_item: npt.NDArray[np.uint16] | None = None
    base: Bytes = field(init=False)

    def __post_init__(self) -> None:
        self.states = self.states.copy()
        self.base = self.states.copy()


def _coded(states: Bytes) -> tuple[str, bytes]:
    """The state bytes and how they are coded: of many cells as runs, unless these are no shorter."""
    if len(states) > MANY_CELLS and len(runs := coded(states)) < len(states):
        return "runs", runs
    return "bytes", states.tobytes()


class Frames:
    """The outbox of one feed. Not safe for threads: its owner holds a lock."""

    def __init__(self) -> None:
        self.tick = TICK
        self.board: Board | None = None
        self.seq = 0
        self.running = False
        self._dirty: set[int] = set()
        self._keys: list[float] = []
        self._what: set[str] = set()
        self._progressed = False
        self._last = -INFINITE
        self._last_key = -INFINITE

    def show(self, board: Board | None, now: float) -> None:
        """Carry another experiment (or the same one, read again): a key frame at once."""
        self.board = board
        self.running = self._progressed = False
        self._dirty.clear()
        self._keys = [now]

    def put(self, cell: int, state: int | None) -> bool:
        """One cell has this state byte now; None: what it was before. True for the first change since the last message.

        What has ended is remembered as the state to go back to: a cell may be queued again and then dropped.
        """
        board = self.board
        if board is None:
            return False
        state = int(board.base[cell]) if state is None else state
        if state not in ON_THE_WAY:
            board.base[cell] = state
        if board.states[cell] == state:
            return False
        board.states[cell] = state
        self._dirty.add(cell)
        return len(self._dirty) == 1

    def want_key(self, now: float) -> None:
        """Send a key frame as soon as may be."""
        self._keys = sorted([now, *self._keys])

    def started(self, now: float) -> None:
        """Something runs on this experiment from now on: key frames at once, a few early ones, then regularly."""
        self.running = True
        self._keys = [now + delay for delay in (0.0, *EARLY_KEYS)]

    def ended(self, now: float) -> None:
        """Nothing runs any more: the final flush is a key frame, and a few later ones reach late views."""
        self.running = False
        self._keys = [now + delay for delay in (0.0, *LATE_KEYS)]

    def announce(self, *what: str) -> None:
        """What is shown is old: the ``list``, the ``plan``, the ``cell``."""
        self._what.update(what)

    def progressed(self) -> None:
        """The progress has changed, whatever the cells do."""
        self._progressed = True

    def wait(self, now: float) -> float | None:
        """Seconds until there is something to send, 0.0 for at once, None for not before something happens."""
        news = self.board is not None and (self._dirty or self._progressed)
        moments = [now] if self._what or news else []
        if self.board is not None:
            moments.append(self._next_key())
        due = max(min(moments, default=INFINITE), self._last + self.tick)
        return None if due == INFINITE else max(0.0, due - now)

    def take(self, now: float, progress: Json) -> list[Message]:
        """Everything that is due, as messages in order."""
        wait = self.wait(now)
        if wait is None or wait > 0:
            return []
        self._last = now
        messages = []
        if self.board is not None:
            messages += self._cells(self.board, now, progress)
        if self._what:
            messages.append(self._message([], kind="changed", what=sorted(self._what)))
            self._what.clear()
        return messages

    def _cells(self, board: Board, now: float, progress: Json) -> list[Message]:
        if self._next_key() <= now or len(self._dirty) > KEY_SHARE * len(board.states):
            return [self._key(board, now, progress)]
        return [self._patch(board, progress)] if self._dirty or self._progressed else []

    def _next_key(self) -> float:
        scheduled = self._keys[0] if self._keys else INFINITE
        many = self.board is not None and len(self.board.states) > MANY_CELLS
        regular = self._last_key + (KEY_PERIOD_OF_MANY if many else KEY_PERIOD)
        return min(scheduled, regular) if self.running else scheduled

    def _key(self, board: Board, now: float, progress: Json) -> Message:
        self._keys = [moment for moment in self._keys if moment > now]
        self._last_key = now
        self._progressed = False
        self._dirty.clear()
        coding, cells = _coded(board.states)
        buffers = [cells]
        if board.runs_per_item is not None:
            buffers.append(board.runs_per_item.astype("<u2").tobytes())
        return self._message(buffers, kind="key", coding=coding, head=dict(board.head), progress=progress)

    def _patch(self, board: Board, progress: Json) -> Message:
        cells = np.fromiter(self._dirty, dtype="<u4", count=len(self._dirty))
        cells.sort()
        self._progressed = False
        self._dirty.clear()
        buffers = [cells.tobytes(), board.states[cells].tobytes()]
        return self._message(buffers, kind="patch", experiment=board.head["id"], progress=progress)

    def _message(self, buffers: list[bytes], **content: object) -> Message:
        self.seq += 1
        return Message({**content, "seq": self.seq}, buffers)
