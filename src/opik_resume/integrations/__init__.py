"""Other packages that know more about a run than we do, when the user's program uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opik_resume.base.settings import OpikSettings
from opik_resume.engine import Tracing, Untraced
from opik_resume.metrics.arguments import wants_span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opik_resume.base.records import Experiment
    from opik_resume.metrics.base import Metric
    from opik_resume.stores.protocol import Store

__all__ = ["tracing_of"]


def tracing_of(experiment: Experiment, store: Store, metrics: Sequence[Metric] = ()) -> Tracing:
    """What traces the user's code in the runs of an experiment: the ``opik`` package, when the store is a server.

    On the embedded store it is asked only for what metrics look at.
    """
    settings = getattr(store, "settings", None)
    looking = any(map(wants_span, metrics))
    if isinstance(settings, OpikSettings):
        from opik_resume.integrations.opik_sdk import OpikTracing
        from opik_resume.integrations.relayed import Relay

        project = experiment.project_name
        return OpikTracing(settings, project, looking=looking, relay=Relay(project))
    if not looking:
        return Untraced()
    from opik_resume.integrations.listening import Listening

    return Listening(experiment.project_name)
