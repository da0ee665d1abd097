"""Keeps what workers bring: durably first, then reported, in the order in which it came."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opik_resume.base.records import Attempt
from opik_resume.engine.stopping import RunningCell
from opik_resume.engine.workers import start_thread

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
        self._changed = threading.Condition()  # guards the two below
        self._brought: list[EndedRun] = []
        self._closed = False

    def start(self) -> None:
        start_thread("recorder", self._run)

    def bring(self, cell: RunningCell, attempt: Attempt, took: float) -> None:
        """Hand over what came of a run that took so many seconds."""
        ended = EndedRun(cell, attempt, threading.Event() if took > QUICK_SECONDS else None)
        with self._changed:
            while len(self._brought) >= ROOM:
                self._changed.wait()
            self._brought.append(ended)
            if len(self._brought) == 1:
                self._changed.notify_all()
        if ended.settled is not None:
            ended.settled.wait()

    def close(self) -> None:
        """Nothing more will be brought."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        while group := self._group():
            self._settle(group)
        self.done.set()

    def _group(self) -> list[EndedRun]:
        """All that are there; it waits for the first, and is empty when there will be none."""
        with self._changed:
            while not self._brought and not self._closed:
                self._changed.wait()
            group, self._brought = self._brought, []
            self._changed.notify_all()  # those who waited for room
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
            if ended.settled is not None:
                ended.settled.set()

    def _tried(self, group: Sequence[EndedRun]) -> Exception | None:
        try:
            self._record([ended.attempt for ended in group])
        except Exception as error:
            return error
        return None
