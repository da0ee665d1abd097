"""The pre-computed views: pictures of experiments that some reads show long after the truth has moved on.

As soon as an experiment has a picture, compare and the item stream read only that, whatever the experiment's status, and
a GET and the list take its numbers from there (not its name, status and metadata). Writes to experiments that are not
running queue a new one, a minute after the last of them.

The clock stands still until a test turns it (`advance`) or lets it go with the machine's (`lag`).
In the moment in which a first picture appears, a real server may find an experiment in neither place and say that there
is none: `misses` is how often it does so here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock

from tests.opik_server.endpoints.views import numbers, show_entry
from tests.opik_server.serving.wire import Request, Row
from tests.opik_server.tables.state import State


@dataclass(frozen=True)
class Picture:
    numbers: Row
    entries: dict[str, Row]  # by experiment item id


class Aggregates:
    def __init__(self, state: State) -> None:
        self.frozen = False  # True: nothing is recomputed, as while a recompute lock is held
        self.debounce = 60.0
        self.clock = 0.0
        self.misses = 0  # reads of an experiment that fail when its first picture has appeared by the clock
        self.missed_by: Callable[[Request], bool] = lambda request: True  # whose reads those are
        self.missed = 0  # reads that have failed so
        self.lock = RLock()  # the server's own, once it has one
        self._state = state
        self._pictures: dict[str, Picture] = {}
        self._due: dict[str, float] = {}
        self._live_numbers: dict[str, Row] = {}
        self._windows: dict[str, int] = {}  # reads that are still to miss an experiment
        self._began: float | None = None  # the machine's clock when ours was 0; None: ours stands

    # --- for tests

    def build(self, *experiment_ids: str) -> None:
        """Compute the picture now."""
        with self.lock:
            for id_ in experiment_ids:
                self._due.pop(id_, None)
                items = self._state.items_of_experiment.get(id_, {})
                entries = {each: show_entry(self._state, self._state.experiment_items[each]) for each in items}
                self._pictures[id_] = Picture(numbers(list(entries.values())), entries)

    def advance(self, seconds: float) -> None:
        """Let time pass: what is due by then is computed, unless frozen."""
        with self.lock:
            self.clock += seconds
            if not self.frozen:
                due = [id_ for id_, moment in self._due.items() if moment <= self.clock]
                self._windows |= dict.fromkeys(set(due) - self._pictures.keys(), self.misses)
                self.build(*due)

    def lag(self, seconds: float) -> None:
        """Let time pass by itself from here on, scaled down.

        An experiment has a picture so long after the last write, and it is right again so long after the next finish:
        about 65 seconds on a real server.
        """
        with self.lock:
            self.debounce = seconds
            self._due = {id_: min(moment, self.clock + seconds) for id_, moment in self._due.items()}
            self._began = time.monotonic() - self.clock

    @property
    def settled(self) -> bool:
        """Whether the views show all that they will ever show of what was written."""
        with self.lock:
            self.tick()
            return not self._due

    def has(self, experiment_id: str) -> bool:
        return experiment_id in self._pictures

    def due(self, experiment_id: str) -> bool:
        return experiment_id in self._due

    # --- for handlers

    def tick(self) -> None:
        """What was due before this moment has been computed, of the state before this request."""
        if self._began is not None:
            self.advance(time.monotonic() - self._began - self.clock)

    def misses_it(self, experiment_id: str, request: Request) -> bool:
        """Whether a read comes just between: the raw tables leave the experiment out already, the views do not have it."""
        left = self._windows.get(experiment_id, 0)
        if left == 0 or not self.missed_by(request):
            return False
        self._windows[experiment_id] = left - 1
        self.missed += 1
        return True

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
        self._state.traces_written += 1
        for item_id in self._state.items_of_trace.get(trace_id, ()):
            self.touch(self._state.experiment_items[item_id]["experiment_id"])

    def numbers(self, experiment_id: str) -> Row:
        """The experiment's numbers: the picture's once there is one, else as they are now."""
        picture = self._pictures.get(experiment_id)
        if picture is not None:
            return picture.numbers
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
        for table in (self._pictures, self._due, self._live_numbers, self._windows):
            table.pop(experiment_id, None)
