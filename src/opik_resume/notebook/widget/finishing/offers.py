"""What a view offers to resume: the plans it has shown, with what each would call, and what stands in the way."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opik_resume.base.ids import new_id
from opik_resume.base.metadata import remembered
from opik_resume.base.records import CellState, Experiment, Json
from opik_resume.engine import Callables
from opik_resume.evaluation.resume import plan_of
from opik_resume.exceptions import ArgumentError, ExperimentNotResumable
from opik_resume.experiment.fingerprints import Version
from opik_resume.experiment.grid import Grid, is_done
from opik_resume.experiment.limits import Limits
from opik_resume.experiment.planning.drift import OnDrift
from opik_resume.experiment.planning.plan import ResumePlan
from opik_resume.experiment.reading import Reading
from opik_resume.notebook.background.desk import Desk, desk
from opik_resume.notebook.namespace.candidates import Namespace
from opik_resume.notebook.namespace.choosing import Choice, Chooser, Given, Picked
from opik_resume.notebook.namespace.lookup import user_namespace
from opik_resume.notebook.widget.finishing.holders import held
from opik_resume.notebook.widget.finishing.terms import ALL, Terms, limits_json
from opik_resume.notebook.widget.looking.payload import plan_json

NO_TASK = "Resume needs the task: define a function of one item here in the notebook, or browse(task=…)."
CHOOSE = "Choose the task."
_KEPT = 50


@dataclass(frozen=True)
class Offer:
    """One plan as it was shown. ``plan`` is None when nothing can be planned; ``obstacle`` then says why."""

    id: str
    plan: ResumePlan | None
    picked: Picked
    obstacle: str | None
    useful: bool = False
    """Whether another choice could make a difference."""
    terms: Terms = ALL

    def to_json(self) -> Json:
        base, terms = self.picked.base, self.terms
        told = plan_json(
            self.id, self.plan, self.picked, obstacle=self.obstacle, choosable=self.useful, threads=terms.threads
        )
        limits = limits_json(base.limits if base is not None else Limits(), terms)
        priced = base is not None and base.cost is not None
        return told | {"limits": limits, "priced": priced}


@dataclass(frozen=True)
class Shown:
    """A plan as it was shown, and the terms that it was made for."""

    plan: ResumePlan
    terms: Terms


class Offers:
    """The offers of one view. Plans stay on this side: the browser can only name one that it was shown."""

    def __init__(
        self,
        given: Given,
        *,
        namespace: Callable[[], Namespace] = user_namespace,
        desk: Desk = desk,
    ) -> None:
        self._chooser = Chooser(given, namespace)
        self._desk = desk
        self._lock = threading.Lock()  # guards the plans shown
        self._shown: OrderedDict[str, Shown] = OrderedDict()
        self._last: tuple[Grid | None, object, ResumePlan | None] = (None, None, None)

    def offer(self, reading: Reading, terms: Terms = ALL) -> Offer:
        """What a resume on these terms would do as things stand."""
        picked = self._chooser.picked(reading.experiment)
        # Without a word about metrics, what is missing is shown whatever metric would repair it.
        settled = picked.task is not None or picked.metrics
        try:
            whole = self._planned(reading, picked, [metric for _, metric in picked.metrics] if settled else None)
            plan = terms.chosen(whole, reading.grid) if len(whole) else whole
        except ExperimentNotResumable as error:
            return Offer("", None, picked, str(error))
        except ArgumentError as error:  # two metrics of one name were chosen, or nothing of what is wanted is missing
            return Offer("", None, picked, str(error), True, terms)
        plan_id = new_id()
        with self._lock:
            self._shown[plan_id] = Shown(plan, terms)
            if len(self._shown) > _KEPT:
                self._shown.popitem(last=False)
        useful = len(plan) > 0 or _scores_missing(reading) > 0
        return Offer(plan_id, plan, picked, self._obstacle(reading, plan, picked), useful, terms)

    def _planned(self, reading: Reading, picked: Picked, metrics: list[Any] | None) -> ResumePlan:
        """As ``plan_of``; the plan of a large grid takes a moment, and often nothing has changed."""
        version = None if metrics is None else Version.of(picked.task and picked.task[1], metrics)
        of = (reading.experiment.status, metrics and [metric.name for metric in metrics], version and version.text)
        grid, was, plan = self._last
        if plan is None or grid is not reading.grid or was != of:
            plan = plan_of(reading, metrics, version=version)
            self._last = (reading.grid, of, plan)
        return plan

    def choose(self, experiment: Experiment, choice: Choice) -> None:
        """Use these of what is offered from now on. Raises ArgumentError for anything else."""
        self._chooser.choose(experiment, choice)

    def take(self, experiment_id: str, plan_id: str) -> Shown:
        """What was shown under this id. Raises ArgumentError for any other."""
        with self._lock:
            shown = self._shown.get(plan_id)
        if shown is None or shown.plan.experiment_id != experiment_id:
            raise ArgumentError("This plan is not on show any more: open the experiment again to see what is missing.")
        return shown

    def calls(self, experiment: Experiment) -> Callables:
        """What a click would call now. Raises ArgumentError when there is no task."""
        picked = self._chooser.picked(experiment)
        if picked.calls is None:
            raise ArgumentError(_no_task(experiment, picked))
        return picked.calls

    def planned(self, reading: Reading, on_drift: OnDrift) -> ResumePlan:
        """The plan of all that is missing, as ``calls`` would run it. Raises ArgumentError or ExperimentNotResumable."""
        metrics = self.calls(reading.experiment).scoring_metrics
        version = Version.of(self.calls(reading.experiment).task, metrics)
        return plan_of(reading, metrics, version=version, on_drift=on_drift)

    def _obstacle(self, reading: Reading, plan: ResumePlan, picked: Picked) -> str | None:
        """The sentence that says why Resume cannot be pressed, and what to do."""
        return (
            self._running(reading)
            or _nothing_to_do(reading, plan, picked)
            or (_no_task(reading.experiment, picked) if picked.task is None else None)
        )

    def _running(self, reading: Reading) -> str | None:
        ours, holder = self._desk.active(reading.experiment.id), reading.holder
        if ours is not None:
            return None if ours.stopping else "It is being resumed now."
        if holder is None or (holder.here and holder.stopping):
            return None
        return "A cell of this notebook is running it: ■ stops that." if holder.here else held(holder)


def _no_task(experiment: Experiment, picked: Picked) -> str:
    if picked.candidates.tasks:
        return CHOOSE
    name = remembered.read(experiment.metadata).task
    return NO_TASK.replace("a function of one item", f"{name}(item)") if name and name.isidentifier() else NO_TASK


def _nothing_to_do(reading: Reading, plan: ResumePlan, picked: Picked) -> str | None:
    if len(plan):
        return None
    missing = _scores_missing(reading)
    if not missing:
        return "Complete: there is nothing to run."
    runs = "1 run lacks" if missing == 1 else f"{missing:,} runs lack"
    how = "choose" if picked.candidates.metrics else "pass"
    grid = reading.grid
    absent = sorted({name for said in grid.said(is_done(grid.states)) for name in said.missing})
    which = f"that failed or were not given ({', '.join(absent)})" if absent else "that failed"
    remedy = f"{how} the metrics {which}{'' if how == 'choose' else ', browse(task=…, scoring_metrics=…)'}"
    return f"Every run is complete, but {runs} scores: {remedy}."


def _scores_missing(reading: Reading) -> int:
    return reading.grid.counts()[CellState.scores_missing]
