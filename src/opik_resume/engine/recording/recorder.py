"""Keeps what workers bring: durably first, then reported, in the order in which it came.

What the store refuses (a full disk, a lock that another program holds) stays here and is tried again. Meanwhile
nothing new is started; what no patience helps is handed back.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opik_resume.base.records import Attempt
from opik_resume.engine.claims.stopping import RunningCell
from opik_resume.engine.events import RecordedAgain, Unrecorded
from opik_resume.engine.recording import patience
from opik_resume.engine.recording.patience import Patience
from opik_resume.engine.recording.salvage import Salvage
from opik_resume.engine.workers import start_thread
from opik_resume.exceptions import StoreBusy, StoreError

QUICK_SECONDS = 0.005
"""A worker whose run took longer waits until it is durable: nothing that costs anything is started on a broken disk. To
wait for the disk after runs that cost nothing would take longer than they do."""
ROOM = 100  # of those, how many may be under way to the disk; more wait with their workers


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A cell whose run has ended, with what came of it; ``settled`` is for a worker that waits for the disk."""

    cell: RunningCell
    attempt: Attempt
    settled: threading.Event | None = None


@dataclass(frozen=True, slots=True)
class _Refused:
    ended: EndedRun
    error: Exception


class Recorder:
    """One thread that records in groups whatever has come meanwhile.

    Args:
        record: makes attempts durable (:meth:`~opik_resume.stores.protocol.ExperimentStore.record`).
        kept: told of each that is durable.
        lost: told of each that could not be recorded, and why.
        tell: told when the store refuses what it is given, after each try, and when it takes all of it again.
        salvage: where those go that could not be recorded.
    """

    def __init__(
        self,
        record: Callable[[Sequence[Attempt]], None],
        kept: Callable[[EndedRun], None],
        lost: Callable[[EndedRun, Exception], None],
        tell: Callable[[Unrecorded | RecordedAgain], None],
        salvage: Salvage,
    ) -> None:
        self.done = threading.Event()  # set once all that was brought is settled
        self._record = record
        self._kept = kept
        self._lost = lost
        self._tell = tell
        self._salvage = salvage
        self._process = os.getpid()
        self._changed = threading.Condition()  # guards all below
        self._brought: list[EndedRun] = []
        self._group: list[EndedRun] = []  # on their way to the disk now
        self._refused: list[EndedRun] = []  # to be tried again
        self._held = False  # there are some to be tried again: nothing new is worth starting
        self._hurried = False
        self._patience = Patience()
        self._closed = False

    def start(self) -> None:
        start_thread("recorder", self._run)

    def bring(self, cell: RunningCell, attempt: Attempt, took: float) -> None:
        """Hand over what came of a run that took so many seconds."""
        ended = EndedRun(cell, attempt, threading.Event() if took > QUICK_SECONDS else None)
        with self._changed:
            while len(self._brought) >= ROOM and not self._held:
                self._changed.wait()
            self._brought.append(ended)
            if len(self._brought) == 1:
                self._changed.notify_all()
        if ended.settled is not None:
            ended.settled.wait()

    def wait_while_held(self) -> None:
        """Wait until the store takes what it refused, or the run is over."""
        if not self._held:  # nearly always, and asked before every run
            return
        with self._changed:
            self._changed.wait_for(lambda: self._hurried or not self._held)

    def hurry(self, seconds: float) -> None:
        """The run is over: try again what the store refuses for so many seconds, no longer."""
        with self._changed:
            self._hurried = True
            self._patience.hurry(seconds)
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing more will be brought."""
        with self._changed:
            self._closed = True
            self._patience.hurry(patience.LAST_SECONDS)
            self._changed.notify_all()

    @property
    def unrecorded(self) -> list[Attempt]:
        """All that was brought and is not durable: given up, or still to be tried."""
        return list({attempt.id: attempt for attempt in (*self._salvage.attempts, *self._unsettled())}.values())

    def rescue(self) -> str | None:
        """The process ends: what is not recorded by now is kept in a file. Returns the sentence that says so."""
        if os.getpid() != self._process:  # a forked child ends: it is its parent's
            return None
        self._salvage.keep(self._unsettled())
        return self._salvage.sentence

    def _unsettled(self) -> list[Attempt]:
        with self._changed:
            return [ended.attempt for ended in (*self._refused, *self._group, *self._brought)]

    def _run(self) -> None:
        while group := self._next_group():
            refused = self._tried(group)
            if refused:
                self._hold(refused)
            elif self._held:
                self._tell(RecordedAgain())
                self._let_go()
        self.done.set()

    def _next_group(self) -> list[EndedRun]:
        """All that are there; it waits for the first, or for another try, and is empty when there will be none."""
        with self._changed:
            self._group = []
            if self._refused:
                self._changed.wait(self._patience.pause())
            while not (self._brought or self._refused or self._closed):
                self._changed.wait()
            self._group, self._brought, self._refused = [*self._refused, *self._brought], [], []
            self._changed.notify_all()  # those who waited for room
            return self._group

    def _tried(self, group: Sequence[EndedRun]) -> list[_Refused]:
        """Record them; those that the store refuses. A group is then tried one by one: none must suffer for another."""
        try:
            self._record([ended.attempt for ended in group])
        except Exception as error:
            refused = [_Refused(ended, error) for ended in group]
            if isinstance(error, StoreBusy):  # each of them would wait as long as all of them did
                return refused
            if len(group) > 1:
                return [again for ended in group for again in self._tried([ended])]
            if isinstance(error, StoreError):
                return refused
            self._give_up(refused)  # something is wrong with the attempt itself: no other try helps
            return []
        for ended in group:
            self._kept(ended)
            _settle(ended)
        return []

    def _hold(self, refused: Sequence[_Refused]) -> None:
        """Try these again after a while, unless that has been done for long enough; then the run goes on without them."""
        with self._changed:
            if not self._held:
                self._held = True
                self._patience.begin(lasting=all(getattr(one.error, "lasting", False) for one in refused))
            over = self._patience.over
            if not over:
                self._refused = [one.ended for one in refused]
        if over:
            self._give_up(refused)
            self._let_go()
        else:
            self._tell(Unrecorded(len(refused), str(refused[0].error)))

    def _give_up(self, refused: Sequence[_Refused]) -> None:
        self._salvage.keep([one.ended.attempt for one in refused])
        for one in refused:
            self._lost(one.ended, one.error)
            _settle(one.ended)

    def _let_go(self) -> None:
        """Nothing waits for another try."""
        with self._changed:
            self._held = False
            self._changed.notify_all()


def _settle(ended: EndedRun) -> None:
    if ended.settled is not None:
        ended.settled.set()
