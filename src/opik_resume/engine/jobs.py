"""What a run is given: the user's callables, and its planned cells with what a worker needs for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from opik_resume.base.records import Item
from opik_resume.engine.cell import Fresh, Task
from opik_resume.experiment.drift import OnDrift
from opik_resume.experiment.limits import Limits
from opik_resume.experiment.plan import PlannedCell
from opik_resume.metrics.base import Metric
from opik_resume.metrics.scoring import KeyMapping


@dataclass(frozen=True)
class Callables:
    """What a run calls, and with how many workers.

    ``on_drift`` is ``ignore`` when metrics of the original evaluation are left out on purpose. ``rescoring``: the task is
    never called, and the metrics are not those of the evaluation: nothing to resume with. ``limits`` are of one call.
    ``fresh``: where the scores that are made go, by attempt, for a result that has only those.
    """

    task: Task
    scoring_metrics: Sequence[Metric] = ()
    scoring_key_mapping: KeyMapping | None = None
    task_threads: int = 16
    experiment_scoring_functions: Sequence[Callable[..., Any]] = ()
    on_drift: OnDrift = "warn"
    rescoring: bool = False
    limits: Limits = field(default_factory=Limits)
    fresh: Fresh | None = None


@dataclass(frozen=True)
class Job:
    """One planned cell with all a worker needs: its item and, to score again, its attempt's id."""

    cell: PlannedCell
    item: Item
    attempt_id: str | None = None
