"""Other packages that know more about a run than we do, when the user's program uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opik_resume.base.settings import OpikSettings
from opik_resume.engine import Tracing, Untraced

if TYPE_CHECKING:
    from opik_resume.base.records import Experiment
    from opik_resume.stores.protocol import Store

__all__ = ["tracing_of"]


def tracing_of(experiment: Experiment, store: Store) -> Tracing:
    """What traces the user's code in the runs of an experiment: the ``opik`` package, when the store is a server."""
    settings = getattr(store, "settings", None)
    if not isinstance(settings, OpikSettings):
        return Untraced()
    from opik_resume.integrations.opik_sdk import OpikTracing

    return OpikTracing(settings, experiment.project_name)
