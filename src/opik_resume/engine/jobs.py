"""What a run is given: the user's callables, and its planned cells with what a worker needs for each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, Protocol

from opik_resume.base.records import CellKey, Item
from opik_resume.engine.cells.cell import Fresh, Task
from opik_resume.engine.cells.costs import Cost
from opik_resume.engine.retrying.policy import Retries
from opik_resume.experiment.fingerprints import Version
from opik_resume.experiment.limits import Limits, Spending
from opik_resume.experiment.planning.drift import OnDrift
from opik_resume.experiment.planning.plan import PlannedCell
from opik_resume.metrics.base import Metric
from opik_resume.metrics.scoring import KeyMapping


@dataclass(frozen=True)
class Callables:
    """What a run calls, and with how many workers.

    ``on_drift`` is ``ignore`` when metrics of the original evaluation are left out on purpose. ``rescoring``: the task is
    never called, and the metrics are not those of the evaluation: nothing to resume with. ``limits`` are of one call.
    ``cost`` tells what a run cost, for those whose task is called. ``fresh``: where the scores that are made go, by attempt,
    for a result that has only those. ``capture``: what they print is kept with the runs. ``retries``: when a task is called
    again, and for how long. ``loop``: the event loop that coroutines run on, that of whoever awaits the door; None is one of
    our own. ``elsewhere``: the executor on which all of them are called, and they as bytes for its workers
    (``elsewhere.packing.Place``); None is here. ``spent``: what the rounds of the call have started so far, which ``limits``
    count as well; None: this is the only round.
    """

    task: Task
    scoring_metrics: Sequence[Metric] = ()
    scoring_key_mapping: KeyMapping | None = None
    task_threads: int = 16
    experiment_scoring_functions: Sequence[Callable[..., Any]] = ()
    on_drift: OnDrift = "warn"
    rescoring: bool = False
    limits: Limits = field(default_factory=Limits)
    cost: Cost | None = None
    fresh: Fresh | None = None
    capture: bool = True
    retries: Retries = field(default_factory=Retries)
    loop: Any = None
    elsewhere: Any = None
    spent: Spending | None = None

    @cached_property
    def version(self) -> Version | None:
        """What stands for task and metrics; None when there is no task. It is made once, and takes some milliseconds."""
        return None if self.rescoring else Version.of(self.task, self.scoring_metrics)


@dataclass(frozen=True)
class Job:
    """One planned cell with all a worker needs: its item and, to score again, its attempt's id."""

    cell: PlannedCell
    item: Item
    attempt_id: str | None = None


class Jobs(Protocol):
    """The jobs of a run, in the order in which they start; made when they are about to. Not to be used by two at a time."""

    def __len__(self) -> int:
        """How many are left."""

    def take(self) -> Job | None:
        """The next one, if there is one."""

    def ahead(self, number: int) -> list[CellKey]:
        """The cells of the next ones, so many at most."""

    def cells(self) -> Iterator[CellKey]:
        """The cells of all that are left."""


class Listed:
    """Jobs that are there already."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs = deque(jobs)

    def __len__(self) -> int:
        return len(self._jobs)

    def take(self) -> Job | None:
        return self._jobs.popleft() if self._jobs else None

    def ahead(self, number: int) -> list[CellKey]:
        return list(islice(self.cells(), number))

    def cells(self) -> Iterator[CellKey]:
        return (job.cell.key for job in list(self._jobs))
