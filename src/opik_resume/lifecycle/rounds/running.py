"""Rounds: run, wait, and run again what has failed of what passes by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from opik_resume.base.process.doors import caller
from opik_resume.exceptions import EvaluationInterrupted, ExperimentBusy, StoreError
from opik_resume.experiment.limits import StoppedBy
from opik_resume.experiment.planning.plan import ResumePlan
from opik_resume.experiment.reading import Reading
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.lifecycle import registry, settling
from opik_resume.lifecycle.display.watching import Watching
from opik_resume.lifecycle.prepare import Replan, prepare
from opik_resume.lifecycle.rounds.between import Between, counted_together
from opik_resume.lifecycle.rounds.pending import Pending
from opik_resume.lifecycle.rounds.rule import waiting
from opik_resume.lifecycle.wait import nothing_to_run, raise_with, tell_end, wait_or_interrupt

if TYPE_CHECKING:
    from opik_resume.engine import Callables, Run
    from opik_resume.stores.protocol import Store


class Once(Protocol):
    """Runs one round of a plan to its end. Raises what a run raises, ExperimentBusy if somebody else has it."""

    def __call__(self, plan: ResumePlan, pending: Pending) -> tuple[Run, EvaluationResult]: ...


def run_until_complete(
    reading: Reading,
    plan: ResumePlan,
    replan: Replan,
    callables: Callables,
    store: Store,
    *,
    watching: Watching,
    raise_on_failure: bool,
    settle: bool = False,
) -> EvaluationResult:
    """What the blocking door does when it is to go on until its experiment is complete. Arguments as of ``run_and_wait``.

    ``replan`` makes a plan of the same kind from a later reading.
    """
    calls = counted_together(callables)
    progress = None

    def once(plan: ResumePlan, pending: Pending) -> tuple[Run, EvaluationResult]:
        nonlocal progress
        run = prepare(plan, replan, calls, store)
        pending.follow(run)
        with watching.following(run, plan, reading, store, earlier=progress) as progress:
            return run, wait_or_interrupt(run, store, calls, reading, progress)

    rounds = Rounds(reading, replan, calls, store, watching.say)
    result = rounds.run(plan, once)
    if rounds.error is not None and raise_on_failure:
        raise_with(rounds.error, result)
    tell_end(result, watching)
    if settle:
        settling.settle(result, store, verbose=watching.verbose)
    return result


@dataclass
class Rounds:
    """Those of one call, within a door.

    Args:
        before: the experiment as it was.
        replan: makes a plan of a later reading.
        callables: those of :func:`counted_together`.
        store: where the experiment is.
        say: says what is waited for.
    """

    before: Reading
    replan: Replan
    callables: Callables
    store: Store
    say: Callable[[str], None]
    error: BaseException | None = None
    """At the end, the first exception of a run that is not complete."""

    def run(self, plan: ResumePlan, once: Once) -> EvaluationResult:
        """Round after round, the first with this plan. Raises what a round raises."""
        if not len(plan):
            return nothing_to_run(self.before, self.callables, self.store)
        left = _left()
        between = Between(self.before.experiment.id, self.replan, self.callables, self.store)
        pending, lasting = Pending(), None
        run, result = once(plan, pending)
        while True:
            lasting = lasting or run.first_lasting_error
            self.error = None if result.complete else lasting or run.first_error
            if result.complete:
                pending.all_ran()
            if result.stopped_by is not None or not pending:
                return result
            pause = between.pause(pending, run.stated_until)
            if isinstance(pause, StoppedBy):
                result.stopped_by = pause
                return result
            self._wait(left, pause, pending, between.number, result)
            plan = _again(between, pending, result)
            if not len(plan):  # others have done the rest meanwhile, or what was given up has come back
                return nothing_to_run(between.reading(), self.callables, self.store, self.before)
            after = Pending()
            try:
                run, result = once(plan, after)
            except ExperimentBusy:
                pending.leave()
            else:
                pending = after

    def _wait(
        self, left: threading.Event, seconds: float, pending: Pending, number: int, result: EvaluationResult
    ) -> None:
        """Wait for the round of this number. Raises EvaluationInterrupted."""
        sentence = waiting(seconds, pending.whys.values(), number)
        self.say(f"{result.experiment_name}: {sentence}")
        registry.waits(result.experiment_id, sentence)
        was_left = left.wait(seconds)
        registry.waits(result.experiment_id, None, stopped=was_left)
        if was_left:
            raise EvaluationInterrupted(
                f"Stopped between two rounds: {result.headline}. Nothing that finished is lost: "
                f"%opik_resume {result.experiment_id} or evaluate_resume({result.experiment_id!r}, …) runs the rest.",
                result,
            )


def _again(between: Between, pending: Pending, result: EvaluationResult) -> ResumePlan:
    try:
        return between.plan(pending)
    except StoreError as error:
        error.result = result
        raise


def _left() -> threading.Event:
    """Set once whoever waits does not any more."""
    left = threading.Event()
    caller().when_left(left.set)
    return left
