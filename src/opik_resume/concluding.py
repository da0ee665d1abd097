"""The end of a run: a whole experiment gets its scores and its status, and other machines are told."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from opik_resume import experiment_scores
from opik_resume.engine import Callables
from opik_resume.exceptions import ServerError
from opik_resume.reading import Reading, read_experiment
from opik_resume.results import build_result

if TYPE_CHECKING:
    from opik_resume.stores.protocol import Store

logger = logging.getLogger("opik_resume")


def mark(store: Store, experiment_id: str, run_id: str | None) -> None:
    """Tell other machines that a run has begun or, with None, ended. For people only: no run fails for it."""
    try:
        store.mark(experiment_id, run_id)
    except ServerError as error:
        logger.info("The server was not told about a run of %s: %s", experiment_id, error)


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
