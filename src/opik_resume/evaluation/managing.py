"""What one does with an experiment besides running it: close it, reopen it, delete it, bring back what was not stored."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from opik_resume.base.ids import is_id, new_id
from opik_resume.base.metadata import checkpoints
from opik_resume.base.process.doors import door
from opik_resume.base.records import Attempt
from opik_resume.base.text.lines import from_line
from opik_resume.exceptions import ArgumentError, ExperimentNotFound
from opik_resume.experiment.reading import CLOSED, find_experiment
from opik_resume.stores.connections import default_store

if TYPE_CHECKING:
    from opik_resume.stores.protocol import Store


@door
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


@door
def reopen_experiment(experiment: str, *, store: Store | None = None) -> None:
    """Make a closed experiment resumable again. Arguments and errors as for ``close_experiment``."""
    _set_status(experiment, "running", store)


@door
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


@door
def recover(path: str | os.PathLike[str], *, store: Store | None = None) -> int:
    """Record the finished runs of a file that an evaluation left behind because its store could not be written.

    Twice changes nothing: every run keeps its id. A resume afterwards calls none of them again.

    Args:
        path: the file that ``RunsNotRecorded`` named, ``opik-resume-unrecorded-….jsonl``.
        store: where their experiment is; the default store when left out.

    Returns:
        How many runs the file has.

    Raises:
        ArgumentError: there is no such file, or it is none of those. Nothing was recorded.
        ExperimentNotFound: this store does not have their experiment.
        StoreError: the store still cannot be written.
    """
    attempts = _attempts_of(Path(path))
    where = store or default_store()
    for experiment_id in {attempt.experiment_id for attempt in attempts}:
        where.get(experiment_id)
    where.record(attempts)
    return len(attempts)


def _attempts_of(path: Path) -> list[Attempt]:
    try:
        return [from_line(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        raise ArgumentError(f"path: {path} cannot be read ({error.strerror}): pass the file that was named.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ArgumentError(f"path: {path} is not a file of runs that were not recorded: {error}") from error


def _set_status(experiment: str, status: str, store: Store | None) -> None:
    where = store or default_store()
    found = find_experiment(experiment, where)
    lease = where.leases.acquire(found.id, new_id())
    try:
        where.update(found.id, status=status)
    finally:
        lease.release()
