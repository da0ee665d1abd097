"""What every blocking door does: start a run, wait for it, give back its result and say what is missing from it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from opik_resume.engine import Callables, Listener, Run
from opik_resume.exceptions import EvaluationInterrupted
from opik_resume.experiment import scores as experiment_scores
from opik_resume.experiment.plan import ResumePlan
from opik_resume.experiment.reading import Reading, read_experiment, recall_experiment
from opik_resume.experiment.results import EvaluationResult, build_result
from opik_resume.lifecycle.conclude import finish, reading_of, wanted
from opik_resume.lifecycle.progress import progress_bar
from opik_resume.lifecycle.registry import used_in_process

if TYPE_CHECKING:
    from opik_resume.stores.protocol import Store

SETTLE_SECONDS = 0.3  # after ■: short enough to be "at once", long enough for most runs to be recorded

logger = logging.getLogger("opik_resume")


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
    wanted(run)
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
    return result_of(reading_of(run) or _heavy(run.experiment_id, store), store, callables)


def result_of(reading: Reading, store: Store, callables: Callables | None = None) -> EvaluationResult:
    """The result of an experiment as a heavy reading has it.

    The scores of a complete experiment are those stored with it; those of a partial one are computed from what there is,
    if ``callables`` has functions for them, and marked partial.
    """
    result = build_result(reading)
    result.experiment_url = store.link(reading.experiment)
    result.undelivered = len(store.pending(reading.experiment.id))
    if not result.complete and callables is not None:
        computed = experiment_scores.compute(callables.experiment_scoring_functions, result)
        result.experiment_scores = computed.scores
        _warn(computed.missing)
    return result


def _heavy(experiment_id: str, store: Store) -> Reading:
    """Of what this process has just run: as it knows it, which takes no server, else as it stands."""
    return recall_experiment(experiment_id, store) or read_experiment(store.get(experiment_id), store, heavy=True)


def _nothing_to_run(reading: Reading, callables: Callables, store: Store) -> EvaluationResult:
    """The whole experiment is there. It may still want its status or its scores: its last run may have been killed."""
    experiment, functions = reading.experiment, callables.experiment_scoring_functions
    last = reading if reading.heavy else _heavy(experiment.id, store)
    if functions or experiment.status == "running":
        last, missing = finish(last, store, functions)
        _warn(missing)
    return result_of(last, store, callables)


def _warn(sentences: Iterable[str]) -> None:
    """Say them where somebody waits: a thread of the background would say them in whatever cell is running."""
    for sentence in sentences:
        logger.warning(sentence)


def warn_about(result: EvaluationResult) -> None:
    """The one line of a blocking door that says what is missing from its result."""
    if result.undelivered:
        logger.warning(
            "%d finished runs of %r have not reached the server yet: they are kept in the local file and sent again, "
            "by this process or the next start, until they arrive.",
            result.undelivered,
            result.experiment_name,
        )
    if result.failed_runs:
        logger.warning(
            "%s. See result.failures; evaluate_resume(%r, …) repairs them.", result.summary(), result.experiment_id
        )


def _interrupted(run: Run, store: Store, callables: Callables | None) -> EvaluationInterrupted:
    # Control is wanted back at once, and a server may take its time or hang.
    result = result_of(_heavy(run.experiment_id, store), store, callables)
    running = len(run.on_the_way)
    late = f" {running} still running are recorded if they return." if running else ""
    return EvaluationInterrupted(
        f"Stopped: {result.summary()}.{late} Nothing that finished is lost: "
        f"%opik_resume {result.experiment_id} or evaluate_resume({result.experiment_id!r}, …) runs the rest.",
        result,
    )
