"""Keeps what workers bring: durably first, then reported, in the order in which it came."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from opik_resume.engine.stopping import RunningCell
from opik_resume.engine.workers import start_thread
from opik_resume.records import Attempt

QUICK_SECONDS = 0.005
"""A worker whose run took longer waits until it is durable: nothing that costs anything is started on a broken disk. To
wait for the disk after runs that cost nothing would take longer than they do."""
ROOM = 100  # of those, how many may be under way to the disk; more wait with their workers


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A cell whose run has ended, with what came of it."""

    cell: RunningCell
    attempt: Attempt
    settled: threading.Event = field(default_factory=threading.Event, compare=False)


class Recorder:
    """One thread that records in groups whatever has come meanwhile.

    Args:
        record: makes attempts durable (:meth:`~opik_resume.stores.protocol.ExperimentStore.record`).
        kept: told of each that is durable.
        lost: told of each that could not be recorded, and why.
    """

    def __init__(
        self,
        record: Callable[[Sequence[Attempt]], None],
        kept: Callable[[EndedRun], None],
        lost: Callable[[EndedRun, Exception], None],
    ) -> None:
        self.done = threading.Event()  # set once all that was brought is settled
        self._record = record
        self._kept = kept
        self._lost = lost
        self._brought: queue.Queue[EndedRun | None] = queue.Queue(ROOM)

    def start(self) -> None:
        start_thread("recorder", self._run)

    def bring(self, ended: EndedRun, took: float) -> None:
        """Hand over a run that took so many seconds."""
        self._brought.put(ended)
        if took > QUICK_SECONDS:
            ended.settled.wait()

    def close(self) -> None:
        """Nothing more will be brought."""
        self._brought.put(None)

    def _run(self) -> None:
        going = True
        while going:
            group = self._group()
            going = None not in group
            self._settle([ended for ended in group if ended is not None])
        self.done.set()

    def _group(self) -> list[EndedRun | None]:
        """Wait for one, and take all that are there."""
        group = [self._brought.get()]
        while not self._brought.empty():  # nobody else takes from it
            group.append(self._brought.get())
        return group

    def _settle(self, group: Sequence[EndedRun]) -> None:
        """A group that cannot be recorded is tried one by one: the others must not suffer for one of them."""
        error = self._tried(group)
        if error is not None and len(group) > 1:
            for ended in group:
                self._settle([ended])
            return
        for ended in group:
            if error is None:
                self._kept(ended)
            else:
                self._lost(ended, error)
            ended.settled.set()

    def _tried(self, group: Sequence[EndedRun]) -> Exception | None:
        try:
            self._record([ended.attempt for ended in group])
        except Exception as error:
            return error
        return None
