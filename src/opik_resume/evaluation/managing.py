"""What one does with an experiment besides running it: close it, reopen it, delete it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opik_resume.base import checkpoints
from opik_resume.base.ids import is_id, new_id
from opik_resume.exceptions import ExperimentNotFound
from opik_resume.experiment.reading import CLOSED, find_experiment
from opik_resume.stores.connections import default_store

if TYPE_CHECKING:
    from opik_resume.stores.protocol import Store


def close_experiment(experiment: str, *, store: Store | None = None) -> None:
    """Give up on what is missing: the experiment stays as it is and is no longer offered to be resumed.

    Args:
        experiment: its id, or its name when only one has it. Closing twice changes nothing.
        store: where it is; the default store when left out.

    Raises:
        ExperimentNotFound, AmbiguousExperiment: which one is meant?
        ExperimentBusy: it is being run now.
    """
    _set_status(experiment, CLOSED, store)


def reopen_experiment(experiment: str, *, store: Store | None = None) -> None:
    """Make a closed experiment resumable again. Arguments and errors as for ``close_experiment``."""
    _set_status(experiment, "running", store)


def delete_experiment(experiment: str, *, store: Store | None = None) -> None:
    """Delete an experiment with all its runs, at once and for good. Its dataset stays.

    Args:
        experiment: its id, or its name when only one has it. Deleting an id twice changes nothing.
        store: where it is; the default store when left out.

    Raises:
        ExperimentNotFound, AmbiguousExperiment: which one is meant?
        ExperimentBusy: it is being run now.
    """
    where = store or default_store()
    try:
        found = find_experiment(experiment, where)
    except ExperimentNotFound:
        if is_id(experiment):
            return
        raise
    lease = where.leases.acquire(found.id, new_id())
    try:
        where.delete(found.id)
        checkpoints.delete(found.id)
    finally:
        lease.release()


def _set_status(experiment: str, status: str, store: Store | None) -> None:
    where = store or default_store()
    found = find_experiment(experiment, where)
    lease = where.leases.acquire(found.id, new_id())
    try:
        where.update(found.id, status=status)
    finally:
        lease.release()
