"""A resume in the background: one run, or rounds until its experiment is complete.

In a pause nobody holds the experiment, and any other resume of it in this kernel goes on instead. A stop ends it at once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from opik_resume.base.text import redaction
from opik_resume.engine.events import Ended
from opik_resume.engine.workers import start_thread
from opik_resume.evaluation.resume import plan_of
from opik_resume.exceptions import ExperimentBusy, OutOfThreads
from opik_resume.experiment.limits import StoppedBy
from opik_resume.lifecycle.prepare import DONE_ELSEWHERE
from opik_resume.lifecycle.rounds.between import Between, counted_together
from opik_resume.lifecycle.rounds.pending import Pending
from opik_resume.lifecycle.rounds.rule import waiting
from opik_resume.notebook.background.desk import STOPPED_BETWEEN

if TYPE_CHECKING:
    from opik_resume.engine import Callables, Run
    from opik_resume.experiment.planning.plan import ResumePlan
    from opik_resume.notebook.background.desk import Desk
    from opik_resume.notebook.background.resume import Resume
    from opik_resume.stores.protocol import Store

log = redaction.logger(__name__)


def start(desk: Desk, plan: ResumePlan, calls: Callables, *, store: Store, until_complete: bool = False) -> None:
    """Start a resume of this plan: one run, or the first round, which others follow. Raises as :meth:`Desk.prepare`."""
    if until_complete:
        _begin(desk, plan, calls, store)
    else:
        desk.prepare(plan, calls, store=store).start()


def _begin(desk: Desk, plan: ResumePlan, calls: Callables, store: Store) -> None:
    calls = counted_together(replace(calls, retries=replace(calls.retries, patient=True)))
    replan = partial(plan_of, scoring_metrics=calls.scoring_metrics, on_drift=calls.on_drift)
    resume, run = desk.first(plan, calls, store=store)
    rounds = Rounds(desk, resume, Between(plan.experiment_id, replan, calls, store))
    try:
        start_thread("rounds", partial(rounds.go, run))
    except OutOfThreads as error:
        run.stop(str(error))
        run.start()
        desk.end(resume, Ended("broken", str(error)))
        raise


@dataclass
class Rounds:
    """Those of one resume, on a thread of their own."""

    desk: Desk
    resume: Resume
    between: Between
    pending: Pending = field(default_factory=Pending)

    def go(self, run: Run | None) -> None:
        """All of them, the first with this run."""
        try:
            ended = self._ended(run)
        except Exception as error:  # whoever asked for it has been answered long ago
            log.info("the rounds of %s broke", self.resume.experiment_id, exc_info=error)
            ended = Ended("broken", redaction.redacted(str(error)))
        self.desk.end(self.resume, ended)

    def _ended(self, run: Run | None) -> Ended:
        stated = 0.0
        while True:
            if run is not None:
                stated = run.stated_until
                ended = self._run(run)
                if ended.outcome != "finished" or not self.pending:
                    return ended
            pause = self.between.pause(self.pending, stated)
            if isinstance(pause, StoppedBy):
                return Ended("limited", str(pause))
            if self._stopped(pause):
                return Ended("stopped", STOPPED_BETWEEN)
            plan = self._plan()
            if not len(plan):
                return Ended("finished")
            run = self._prepared(plan)

    def _run(self, run: Run) -> Ended:
        self.pending = Pending()
        self.pending.follow(run)
        run.start()
        run.wait()
        return self.resume.round_ended or Ended("broken")

    def _stopped(self, seconds: float) -> bool:
        """Wait for the next round. Returns whether it was stopped."""
        until, whys, number = time.monotonic() + seconds, tuple(self.pending.whys.values()), self.between.number
        self.desk.pause(self.resume, lambda now: waiting(max(1.0, until - now), whys, number))
        return self.resume.told_to_stop.wait(seconds)

    def _plan(self) -> ResumePlan:
        plan = self.between.plan(self.pending)
        there = {cell.key for cell in plan}
        for key in self.pending.whys.keys() - there:
            self.desk.fall(self.resume, key, DONE_ELSEWHERE)
        return plan

    def _prepared(self, plan: ResumePlan) -> Run | None:
        """The run of the next round; None when somebody else has the experiment."""
        try:
            return self.desk.again(self.resume, plan, self.between.callables, store=self.between.store)
        except ExperimentBusy:
            self.pending.leave()
            return None
