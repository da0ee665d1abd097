"""One run, from plan to result: lease, second reading, engine, and what control gets back.

The blocking doors, the magics and the widget all come through here.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from opik_resume import experiment_scores
from opik_resume.concluding import complete, mark
from opik_resume.engine import Callables, Job, Listener, Run, Tracing, stopping
from opik_resume.exceptions import EvaluationInterrupted, ServerError
from opik_resume.ids import new_id
from opik_resume.integrations import tracing_of
from opik_resume.plan import ResumePlan
from opik_resume.progress import progress_bar
from opik_resume.reading import Reading, read_back, read_experiment, read_offline
from opik_resume.records import CellKey, ErrorTolerance, Experiment
from opik_resume.results import EvaluationResult, build_result

if TYPE_CHECKING:
    from opik_resume.stores.protocol import Lease, Store

DELIVERY_SECONDS = 30.0  # how long the end of a run waits for the server to take what is finished
TRACES_SECONDS = 10.0  # and how long for what the user's code traced inside the runs, with its tokens and cost
SETTLE_SECONDS = 0.3  # after ■: short enough to be "at once", long enough for most runs to be recorded
_REMEMBERED = 200  # experiments whose callables this process remembers

Replan = Callable[[Reading], ResumePlan]
Observer = Callable[[Run, ResumePlan], Listener]
"""Told of a run that is ready, with the plan that was shown, before it starts; returns who hears its events."""

logger = logging.getLogger("opik_resume")
_used: OrderedDict[str, Callables] = OrderedDict()
# The runs that somebody waits for, with what their end has read: their result is made of it.
_awaited: WeakKeyDictionary[Run, Reading | None] = WeakKeyDictionary()
_observers: tuple[Observer, ...] = ()  # replaced as a whole, so that it can be read from any thread


def observe(observer: Observer) -> None:
    """Tell this observer of every run of this process from now on, whichever door it came through."""
    global _observers
    _observers = (*_observers, observer)


def unobserve(observer: Observer) -> None:
    """Tell it of no further run."""
    global _observers
    _observers = tuple(other for other in _observers if other != observer)


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
    """
    lease = store.leases.acquire(shown.experiment_id, new_id())
    try:
        reading = read_experiment(store.get(shown.experiment_id), store)
        current = replan(reading).restricted_to(shown)
        return _ready(shown, current, reading, callables, store, lease, listener)
    except BaseException:
        lease.release()
        raise


def prepare_first(
    made: Reading, plan: ResumePlan, callables: Callables, store: Store, listener: Listener | None = None
) -> Run:
    """Make an experiment, and its first run ready. The lease is older than the experiment: there is nothing to read."""
    lease = store.leases.acquire(plan.experiment_id, new_id())
    try:
        store.create(made.experiment)
        reading = replace(made, experiment=store.get(plan.experiment_id))
        return _ready(plan, plan, reading, callables, store, lease, listener)
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
) -> Run:
    tracing = tracing_of(reading.experiment, store)
    run = Run(
        shown.experiment_id,
        _jobs(current, reading),
        callables,
        store,
        lease,
        tolerant=getattr(reading.resume_state, "error_tolerance", 0) == ErrorTolerance.ALL_SCORING_ERRORS,
        listener=listener,
        at_end=lambda: _at_end(run, callables, store, tracing),
        tracing=tracing,
    )
    run.dropped.update(_fallen_away(shown, current))
    mark(store, shown.experiment_id, run.id)
    _remember(shown.experiment_id, callables)
    for observer in _observers:
        run.listen(observer(run, shown))
    return run


def run_and_wait(
    reading: Reading,
    plan: ResumePlan,
    ready: Callable[[Listener | None], Run],
    callables: Callables,
    store: Store,
    *,
    verbose: int,
    raise_on_failure: bool,
) -> EvaluationResult:
    """What every blocking door does: prepare, start, wait, say what is missing.

    Args:
        reading: what the plan was made of.
        plan: the cells to run.
        ready: makes the run of them ready (:func:`prepare`).
        callables, store, verbose, raise_on_failure: as given to the door.
    """
    if not plan.cells:
        return _nothing_to_run(reading, callables, store)
    with progress_bar(plan.experiment_name, len(plan), shown=verbose > 0) as listener:
        run = ready(listener)
        result = wait_or_interrupt(run, store, callables)
    if run.first_error is not None and raise_on_failure:
        run.first_error.result = result  # type: ignore[attr-defined]
        raise run.first_error
    warn_about(result)
    if verbose > 1:
        print(result.statistics())
    return result


def wait_or_interrupt(run: Run, store: Store, callables: Callables | None = None) -> EvaluationResult:
    """Start a run and wait for it. Ctrl-C and ■ stop it and give control back at once, as EvaluationInterrupted."""
    callables = callables or used_in_process(run.experiment_id)
    _awaited[run] = None
    try:
        run.start()
        while not run.wait(0.5):  # a wait without a time-out cannot be interrupted on every platform
            pass
    except KeyboardInterrupt:
        run.stop("interrupted")
        run.settle(SETTLE_SECONDS)
        raise _interrupted(run, store, callables) from None
    if run.error is not None:
        raise run.error
    _warn(run.notes)
    if run.outcome == "stopped":
        raise _interrupted(run, store, callables)
    return result_of(run.experiment_id, store, callables, _awaited.pop(run))


def result_of(
    experiment_id: str, store: Store, callables: Callables | None = None, reading: Reading | None = None
) -> EvaluationResult:
    """The result of an experiment as it is recorded now, or as a heavy reading of a moment ago has it.

    The scores of a complete experiment are those stored with it; those of a partial one are computed from what there is,
    if ``callables`` has functions for them, and marked partial.
    """
    if reading is None:
        reading = read_back(experiment_id, store, heavy=True)
    result = build_result(reading)
    result.experiment_url = store.link(reading.experiment)
    result.undelivered = len(store.pending(experiment_id))
    if not result.complete and callables is not None:
        computed = experiment_scores.compute(callables.experiment_scoring_functions, result)
        result.experiment_scores = computed.scores
        _warn(computed.missing)
    return result


def used_in_process(experiment_id: str) -> Callables | None:
    """What this process last ran the experiment with, or None."""
    return _used.get(experiment_id)


def _nothing_to_run(reading: Reading, callables: Callables, store: Store) -> EvaluationResult:
    """The whole experiment is there. It may still want its status or its scores: its last run may have been killed."""
    experiment = reading.experiment
    if callables.experiment_scoring_functions or _still_running(experiment, store):
        last, missing = complete(experiment.id, callables, store, heavy=True, known=read_offline(experiment.id, store))
        _warn(missing)
        return result_of(experiment.id, store, callables, last)
    return result_of(experiment.id, store, callables, reading if reading.heavy else None)


def _still_running(experiment: Experiment, store: Store) -> bool:
    """Whether nobody has completed it, not even its reading."""
    return experiment.status == "running" and store.get(experiment.id).status == "running"


def _remember(experiment_id: str, callables: Callables) -> None:
    _used[experiment_id] = callables
    _used.move_to_end(experiment_id)
    while len(_used) > _REMEMBERED:
        _used.popitem(last=False)


def _jobs(plan: ResumePlan, reading: Reading) -> list[Job]:
    jobs = [
        Job(cell, reading.items[cell.key.item_id], _attempt_id(reading, cell.key) if cell.action == "score" else None)
        for cell in plan.cells
    ]
    # A task of a stopped run may still be on a cell: those come last, so that no worker waits for them early.
    jobs.sort(key=lambda job: stopping.is_running(stopping.RunningCell(plan.experiment_id, job.cell.key)))
    return jobs


def _attempt_id(reading: Reading, key: CellKey) -> str:
    attempt = reading.grid.attempts[reading.grid.index(key)]
    if attempt is None:
        raise KeyError(key)
    return attempt.id


def _fallen_away(shown: ResumePlan, current: ResumePlan) -> dict[CellKey, str]:
    still = {cell.key for cell in current.cells}
    return {cell.key: "no longer missing" for cell in shown.cells if cell.key not in still}


def _at_end(run: Run, callables: Callables, store: Store, tracing: Tracing) -> list[str]:
    """Deliver what is finished, unless somebody waits for the end of a stop, and complete a whole experiment."""
    waited_for = run.outcome == "finished"
    if waited_for:
        store.flush(0)
    known = read_offline(run.experiment_id, store)  # while the server takes what is left
    if waited_for:
        store.flush(DELIVERY_SECONDS)
    notes = tracing.finish(TRACES_SECONDS if waited_for else 0)
    try:
        reading, missing = complete(run.experiment_id, callables, store, heavy=run in _awaited, known=known)
        if run in _awaited:
            _awaited[run] = reading
        return [*notes, *missing]
    except ServerError as error:
        return [*notes, f"{error} The next resume of this experiment completes it."]
    finally:
        mark(store, run.experiment_id, None)


def _warn(sentences: Iterable[str]) -> None:
    """Say them where somebody waits: a thread of the background would say them in whatever cell is running."""
    for sentence in sentences:
        logger.warning(sentence)


def warn_about(result: EvaluationResult) -> None:
    """The one line of a blocking door that says what is missing from its result."""
    if result.undelivered:
        logger.warning(
            "%d finished runs of %r have not reached the server yet: they are kept in the local file, sent again, and "
            "at the latest delivered by the next start.",
            result.undelivered,
            result.experiment_name,
        )
    if result.failed_runs:
        logger.warning(
            "%s. See result.failures; evaluate_resume(%r, …) repairs them.", result.summary(), result.experiment_id
        )


def _interrupted(run: Run, store: Store, callables: Callables | None) -> EvaluationInterrupted:
    # Control is wanted back at once, and a server may take its time or hang.
    result = result_of(run.experiment_id, store, callables, read_offline(run.experiment_id, store))
    running = len(run.on_the_way)
    late = f" {running} still running are recorded if they return." if running else ""
    return EvaluationInterrupted(
        f"Stopped: {result.summary()}.{late} Nothing that finished is lost: "
        f"%opik_resume {result.experiment_id} or evaluate_resume({result.experiment_id!r}, …) runs the rest.",
        result,
    )
