"""The end of a run: what is finished is delivered, a whole experiment gets its scores and its status, others are told."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from opik_resume.base.text import redaction
from opik_resume.exceptions import ExperimentNotFound, ServerError
from opik_resume.experiment.reading import Reading, read_experiment, recall_experiment
from opik_resume.experiment.results import scores as experiment_scores
from opik_resume.experiment.results.evaluation_result import build_result

if TYPE_CHECKING:
    from opik_resume.base.records import Experiment
    from opik_resume.engine import Callables, Run, Tracing
    from opik_resume.stores.protocol import Store

DELIVERY_SECONDS = 30.0  # how long the end of a run waits for the server to take what is finished
_LOOK_SECONDS = 0.1  # how soon it is seen, meanwhile, that the run was told to stop
TRACES_SECONDS = 10.0  # and how long for what the user's code traced inside the runs, with its tokens and cost

# The runs that somebody waits for, with what their end has read: their result is made of it.
_awaited: WeakKeyDictionary[Run, Reading | None] = WeakKeyDictionary()

logger = redaction.logger("opik_resume")


def mark(store: Store, experiment_id: str, run_id: str | None) -> None:
    """Tell other machines that a run has begun or, with None, ended. For people only: no run fails for it."""
    try:
        store.mark(experiment_id, run_id)
    except (ServerError, ExperimentNotFound) as error:
        logger.info("The server was not told about a run of %s: %s", experiment_id, error)


def wanted(run: Run) -> None:
    """Somebody waits for the end of this run, and wants its result."""
    _awaited[run] = None


def reading_of(run: Run) -> Reading | None:
    """What the end of a wanted run has read, if it could be read. It is told once."""
    return _awaited.pop(run)


def conclude(run: Run, callables: Callables, store: Store, tracing: Tracing) -> list[str]:
    """Deliver what is finished, unless somebody waits for the end of a stop, and finish a whole experiment.

    Returns what is to be said of it.
    """
    waited_for = run.outcome in {"finished", "limited"}
    try:
        if waited_for:
            store.flush(0)
        known = recall_experiment(run.experiment_id, store)  # while the server takes what is left
        if waited_for:
            _deliver(run, store)
        notes = tracing.finish(TRACES_SECONDS if waited_for and not run.hurried else 0)
        if run.hurried:  # the next resume need not wait for what a server is still told
            run.give_back()
        return [*notes, *_finished(run, callables, store, known)]
    finally:
        if not run.hurried or store.leases.holder(run.experiment_id) is None:
            mark(store, run.experiment_id, None)
        store.checkpoint()


def _deliver(run: Run, store: Store) -> None:
    """Wait until the server has what is finished, unless the run is told to stop: then delivery goes on by itself."""
    deadline = time.monotonic() + DELIVERY_SECONDS
    while not run.hurried and (left := deadline - time.monotonic()) > 0:
        if store.flush(min(left, _LOOK_SECONDS)):
            return


def _finished(run: Run, callables: Callables, store: Store, known: Reading | None) -> list[str]:
    functions = callables.experiment_scoring_functions
    awaited = run in _awaited
    try:
        reading = known or read_experiment(store.get(run.experiment_id), store, heavy=awaited or bool(functions))
        if awaited:
            _awaited[run] = reading
        finished, missing = finish(reading, store, functions)
    except ServerError as error:
        return [f"{error} The next resume of this experiment completes it."]
    except ExperimentNotFound as error:  # somebody has deleted it meanwhile
        return [f"{error} What has finished is in the result of this call."]
    if awaited:
        _awaited[run] = finished
    return missing


def read_and_finish(experiment: Experiment, store: Store, *, heavy: bool = False) -> Reading:
    """Read it, and finish it if it was left running: its last run may have been killed, or the server away at its end."""
    reading = read_experiment(experiment, store, heavy=heavy)
    if reading.holder is None and reading.whole and experiment.status == "running":
        try:
            return finish(reading, store)[0]
        except ServerError as error:  # whoever reads it next tries again
            logger.info("Experiment %s could not be completed: %s", experiment.id, error)
    return reading


def finish(reading: Reading, store: Store, functions: Sequence[Callable[..., Any]] = ()) -> tuple[Reading, list[str]]:
    """The one place that completes an experiment: every cell is complete and nothing waits to be delivered.

    Args:
        reading: the experiment as the caller, who holds its lease or has just read it, knows it; heavy, for functions.
        store: where its status and its scores go.
        functions: its experiment scoring functions.

    Returns:
        The reading as it is then, and a sentence for each score that is missing.
    """
    experiment = reading.experiment
    if not reading.grid.complete or store.pending(experiment.id):
        return reading, []
    status = "completed" if reading.whole else None  # of whose cells nobody knows, nobody knows that either
    if not functions:
        store.update(experiment.id, status=status)
        return replace(reading, experiment=replace(experiment, status=status or experiment.status)), []
    computed = experiment_scores.compute(functions, build_result(reading))
    store.update(experiment.id, status=status, scores=computed.scores)
    good = tuple(score for score in computed.scores if not score.scoring_failed)
    finished = replace(experiment, status=status or experiment.status, scores=good)
    return replace(reading, experiment=finished), computed.missing
