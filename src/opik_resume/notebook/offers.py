"""What a view offers to resume: the plans it has shown, with whose task and metrics, and what stands in the way."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from opik_resume.engine import Callables
from opik_resume.evaluation import plan_of
from opik_resume.exceptions import ArgumentError, ExperimentNotResumable
from opik_resume.ids import new_id
from opik_resume.notebook.background import Desk, desk
from opik_resume.notebook.namespace import Namespace, redefined, user_namespace
from opik_resume.notebook.payload import plan_json
from opik_resume.plan import ResumePlan
from opik_resume.reading import Reading
from opik_resume.records import CellState, Json
from opik_resume.running import used_in_process
from opik_resume.scoring import KeyMapping

NO_TASK = "Resume needs the task: browse(task=…, scoring_metrics=…)."
_KEPT = 50
_THREADS = 16


@dataclass(frozen=True)
class Given:
    """What the user handed to the view; None means: what ``evaluate`` used in this process."""

    task: Callable[..., Any] | None = None
    scoring_metrics: Sequence[Any] | None = None
    scoring_key_mapping: KeyMapping | None = None
    task_threads: int | None = None


@dataclass(frozen=True)
class Offer:
    """One plan as it was shown. ``plan`` is None when nothing can be planned; ``obstacle`` then says why."""

    id: str
    plan: ResumePlan | None
    task_threads: int
    task: str | None
    metrics: list[str]
    obstacle: str | None

    def to_json(self) -> Json:
        return plan_json(
            self.id, self.plan, threads=self.task_threads, task=self.task, metrics=self.metrics, obstacle=self.obstacle
        )


class Offers:
    """The offers of one view. Plans stay on this side: the browser can only name one that it was shown."""

    def __init__(
        self,
        given: Given,
        *,
        namespace: Callable[[], Namespace] = user_namespace,
        desk: Desk = desk,
    ) -> None:
        self._given = given
        self._namespace = namespace
        self._desk = desk
        self._lock = threading.Lock()  # guards the plans shown
        self._shown: OrderedDict[str, ResumePlan] = OrderedDict()

    def offer(self, reading: Reading) -> Offer:
        """What a resume would do as things stand."""
        calls = self.calls(reading.experiment.id)
        metrics = self._given.scoring_metrics if calls is None else calls.scoring_metrics
        try:
            plan = plan_of(reading, metrics)
        except ExperimentNotResumable as error:
            return self._offer("", None, calls, str(error))
        plan_id = new_id()
        with self._lock:
            self._shown[plan_id] = plan
            if len(self._shown) > _KEPT:
                self._shown.popitem(last=False)
        return self._offer(plan_id, plan, calls, self._obstacle(reading, plan, calls))

    def take(self, experiment_id: str, plan_id: str) -> ResumePlan:
        """The plan that was shown under this id. Raises ArgumentError for any other."""
        with self._lock:
            plan = self._shown.get(plan_id)
        if plan is None or plan.experiment_id != experiment_id:
            raise ArgumentError("This plan is not on show any more: open the experiment again to see what is missing.")
        return plan

    def calls(self, experiment_id: str) -> Callables | None:
        """What a click would call now: what the view was given, else what this process used; redefined tasks win."""
        given, used = self._given, used_in_process(experiment_id)
        task = given.task if given.task is not None or used is None else used.task
        if task is None:
            return None
        base = used if used is not None else Callables(task)
        return replace(
            base,
            task=redefined(task, self._namespace()) or task,
            scoring_metrics=base.scoring_metrics if given.scoring_metrics is None else tuple(given.scoring_metrics),
            scoring_key_mapping=given.scoring_key_mapping or base.scoring_key_mapping,
            task_threads=given.task_threads or base.task_threads,
        )

    def _offer(self, plan_id: str, plan: ResumePlan | None, calls: Callables | None, obstacle: str | None) -> Offer:
        return Offer(
            plan_id,
            plan,
            calls.task_threads if calls is not None else self._given.task_threads or _THREADS,
            _task_name(calls.task, self._given.task) if calls is not None else None,
            [str(metric.name) for metric in calls.scoring_metrics] if calls is not None else [],
            obstacle,
        )

    def _obstacle(self, reading: Reading, plan: ResumePlan, calls: Callables | None) -> str | None:
        """The sentence that says why Resume cannot be pressed, and what to do."""
        return self._running(reading) or _nothing_to_do(reading, plan) or (NO_TASK if calls is None else None)

    def _running(self, reading: Reading) -> str | None:
        ours, holder = self._desk.active(reading.experiment.id), reading.holder
        if ours is not None:
            return None if ours.stopping else "It is being resumed now."
        if holder is None or holder.stopping:
            return None
        if holder.pid == os.getpid():
            return "A cell of this notebook is running it: ■ stops that."
        return (
            f"Another process is running it (pid {holder.pid} on {holder.host}, since {holder.since:%H:%M} UTC): "
            "wait until it ends, or stop it there."
        )


def _task_name(task: Callable[..., Any], given: Callable[..., Any] | None) -> str:
    name = str(getattr(task, "__name__", type(task).__name__))
    return name if given is None or task is given else f"{name} (as redefined)"


def _nothing_to_do(reading: Reading, plan: ResumePlan) -> str | None:
    if len(plan):
        return None
    missing = reading.grid.counts()[CellState.scores_missing]
    if missing:
        runs = "1 run lacks" if missing == 1 else f"{missing:,} runs lack"
        return f"Every run is complete, but {runs} scores: pass the metrics that failed, browse(task=…, scoring_metrics=…)."
    return "Complete: there is nothing to run."
