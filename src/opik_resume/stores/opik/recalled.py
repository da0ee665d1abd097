"""An experiment as this process knows it, for the end of a run whose server has gone away meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opik_resume.records import Attempt, Experiment, Item
from opik_resume.stores.opik.runs import lightened
from opik_resume.stores.protocol import Leases


@dataclass(frozen=True)
class Recalled:
    """A :class:`~opik_resume.stores.protocol.Reader` of one experiment, without a server."""

    experiment: Experiment
    known_items: Sequence[Item]
    known_attempts: Sequence[Attempt]
    leases: Leases

    def get(self, experiment_id: str) -> Experiment:
        return self.experiment

    def items(self, dataset_id: str, version: str) -> list[Item]:
        return list(self.known_items)

    def attempts(self, experiment_id: str, *, heavy: bool = False) -> list[Attempt]:
        return [attempt if heavy else lightened(attempt) for attempt in self.known_attempts]
