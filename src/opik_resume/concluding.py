"""The end of a run: what is finished is delivered, a whole experiment gets its scores and its status, others are told."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from opik_resume import experiment_scores
from opik_resume.exceptions import ServerError
from opik_resume.reading import Reading, read_experiment, read_offline
from opik_resume.results import build_result

if TYPE_CHECKING:
    from opik_resume.engine import Callables, Run, Tracing
    from opik_resume.records import Experiment
    from opik_resume.stores.protocol import Store

DELIVERY_SECONDS = 30.0  # how long the end of a run waits for the server to take what is finished
TRACES_SECONDS = 10.0  # and how long for what the user's code traced inside the runs, with its tokens and cost

# The runs that somebody waits for, with what their end has read: their result is made of it.
_awaited: WeakKeyDictionary[Run, Reading | None] = WeakKeyDictionary()

logger = logging.getLogger("opik_resume")


def mark(store: Store, experiment_id: str, run_id: str | None) -> None:
    """Tell other machines that a run has begun or, with None, ended. For people only: no run fails for it."""
    try:
        store.mark(experiment_id, run_id)
    except ServerError as error:
        logger.info("The server was not told about a run of %s: %s", experiment_id, error)


def wanted(run: Run) -> None:
    """Somebody waits for the end of this run, and wants its result."""
    _awaited[run] = None


def reading_of(run: Run) -> Reading | None:
    """What the end of a wanted run has read. It is told once."""
    return _awaited.pop(run)


def conclude(run: Run, callables: Callables, store: Store, tracing: Tracing) -> list[str]:
    """Deliver what is finished, unless somebody waits for the end of a stop, and complete a whole experiment.

    Returns what is to be said of it.
    """
    waited_for = run.outcome == "finished"
    try:
        if waited_for:
            store.flush(0)
        known = read_offline(run.experiment_id, store)  # while the server takes what is left
        if waited_for:
            store.flush(DELIVERY_SECONDS)
        notes = tracing.finish(TRACES_SECONDS if waited_for else 0)
        return [*notes, *_completed(run, callables, store, known)]
    finally:
        mark(store, run.experiment_id, None)


def _completed(run: Run, callables: Callables, store: Store, known: Reading | None) -> list[str]:
    try:
        reading, missing = complete(run.experiment_id, callables, store, heavy=run in _awaited, known=known)
    except ServerError as error:
        return [f"{error} The next resume of this experiment completes it."]
    if run in _awaited:
        _awaited[run] = reading
    return missing


def read_and_conclude(experiment: Experiment, store: Store, *, heavy: bool = False) -> Reading:
    """Read it, and complete it if it is whole: its last run may have been killed, or the server away at its end."""
    reading = read_experiment(experiment, store, heavy=heavy)
    if reading.state == "complete" and experiment.status == "running" and not store.pending(experiment.id):
        try:
            store.update(experiment.id, status="completed")
        except ServerError as error:  # whoever reads it next tries again
            logger.info("Experiment %s could not be completed: %s", experiment.id, error)
    return reading


def complete(
    experiment_id: str, callables: Callables, store: Store, *, heavy: bool, known: Reading | None = None
) -> tuple[Reading, list[str]]:
    """A whole experiment gets its scores and its status. Returns it as read, and what is to be said of it.

    ``known``: what this process knows whole need not be read. It holds the lease or has just read it.
    """
    functions = callables.experiment_scoring_functions
    reading = known or read_experiment(store.get(experiment_id), store, heavy=heavy or bool(functions))
    if not reading.grid.complete or store.pending(experiment_id):
        return reading, []
    status = "completed" if reading.obstacle is None else None  # of whose cells nobody knows, nobody knows that either
    if not functions:
        store.update(experiment_id, status=status)
        return reading, []
    computed = experiment_scores.compute(functions, build_result(reading))
    store.update(experiment_id, status=status, scores=computed.scores)
    scored = replace(reading.experiment, scores=tuple(s for s in computed.scores if not s.scoring_failed))
    return replace(reading, experiment=scored), computed.missing
