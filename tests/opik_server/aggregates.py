"""The pre-computed views: pictures of experiments that some reads show long after the truth has moved on.

As soon as an experiment has a picture, compare, the item stream and the experiment list read only that, whatever the
experiment's status. Writes to experiments that are not running queue a new one, a minute after the last of them.

The clock stands still until a test turns it, so the lag never depends on how fast the machine is.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import RLock

from tests.opik_server.state import State
from tests.opik_server.views import numbers, show_entry
from tests.opik_server.wire import Row


@dataclass(frozen=True)
class Picture:
    experiment: Row
    numbers: Row
    entries: dict[str, Row]  # by experiment item id


class Aggregates:
    def __init__(self, state: State) -> None:
        self.frozen = False  # True: nothing is recomputed, as while a recompute lock is held
        self.debounce = 60.0
        self.clock = 0.0
        self.lock = RLock()  # the server's own, once it has one
        self._state = state
        self._pictures: dict[str, Picture] = {}
        self._due: dict[str, float] = {}
        self._live_numbers: dict[str, Row] = {}

    # --- for tests

    def build(self, *experiment_ids: str) -> None:
        """Compute the picture now."""
        with self.lock:
            for id_ in experiment_ids:
                self._due.pop(id_, None)
                items = self._state.items_of_experiment.get(id_, {})
                entries = {each: show_entry(self._state, self._state.experiment_items[each]) for each in items}
                experiment = self._state.experiments[id_]
                self._pictures[id_] = Picture(experiment, numbers(list(entries.values())), entries)

    def advance(self, seconds: float) -> None:
        """Let time pass: what is due by then is computed, unless frozen."""
        with self.lock:
            self.clock += seconds
            if not self.frozen:
                self.build(*[id_ for id_, due in self._due.items() if due <= self.clock])

    def has(self, experiment_id: str) -> bool:
        return experiment_id in self._pictures

    def due(self, experiment_id: str) -> bool:
        return experiment_id in self._due

    # --- for handlers

    def picture(self, experiment_id: str) -> Picture | None:
        return self._pictures.get(experiment_id)

    def queue(self, experiment_id: str) -> None:
        if experiment_id in self._state.experiments:
            self._due[experiment_id] = self.clock + self.debounce

    def touch(self, experiment_id: str) -> None:
        """Something of the experiment was written."""
        self._live_numbers.pop(experiment_id, None)
        experiment = self._state.experiments.get(experiment_id)
        if experiment and experiment["status"] != "running":
            self.queue(experiment_id)

    def touch_trace(self, trace_id: str) -> None:
        for item_id in self._state.items_of_trace.get(trace_id, ()):
            self.touch(self._state.experiment_items[item_id]["experiment_id"])

    def numbers(self, experiment_id: str) -> Row:
        """The experiment's numbers as they are now."""
        found = self._live_numbers.get(experiment_id)
        if found is None:
            items = self._state.items_of_experiment.get(experiment_id, {})
            found = numbers([show_entry(self._state, self._state.experiment_items[each]) for each in items])
            self._live_numbers[experiment_id] = found
        return found

    def forget_items(self, item_ids: set[str]) -> None:
        """Deleted items leave the pictures at once."""
        for picture in self._pictures.values():
            for item_id in item_ids & picture.entries.keys():
                del picture.entries[item_id]

    def forget(self, experiment_id: str) -> None:
        for table in (self._pictures, self._due, self._live_numbers):
            table.pop(experiment_id, None)
