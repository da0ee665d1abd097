"""What the ``opik`` package traces on a worker of an executor: it travels back with the run, and is sent from where that is.

So it nests under the run as everywhere, in one connection and with one key, which no worker needs to have. What a worker
was on that is lost is lost with it.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from opik_resume.base.text.encoding import encoded
from opik_resume.integrations.opik_sdk import OpikTracing
from opik_resume.integrations.seen import overheard

if TYPE_CHECKING:
    from opik import Opik

_USERS = (
    "input",
    "output",
    "metadata",
)  # of a message: objects of the user's code, which need not be there where it goes


@dataclass(frozen=True)
class Relay:
    """What travels to a worker: see :meth:`~opik_resume.engine.cells.tracing.Tracing.relay`."""

    project: str | None

    def begin(self) -> Relayed:
        """For one call."""
        return Relayed(self.project)


class Relayed(OpikTracing):
    """A :class:`~opik_resume.engine.cells.tracing.Relayed`: one call on a worker."""

    def __init__(self, project: str | None) -> None:
        super().__init__(None, project)
        self._heard: list[Any] = []

    def told(self) -> bytes | None:
        """What was traced, and what is to be said of it; None: nothing."""
        said = self.said()
        return pickle.dumps((self._heard, said)) if self._heard or said else None

    def _made_client(self) -> Opik:
        return overheard(_client(), self._hear, sending=False)

    def _hear(self, message: Any) -> None:
        if hasattr(message, "file_path"):
            self._note("Files that were attached to a span on a worker were not kept: they are there.")
            return
        for name in _USERS:
            value = getattr(message, name, None)
            if value is not None:
                setattr(message, name, encoded(value)[0])
        self._heard.append(message)

    def _rehearse(self, client: Opik) -> None:
        """Once in this process, before any task is paid for."""
        if not _rehearsed:
            super()._rehearse(client)
            _rehearsed.append(True)
            self._heard.clear()


_rehearsed: list[bool] = []


@cache
def _client() -> Opik:
    """One for all calls in this process. Nothing is sent with it."""
    from opik import Opik

    return Opik(_show_misconfiguration_message=False)
