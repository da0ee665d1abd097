"""The span of the task for metrics that look at it, on a store that keeps no spans.

The package is asked to trace the task, and what it traces is heard and sent nowhere. Outside of the task it is left as
it is.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from opik_resume.base.records import Attempt
from opik_resume.engine.cells.tracing import NOTHING, Seen
from opik_resume.integrations.opik_sdk import OpikTracing
from opik_resume.integrations.seen import overheard

if TYPE_CHECKING:
    from opik import Opik


class Listening(OpikTracing):
    """A :class:`~opik_resume.engine.Tracing` for the tasks of one experiment of the embedded store."""

    spans = False

    def __init__(self, project: str | None) -> None:
        super().__init__(None, project, looking=True)

    def scoring(self, attempt: Attempt, *, looking: bool = False) -> AbstractContextManager[Seen | None]:
        return NOTHING

    def traced(self, function: Callable[..., object]) -> bool:
        return False

    def finish(self, timeout: float) -> list[str]:
        return self.said()

    def _made_client(self) -> Opik:
        from opik import Opik

        return overheard(Opik(_show_misconfiguration_message=False), lambda message: None, sending=False)
