"""The headless model that only speaks: state bytes of one experiment, pushed from the publisher's thread.

It is a second model because a comm that streams from a thread misroutes the clicks that come in on it
(ipykernel 7.4). It needs nothing of the kernel's event loop: it speaks while a cell blocks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anywidget
import numpy as np
import traitlets

from opik_resume.base.records import REPLAYED, CellKey
from opik_resume.base.text import redaction
from opik_resume.exceptions import StoreError
from opik_resume.experiment.grid import Grid
from opik_resume.experiment.reading import Reading
from opik_resume.notebook.background.desk import Desk, desk
from opik_resume.notebook.background.elsewhere import Lookout, live_states
from opik_resume.notebook.background.resume import overlay
from opik_resume.notebook.background.undelivered import Outbox
from opik_resume.notebook.widget.looking.payload import head_json, settled_state
from opik_resume.notebook.widget.wire.frames import INFINITE, TICK, Board, Frames, Message
from opik_resume.notebook.widget.wire.publisher import publisher
from opik_resume.notebook.widget.wire.traits import told

log = redaction.logger(__name__)
UNHURRIED_FEEDS = 20


class Feed(anywidget.AnyWidget):
    """Carries one experiment at a time to the browser.

    ``blocking_view``: shown by a cell that blocks while it resumes, so that its own button cannot stop that resume.
    ``lookout``: sees the runs of others; without it, only those of this process are followed.
    ``outbox``: sees what a server does not have yet.
    ``settled``: called, quickly, when what is shown has changed and nothing of it runs.
    """

    _esm = "export default {}"
    # Here, as a trait of the control model that a thread writes would misroute the clicks that follow.
    saved = told(traitlets.Dict())

    def __init__(
        self,
        *,
        blocking_view: bool = False,
        desk: Desk = desk,
        lookout: Lookout | None = None,
        outbox: Outbox | None = None,
        settled: Callable[[], None] = lambda: None,
    ) -> None:
        # Guards everything below, and is never held while the desk is called (order of locks: the desk's, this one, the
        # publisher's).
        self._lock = threading.Lock()
        self._frames = Frames()
        self._grid: Grid | None = None
        self._closed = False
        self._silent_until = -INFINITE
        self._problem: str | None = None
        self._experiment_id = ""
        self._blocking_view = blocking_view
        self._desk = desk
        self._lookout = lookout
        self._outbox = outbox
        self._settled = settled
        super().__init__()
        desk.watch(self)

    @property
    def experiment_id(self) -> str:
        """What it carries, or the empty string."""
        with self._lock:
            return self._experiment_id

    @property
    def grid(self) -> Grid | None:
        """The cells that it carries."""
        with self._lock:
            return self._grid

    def carry(self, reading: Reading) -> None:
        """Show this experiment from now on, with the resume of it that runs in this process, if any."""
        head, grid = head_json(reading), reading.grid
        runs = np.diff(grid.offsets)
        uniform = bool(head["uniform"])
        if self._lookout is not None:
            self._lookout.refreshed()
        with self._desk.lock:  # nothing may start or change between reading what runs and watching it
            resume = self._desk.find(reading.experiment.id)
            with self._lock:
                now = time.monotonic()
                board = Board(head, live_states(reading), None if uniform else runs.astype(np.uint16))
                for cell, state in overlay(resume, grid.states, grid.index).items() if resume else ():
                    board.states[cell] = state
                self._frames.show(board, now)
                self._problem = None
                self._grid, self._experiment_id = grid, reading.experiment.id
                if resume is not None and resume.active:
                    self._start(now)
                else:
                    self._settled()
                self._notify()

    def attend(self) -> None:
        """A view is there."""
        if self._lookout is not None:
            self._lookout.attend()
            with self._lock:
                self._notify()

    def snapshot(self) -> None:
        """Push a key frame soon."""
        with self._lock:
            self._frames.want_key(time.monotonic())
            self._notify()

    def state_of(self, experiment_id: str, cell: int) -> int | None:
        """The state byte shown for a cell, or None when another experiment is on show."""
        with self._lock:
            board = self._frames.board
            if board is None or experiment_id != self._experiment_id or cell >= len(board.states):
                return None
            return int(board.states[cell])

    def on_cell(self, experiment_id: str, cell: CellKey, state: int | None) -> None:
        with self._lock:
            if experiment_id != self._experiment_id or self._grid is None:
                return
            first = self._frames.put(self._grid.index(cell), state)
            if first:  # the publisher knows about the others already: no need to wake it for each
                self._notify()

    def on_turn(self, experiment_id: str, turn: str) -> None:
        with self._lock:
            now = time.monotonic()
            if turn in ("started", "ended"):
                self._frames.announce("list", "plan")
            if experiment_id == self._experiment_id:
                {"started": self._start, "ended": self._end}.get(turn, self._frames.want_key)(now)
            self._notify()

    def on_news(self, *what: str) -> None:
        with self._lock:
            self._frames.announce(*(what or ("list", "plan")))
            self._notify()

    def close(self) -> None:
        """Say nothing more, and end the comm. What runs goes on."""
        if self._closed:  # no lock may be taken here: the garbage collector calls this from wherever it happens to be
            return
        self._closed = True
        self._desk.unwatch(self)
        publisher.forget(self)
        super().close()

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Nothing: the browser has no say in what the feed carries."""

    def __repr__(self) -> str:
        return f"<Feed of {self._experiment_id or 'nothing'}>"

    def _start(self, now: float) -> None:
        # Views that a re-run cell left behind still have their feeds: all together must not flood the connection.
        self._frames.tick = TICK * max(1.0, self._desk.watching / UNHURRIED_FEEDS)
        self._set_state("running")
        self._frames.started(now)

    def _end(self, now: float) -> None:
        board = self._frames.board
        if board is not None:
            self._set_state(settled_state(board.states))
        self._frames.ended(now)
        self._settled()

    def _set_state(self, state: str) -> None:
        if self._frames.board is not None:
            self._frames.board.head["state"] = state

    def _notify(self) -> None:
        """There is something to say, now or soon. Called with the lock held."""
        if not self._closed:
            publisher.wake(self)

    def seconds(self, now: float) -> float:
        """See :class:`~opik_resume.notebook.widget.wire.publisher.Speaker`."""
        with self._lock:
            return INFINITE if self._closed else max(self._rest(now), self._silent_until - now, 0.0)

    def speak(self) -> None:
        """Look around, and send what is due. The publisher's thread is the only sender: what it sends is in order."""
        try:
            self._look()
            self._look_into_outbox()
            for message in self._due():
                self.send(message.content, buffers=message.buffers)
        except StoreError as error:  # one that was closed, or is away: whoever asks for something is told
            log.info("The feed could not read: %s", error)
            self._silent_until = time.monotonic() + TICK
        except Exception:  # a broken connection must not end the thread, nor print into a cell
            log.exception("the feed could not send")
            self._silent_until = time.monotonic() + TICK

    def _rest(self, now: float) -> float:
        """Seconds until there is something to do. Called with the lock held."""
        wait = self._frames.wait(now)
        seconds = [INFINITE if wait is None else wait]
        if self._lookout is not None and self._grid is not None and not self._frames.running:
            seconds.append(self._lookout.seconds(now))
        if self._outbox is not None:
            seconds.append(self._outbox.seconds(self._experiment_id, now))
        return min(seconds)

    def _look(self) -> None:
        """Have a look at what others have done meanwhile."""
        lookout, shown = self._lookout, self.experiment_id
        if lookout is None or not shown or lookout.seconds(time.monotonic()) or self._desk.active(shown):
            return
        with self._lock:
            held = self._frames.board is not None and self._frames.board.head["state"] == "running"
        lookout.begin(shown, held=held, seen=self._seen)

    def _seen(self, shown: str, reading: Reading | None) -> None:
        """Show what was seen, if anything. On a thread of the lookout."""
        with self._desk.lock:
            mine = reading is not None and shown == self.experiment_id and self._desk.active(shown) is None
            if reading is not None and mine and not self._take(reading):
                self.carry(reading)
        with self._lock:
            if self._lookout is not None and self._lookout.problem != self._problem:
                self._problem = self._lookout.problem
                self._frames.progressed()
                if self._problem is None:  # what could not be told while the server was away
                    self._frames.announce("list", "plan", "cell")
            self._notify()

    def _look_into_outbox(self) -> None:
        outbox, shown = self._outbox, self.experiment_id
        if outbox is None or outbox.seconds(shown, time.monotonic()):
            return
        if outbox.look(shown, running=self._desk.active(shown) is not None):
            with self._lock:
                self._frames.progressed()
                if outbox.undelivered is None:  # the server knows more of it now
                    self._frames.announce("cell")

    def _take(self, reading: Reading) -> bool:
        """Show this reading instead of the one before. False when it has other cells, which key frames have to tell."""
        states = live_states(reading)
        with self._lock:
            board = self._frames.board
            if board is None or len(board.states) != len(states):
                return False
            changed = np.flatnonzero(board.states & ~np.uint8(REPLAYED) != states).tolist()
            for cell in changed:
                self._frames.put(cell, int(states[cell]))
            if changed and reading.holder is None:
                self._frames.announce("plan")
                self._settled()
            if board.head["state"] != reading.state:
                self._set_state(reading.state)
                self._frames.announce("list", "plan")
                self._frames.want_key(time.monotonic())
            return True

    def _due(self) -> list[Message]:
        with self._desk.lock, self._lock:  # so that progress and cells are of the same moment
            progress = self._desk.progress(self._experiment_id, own=not self._blocking_view)
            progress = replace(progress, problem=progress.problem or self._problem)
            if self._outbox is not None:
                progress = self._outbox.beside(progress)
            return self._frames.take(time.monotonic(), progress.to_json())
