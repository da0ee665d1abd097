"""What lies between two rounds of one call: how long it waits, and what is run then."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from opik_resume.experiment.limits import Spending, StoppedBy
from opik_resume.experiment.reading import Reading, read_experiment
from opik_resume.lifecycle.rounds.rule import pause_after

if TYPE_CHECKING:
    from opik_resume.engine import Callables
    from opik_resume.experiment.planning.plan import ResumePlan
    from opik_resume.lifecycle.prepare import Replan
    from opik_resume.lifecycle.rounds.pending import Pending
    from opik_resume.stores.protocol import Store


def counted_together(callables: Callables) -> Callables:
    """The callables of a call whose rules count all of its rounds. Its time begins now."""
    return replace(callables, spent=Spending(callables.limits, time.monotonic()))


@dataclass
class Between:
    """That of one call.

    Args:
        experiment_id: the experiment.
        replan: makes a plan of a later reading.
        callables: those of :func:`counted_together`.
        store: where the experiment is.
        number: of the round that is running or, in a pause, that comes next.
    """

    experiment_id: str
    replan: Replan
    callables: Callables
    store: Store
    number: int = 1

    def pause(self, pending: Pending, stated_until: float) -> float | StoppedBy:
        """Seconds to wait for the next round, or the rule for which there is none.

        ``stated_until``: the moment of ``time.monotonic`` before which a provider is not to be called, as it has said.
        """
        spent, now = self.callables.spent, time.monotonic()
        seconds = pause_after(self.number, stated_until - now, random.random())
        self.number += 1
        if spent is None or spent.may_wait_until(now + seconds):
            return seconds
        return spent.stopped_by(len(pending)) or seconds

    def plan(self, pending: Pending) -> ResumePlan:
        """What is still missing of what is pending: never a cell more. Raises StoreError."""
        missing = self.replan(self.reading())
        return missing.part(missing.columns.having(pending.whys))

    def reading(self) -> Reading:
        """The experiment as it stands."""
        return read_experiment(self.store.get(self.experiment_id), self.store)
