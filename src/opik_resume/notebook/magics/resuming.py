"""The resume of one line: planned, shown with a live grid if somebody can see one, waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from opik_resume.base.process import hosts
from opik_resume.base.process.doors import caller, door
from opik_resume.evaluation.arguments import bounded
from opik_resume.evaluation.resume import plan_of, warn_of_drift
from opik_resume.exceptions import OpikResumeError
from opik_resume.experiment.limits import Limits
from opik_resume.experiment.reading import read_experiment
from opik_resume.lifecycle import settling
from opik_resume.lifecycle.display.choosing import chosen
from opik_resume.lifecycle.display.watching import Watching, drawn, progress_of
from opik_resume.lifecycle.rounds.between import counted_together
from opik_resume.lifecycle.rounds.pending import Pending
from opik_resume.lifecycle.rounds.running import Rounds
from opik_resume.lifecycle.wait import wait_or_interrupt, warn_about
from opik_resume.notebook.background.desk import desk
from opik_resume.notebook.background.waiting import needs, running_loop
from opik_resume.notebook.namespace.choosing import Given
from opik_resume.notebook.showing import show
from opik_resume.notebook.widget.control import ResumeBrowser
from opik_resume.notebook.widget.finishing.offers import Offers

if TYPE_CHECKING:
    from opik_resume.base.records import Experiment
    from opik_resume.engine import Callables, Run
    from opik_resume.engine.cells.costs import Cost
    from opik_resume.experiment.planning.plan import ResumePlan
    from opik_resume.experiment.reading import Reading
    from opik_resume.experiment.results.evaluation_result import EvaluationResult
    from opik_resume.stores.protocol import Store


def resume(
    experiment: Experiment,
    given: Given,
    rules: Limits,
    store: Store,
    *,
    only: Sequence[str] = (),
    cost: Cost | None = None,
    reuse_outputs: bool,
    settle: bool,
    until_complete: bool = False,
    capture: bool = True,
    retrying: Mapping[str, Any] | None = None,
) -> EvaluationResult:
    """Nothing is shown, and nothing changes, before the resume can be planned."""
    offers = Offers(given)
    calls = offers.calls(experiment)
    calls = replace(calls, cost=cost or calls.cost, capture=capture, retries=replace(calls.retries, **(retrying or {})))
    calls = _blocking(bounded(calls, rules))
    reading = read_experiment(experiment, store)
    plan = plan_of(reading, calls.scoring_metrics, version=calls.version, reuse_outputs=reuse_outputs)
    plan = plan.select(only) if only else plan
    warn_of_drift(plan)
    view = ResumeBrowser(store, offers, mode="run") if hosts.in_kernel() else None
    return _run_shown(
        view, reading, plan, calls, store, reuse_outputs=reuse_outputs, settle=settle, until_complete=until_complete
    )


def _blocking(calls: Callables) -> Callables:
    """What a cell that blocks can call: the kernel's own event loop stands still meanwhile."""
    here = running_loop()
    if calls.loop is None or calls.loop is not here:
        return calls
    if needs(here, calls):
        raise UsageError(
            "aevaluate() ran its coroutines on the kernel's own event loop, and what they use may belong to it. This line "
            "would block that loop. Nothing was run: press Resume in %opik_resume, which runs them there, or "
            "await aevaluate_resume(…)"
        )
    return replace(calls, loop=None)


@door
def _run_shown(
    view: ResumeBrowser | None,
    reading: Reading,
    plan: ResumePlan,
    calls: Callables,
    store: Store,
    *,
    reuse_outputs: bool,
    settle: bool,
    until_complete: bool = False,
) -> EvaluationResult:
    """Without a view, where no widget can be shown, and where nobody is known to look at it, it is told in lines of text."""
    calls = counted_together(calls) if until_complete else calls
    kind = chosen("auto", 1, hosts.place())
    shown = False

    def once(plan: ResumePlan, pending: Pending) -> tuple[Run, EvaluationResult]:
        """One round, the first of which shows the view."""
        nonlocal shown
        run = _prepared(view if not shown else None, plan, calls, store, reuse_outputs=reuse_outputs)
        try:
            if view is not None and not shown:
                caller().call(show, view, reading)
                shown = True
            text = progress_of(
                plan.experiment_name, len(plan), kind if kind != "grid" else None, brief=view is not None
            )
            run.listen(text)
            pending.follow(run)
            with drawn(text):
                return run, wait_or_interrupt(run, store, None, reading, text)
        except BaseException:
            desk.stop(plan.experiment_id, "interrupted")  # the caller may have left before the wait began
            raise

    if until_complete and len(plan):
        replan = partial(plan_of, scoring_metrics=calls.scoring_metrics, reuse_outputs=reuse_outputs)
        result = Rounds(reading, replan, calls, store, Watching().say).run(plan, once)
    else:
        _, result = once(plan, Pending())
    if view is not None:
        view.keep_picture()
    warn_about(result)
    if settle:
        settling.settle(result, store, verbose=1)
    return result


def _prepared(
    view: ResumeBrowser | None, plan: ResumePlan, calls: Callables, store: Store, *, reuse_outputs: bool
) -> Run:
    """The run of a plan, ready. The view that is about to be shown is closed if it cannot be."""
    try:
        return desk.prepare(plan, calls, store=store, blocking=True, reuse_outputs=reuse_outputs)
    except OpikResumeError:
        if view is not None:
            view.close()
        raise
