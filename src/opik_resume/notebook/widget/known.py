"""Experiments as requests name them: what is known of one within moments; what takes longer is told when it has come."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from opik_resume.base.records import Json
from opik_resume.experiment.reading import Reading
from opik_resume.notebook.background.patience import Soon
from opik_resume.notebook.background.readings import Readings
from opik_resume.notebook.widget.requests import RequestRefused, text

T = TypeVar("T")


class Known:
    """The experiments of one store, for one view: of all that asks for them through the same ``soon``."""

    def __init__(self, readings: Readings, soon: Soon) -> None:
        self._readings = readings
        self._soon = soon

    def ask(self, key: Hashable, call: Callable[[], T], *, fresh: float = 0.0) -> T | None:
        """The answer of a server if it comes within moments, else None; the local file answers at once."""
        return self._soon.ask(key, call, fresh=fresh) if self._readings.remote else call()

    def reading(self, experiment_id: str) -> Reading | None:
        """The experiment as it stands, if that is known within moments."""
        key = ("plan", experiment_id, self._readings.turns(experiment_id))  # what was read before a run is not after it
        found = self._readings.peek(experiment_id)
        if found is not None:
            self._soon.forget(key)
            return found
        read: Reading | None = self._soon.ask(key, lambda: self._readings.read(experiment_id))
        return read

    def shown(self, params: Json) -> Reading:
        """The experiment of a request as it was last shown.

        Raises:
            RequestRefused: it is not known yet.
        """
        experiment_id = text(params, "experiment")
        reading = self._readings.last(experiment_id) or self.reading(experiment_id)
        if reading is None:
            raise RequestRefused("The experiment is being read: try again in a moment.")
        return reading

    def turn(self, params: Json) -> tuple[Reading, int]:
        """As ``shown``, with a number that tells this reading from later ones."""
        reading = self.shown(params)
        return reading, self.turn_of(reading)

    def turn_of(self, reading: Reading) -> int:
        return self._readings.turns(reading.experiment.id)
