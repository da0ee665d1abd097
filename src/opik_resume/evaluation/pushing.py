"""Send an experiment of the embedded store to an Opik server: its dataset, its runs, its scores. Twice changes nothing.

Everything keeps its id, so what was sent before is recognised, and a push that broke off goes on where it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opik_resume.base.process.doors import door
from opik_resume.base.records import Attempt, Experiment
from opik_resume.base.text import redaction
from opik_resume.exceptions import ArgumentError, ExperimentNotFound
from opik_resume.experiment.reading import find_experiment, read_experiment
from opik_resume.stores.connections import default_store, open_store

if TYPE_CHECKING:
    from opik_resume.stores.opik import OpikStore
    from opik_resume.stores.protocol import Store

PATIENCE = 30.0  # seconds without any progress, after which a push leaves the rest to the journal

logger = redaction.logger("opik_resume")


@door
def push(experiment: str, to: str | Store, *, store: Store | None = None) -> str:
    """Send an experiment to an Opik server, with the versions of its dataset that it needs.

    Args:
        experiment: its id, or its name when only one has it.
        to: the server's URL (key, workspace and project as Opik is configured), or a store that ``connect`` returned.
        store: where the experiment is; the default store when left out.

    Returns:
        The experiment's web page. What could not be delivered in time is warned about and sent later.

    Raises:
        ExperimentNotFound, AmbiguousExperiment: which one is meant?
        DatasetAlreadyExists: the server has another dataset of that name.
        ServerError: the server cannot be asked, or refuses.
    """
    source, target = store or default_store(), _server(to)
    found = find_experiment(experiment, source)
    _push_dataset(found, source, target)
    try:
        there = target.get(found.id)
    except ExperimentNotFound:
        target.create(found)
        there = target.get(found.id)
    ended = [attempt for attempt in source.attempts(found.id, heavy=True) if attempt.ended_at is not None]
    _deliver(target.lacking(found.id, ended), target)
    _conclude(found, there, source, target)
    return target.link(found) or target.label


def _server(to: str | Store) -> OpikStore:
    from opik_resume.stores.opik import OpikStore

    opened = open_store(to) if isinstance(to, str) else to
    if not isinstance(opened, OpikStore):
        raise ArgumentError(f"to must be an Opik server: pass its URL, or what connect(url) returned, not {opened!r}.")
    return opened


def _push_dataset(found: Experiment, source: Store, target: OpikStore) -> None:
    """Every version up to the pinned one, so that it has the same name there."""
    record = source.dataset(found.dataset_name)
    pinned = int(found.version_name.removeprefix("v"))
    versions = [version for version in reversed(source.versions(record.id)) if version.number <= pinned]
    target.mirror(record, [(version, source.items(record.id, version.name)) for version in versions])


def _deliver(attempts: list[Attempt], target: OpikStore) -> None:
    target.record(attempts)
    left = len(target.pending()) + 1
    while not target.flush(PATIENCE) and len(target.pending()) < left:
        left = len(target.pending())
    pending = target.pending()
    for attempt_id, words in pending.refused.items():
        logger.warning("Run %s was refused: %s", attempt_id, words)
    if pending.waiting:
        logger.warning("%d runs are still to be delivered to %s: %s", pending.waiting, target.label, pending.problem)


def _conclude(found: Experiment, there: Experiment, source: Store, target: OpikStore) -> None:
    """A whole experiment is completed there, too; one that its user closed is closed."""
    if len(target.pending(found.id)):
        return
    reading = read_experiment(found, source)
    status = "completed" if reading.whole else found.status
    if status != there.status or found.scores != there.scores:
        target.update(found.id, status=status, scores=found.scores or None)
