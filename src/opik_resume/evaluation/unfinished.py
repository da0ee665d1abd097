"""The cell of an interrupted ``evaluate`` is easily run again, and pays for everything again: say that it can be finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opik_resume.base.metadata import remembered
from opik_resume.base.text import redaction

if TYPE_CHECKING:
    from opik_resume.base.records import Experiment
    from opik_resume.datasets.version import DatasetVersion
    from opik_resume.engine import Callables
    from opik_resume.stores.protocol import Store

_OF_ALL = {"<lambda>", "partial"}  # what every task of a kind is called

logger = redaction.logger("opik_resume")


def warn_of_unfinished(version: DatasetVersion, calls: Callables, store: Store) -> None:
    """One line about the latest unfinished experiment of this dataset version and task, if there is one."""
    for experiment in store.unfinished(version.id, version.version_name):
        if not _is_of(experiment, calls) or store.leases.holder(experiment.id) is not None:
            continue
        done = store.done(experiment.id)
        if done is None or done < experiment.expected:
            logger.warning(_sentence(experiment, done))
            return


def _is_of(experiment: Experiment, calls: Callables) -> bool:
    """Whether this was its task, as far as its name tells; a name that is none does not."""
    name = remembered.task_name(calls.task)
    if remembered.read(experiment.metadata).task != name:
        return False
    mark = calls.version.marks.task if calls.version is not None else None
    return name not in _OF_ALL or (mark is not None and remembered.task_mark(experiment.metadata) == mark)


def _sentence(experiment: Experiment, done: int | None) -> str:
    far = "" if done is None else f" ({done:,} of {experiment.expected:,} runs are complete)"
    return (
        f"There is an unfinished experiment of this dataset version and task, {experiment.name!r}{far}: finish it with "
        f"evaluate_resume({experiment.id!r}, …) or %opik_resume {experiment.id}. A new one is started now."
    )
