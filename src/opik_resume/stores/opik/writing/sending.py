"""Journal entries → requests, in the order that keeps the server's picture true at every moment.

Links, scores and spans are acknowledged before the traces are sent, since a trace with an output is what everybody
takes for a complete run.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any

from opik_resume.base.metadata import prompts, remembered, resume_state
from opik_resume.base.metadata.resume_state import ResumeState
from opik_resume.base.process.forks import in_each_process
from opik_resume.base.records import Attempt, Experiment, Item, Json
from opik_resume.exceptions import DatasetNotFound, ExperimentNotFound, RequestRefused
from opik_resume.stores.file.journal import Entry
from opik_resume.stores.opik import runs, wire
from opik_resume.stores.opik.datasets import Datasets
from opik_resume.stores.opik.experiments import Experiments
from opik_resume.stores.opik.reading.live import LiveRuns
from opik_resume.stores.opik.rest.batches import batches
from opik_resume.stores.opik.rest.client import Client
from opik_resume.stores.opik.rest.encoding import encoded_run
from opik_resume.stores.opik.rest.together import side_by_side

_REMEMBERED = 4  # experiments whose items are kept at hand
BELIEVED_SECONDS = 60.0  # how long it is believed that an experiment or its dataset is not there
_NOT_THERE = 404
_TRACE_FIELDS = (
    "id", "name", "start_time", "end_time", "input", "metadata", "tags", "thread_id", "ttft", "source", "environment",
)  # fmt: skip


@dataclass(frozen=True)
class _Surroundings:
    """What the rows of an experiment's attempts have in common, up to that moment of the monotonic clock."""

    project: str | None
    task: str
    default_runs: int
    items: dict[str, Item]
    prompts: list[Json] = field(default_factory=list)
    until: float = math.inf

    def context(self, entry: Entry) -> runs.Context:
        item_id = entry.attempt.item_id
        item = self.items.get(item_id)
        content = item.content if item is not None else {"id": item_id}
        expected = (item.runs_per_item if item is not None else None) or self.default_runs
        return runs.Context(content, self.project, self.task, expected, entry.revision, self.prompts)


@dataclass(frozen=True)
class _NotThere:
    """An experiment that the server does not have, up to that moment of the monotonic clock; and in which words."""

    words: str
    until: float


class Sender:
    """Sends attempts to one server. One call at a time."""

    def __init__(self, client: Client, datasets: Datasets, experiments: Experiments, live: LiveRuns) -> None:
        self._client = client
        self._datasets = datasets
        self._experiments = experiments
        self._live = live
        in_each_process(self._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()  # guards the dict
        self._known: OrderedDict[str, _Surroundings | _NotThere] = OrderedDict()

    def send(self, entries: Sequence[Entry]) -> None:
        """Send these whole; on return the server has acknowledged all of it.

        Raises:
            RequestRefused: the server will not take one of them.
            ServerError: none of our fault: try again later.
        """
        ours = [(e.attempt, self._surroundings(e.attempt).context(e)) for e in entries if e.attempt.trial is not None]
        theirs = [entry.attempt for entry in entries if entry.attempt.trial is None]
        # Rows are made as they are sent: whatever their size, few are in memory at a time.
        links = (runs.link(*each) for each in ours)
        scores = (row for e in entries for row in runs.scores(e.attempt, self._surroundings(e.attempt).project))
        spans = (span for each in ours for span in runs.spans(*each))
        traces = (runs.trace(*each) for each in ours)
        side_by_side(
            chain(
                self._requests("POST", "experiments/items", "experiment_items", links),
                self._requests("PUT", "traces/feedback-scores", "scores", scores),
                self._requests("POST", "spans/batch", "spans", spans),
            )
        )
        side_by_side(self._requests("POST", "traces/batch", "traces", chain(traces, self._completed(theirs))))

    def _requests(self, method: str, path: str, key: str, rows: Iterable[Json]) -> Iterator[Callable[[], Any]]:
        for body in batches(key, rows, write=encoded_run):
            # Whoever delivers tries again, and says so.
            yield partial(self._client.call, method, path, body, tries=1)

    def _completed(self, theirs: Iterable[Attempt]) -> Iterator[Json]:
        """Traces of another program that are complete only now: as they are, with the output and without the error."""
        for attempt in theirs:
            row = self._trace(attempt.id) if attempt.complete else None
            if row is not None and row.get("output") is None:
                kept = {key: row[key] for key in _TRACE_FIELDS if row.get(key) is not None}
                project = self._surroundings(attempt).project
                yield {**kept, "project_name": project, "output": runs.output_of(attempt)}

    def _trace(self, trace_id: str) -> Json:
        row = self._live.trace(trace_id, seen=True)
        if row is None:
            raise RequestRefused(f"Its trace {trace_id} is not there any more: it cannot be completed.", _NOT_THERE)
        return row

    def _surroundings(self, attempt: Attempt) -> _Surroundings:
        """Raises RequestRefused: the experiment is not there. In no other place anybody would look for its runs."""
        experiment_id = attempt.experiment_id
        with self._lock:
            known = self._known.get(experiment_id)
        if known is None or known.until < time.monotonic():
            known = self._looked_up(experiment_id)
            with self._lock:
                self._known[experiment_id] = known
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        if isinstance(known, _NotThere):
            raise RequestRefused(known.words, _NOT_THERE)
        return known

    def _looked_up(self, experiment_id: str) -> _Surroundings | _NotThere:
        """What is not there is looked for again after a while: it may only have been missed."""
        try:
            experiment = wire.experiment(self._experiments.last_row(experiment_id))
        except ExperimentNotFound as error:
            return _NotThere(str(error), time.monotonic() + BELIEVED_SECONDS)
        state = resume_state.read(experiment.metadata)
        items = self._items(experiment)
        return _Surroundings(
            experiment.project_name,
            remembered.read(experiment.metadata).task or "task",
            state.default_runs_per_item if isinstance(state, ResumeState) else 1,
            items or {},
            prompts.read(experiment.metadata),
            time.monotonic() + BELIEVED_SECONDS if items is None else math.inf,
        )

    def _items(self, experiment: Experiment) -> dict[str, Item] | None:
        """By id. None: its dataset or its version was deleted, which must not hold up the runs."""
        version = (experiment.dataset_id, experiment.version_name)
        try:
            listed = self._datasets.remembered(*version) or self._datasets.items(*version)
        except DatasetNotFound:
            return None
        return {item.id: item for item in listed}
