"""An evaluation of no items: as in Opik it is no error, and its experiment is there, without runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from opik_resume.base.text import redaction

if TYPE_CHECKING:
    from opik_resume.datasets.version import DatasetVersion
    from opik_resume.experiment.reading import Reading
    from opik_resume.stores.protocol import Store

logger = redaction.logger("opik_resume")


def record(made: Reading, version: DatasetVersion, store: Store, **asked: Any) -> Reading:
    """Record the experiment as complete, and say why it is empty.

    Args:
        made: the experiment.
        version: the pinned version.
        store: where it is.
        asked: by name, the arguments that choose items, as they were given.
    """
    experiment = made.experiment
    logger.warning("%s: nothing was evaluated: %s.", experiment.name, _why(version, asked))
    store.create(experiment)
    store.update(experiment.id, status="completed")
    return replace(made, experiment=store.get(experiment.id), heavy=True)


def _why(version: DatasetVersion, asked: dict[str, Any]) -> str:
    if version.items_total == 0:
        return f"the dataset {version.name!r} has no items: insert some first"
    names = [name for name, value in asked.items() if value is not None]
    chosen = " and ".join(names) or "what was asked for"
    return f"{chosen}: none of the {version.items_total:,} items of {version.name!r} {version.version_name} is left"
