"""One run, from plan to start: lease, second reading, engine.

The blocking doors, the magics and the widget all come through here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from opik_resume.base.ids import new_id
from opik_resume.base.metadata import remembered
from opik_resume.base.records import CellKey, ErrorTolerance
from opik_resume.engine import Callables, Listener, Run, Tracing
from opik_resume.experiment.planning.plan import ResumePlan
from opik_resume.experiment.reading import Reading, read_experiment
from opik_resume.integrations import tracing_of
from opik_resume.lifecycle.conclude import conclude, mark
from opik_resume.lifecycle.queue import PlannedJobs
from opik_resume.lifecycle.registry import announce

if TYPE_CHECKING:
    from opik_resume.stores.protocol import Lease, Store

Replan = Callable[[Reading], ResumePlan]
DONE_ELSEWHERE = "no longer missing"
"""Why a cell that was shown is not run: it has been completed since."""


def prepare(
    shown: ResumePlan, replan: Replan, callables: Callables, store: Store, listener: Listener | None = None
) -> Run:
    """Make a run ready: take the lease, read again, and take what was shown *and* is still missing.

    Args:
        shown: the plan that the user saw or that was made a moment ago: never a cell more is run.
        replan: makes the same kind of plan from the second reading, under the lease.
        callables: what to call.
        store: where the experiment is.
        listener: told every event of the run.

    Raises:
        ExperimentBusy: another resume holds the lease.

    A cell that a task of an ended run still is on, in this process or another one, is left out.
    """
    lease = store.leases.acquire(shown.experiment_id, new_id())
    try:
        living = store.leases.living(shown.experiment_id)  # before the reading: what comes back meanwhile is read
        reading = read_experiment(store.get(shown.experiment_id), store)
        missing = replan(reading)
        current = missing.restricted_to(shown).without(living)
        dropped = _fallen_away(shown, current, missing, living)
        tracing = tracing_of(reading.experiment, store, callables.scoring_metrics)
        return _ready(shown, current, reading, callables, store, lease, listener, tracing, dropped)
    except BaseException:
        lease.release()
        raise


def prepare_first(
    made: Reading, plan: ResumePlan, callables: Callables, store: Store, listener: Listener | None = None
) -> Run:
    """Make an experiment, and its first run ready. The lease is older than the experiment: there is nothing to read."""
    lease = store.leases.acquire(plan.experiment_id, new_id())
    try:
        tracing = tracing_of(made.experiment, store, callables.scoring_metrics)  # raises before anything is recorded
        store.create(made.experiment)
        reading = replace(made, experiment=store.get(plan.experiment_id))
        return _ready(plan, plan, reading, callables, store, lease, listener, tracing, {})
    except BaseException:
        lease.release()
        raise


def _ready(
    shown: ResumePlan,
    current: ResumePlan,
    reading: Reading,
    callables: Callables,
    store: Store,
    lease: Lease,
    listener: Listener | None,
    tracing: Tracing,
    dropped: Mapping[CellKey, str],
) -> Run:
    run = Run(
        shown.experiment_id,
        PlannedJobs(current, reading),
        callables,
        store,
        lease,
        tolerant=getattr(reading.resume_state, "error_tolerance", 0) == ErrorTolerance.ALL_SCORING_ERRORS,
        listener=listener,
        at_end=lambda: conclude(run, callables, store, tracing),
        tracing=tracing,
        required=_required(reading, callables),
    )
    run.dropped.update(dropped)
    if callables.version is not None:
        store.keep_callables(shown.experiment_id, callables.version.text, callables.version.to_json())
    mark(store, shown.experiment_id, run.id)
    announce(run, shown, callables)
    return run


def _required(reading: Reading, callables: Callables) -> Sequence[str]:
    """The names of the original evaluation's metrics, unless they are left out on purpose."""
    return () if callables.on_drift == "ignore" else remembered.metric_names(reading.experiment.metadata) or ()


def _fallen_away(
    shown: ResumePlan, current: ResumePlan, missing: ResumePlan, living: Mapping[CellKey, str]
) -> dict[CellKey, str]:
    """The cells that were shown and are not going to be run, and why."""
    left_out = shown.columns.chosen(~shown.columns.among(current.columns))
    there = missing.columns.chosen(missing.columns.among(left_out))
    now = {cell.key: cell.reason for cell in there}

    def why(key: CellKey) -> str:
        if key not in now:
            return DONE_ELSEWHERE
        return living.get(key) or f"not as it was shown: {now[key]}"

    return {cell.key: why(cell.key) for cell in left_out}
