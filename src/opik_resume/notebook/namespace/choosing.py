"""Whose task and metrics a click calls: given to the view, used by ``evaluate``, or chosen among what is offered.

All are looked up when they are needed, so that what the user has redefined since wins. Names that an experiment was
evaluated with only preselect.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from opik_resume.base.metadata import remembered
from opik_resume.base.records import Experiment, Json
from opik_resume.engine import Callables
from opik_resume.evaluation.prompting import kept_task
from opik_resume.exceptions import ArgumentError
from opik_resume.lifecycle.registry import used_in_process
from opik_resume.metrics.scoring import KeyMapping
from opik_resume.notebook.namespace import candidates
from opik_resume.notebook.namespace.candidates import Namespace
from opik_resume.notebook.namespace.lookup import redefined, redefined_metric, user_namespace, variable_of

_THREADS = 16
_ANEW = " (as redefined)"


@dataclass(frozen=True)
class Given:
    """What the user handed to the view; None means: what ``evaluate`` used in this process, else what is chosen."""

    task: Callable[..., Any] | None = None
    scoring_metrics: Sequence[Any] | None = None
    scoring_key_mapping: KeyMapping | None = None
    task_threads: int | None = None


@dataclass(frozen=True)
class Choice:
    """Variables of the notebook: of the task, and of the metrics."""

    task: str | None = None
    metrics: tuple[str, ...] = ()


class Candidates(NamedTuple):
    """What there is to choose from, by variable; nothing where it is settled already."""

    tasks: dict[str, Any]
    metrics: dict[str, Any]


Labelled = tuple[str, Any]
"""A callable, and how it is called for people."""


@dataclass(frozen=True)
class Picked:
    """What a click would call now, and what it was chosen from."""

    task: Labelled | None
    metrics: tuple[Labelled, ...]
    threads: int
    candidates: Candidates
    choice: Choice
    base: Callables | None
    mapping: KeyMapping | None

    @property
    def calls(self) -> Callables | None:
        """Everything that a run needs; None without a task."""
        if self.task is None:
            return None
        base = self.base or Callables(self.task[1])
        return replace(
            base,
            task=self.task[1],
            scoring_metrics=tuple(metric for _, metric in self.metrics),
            scoring_key_mapping=self.mapping or base.scoring_key_mapping,
            task_threads=self.threads,
            on_drift="warn",  # what was meant for one resume is not meant for the next
        )

    @property
    def offered(self) -> Json:
        metrics = self.candidates.metrics.items()
        return {
            "tasks": list(self.candidates.tasks),
            "metrics": [{"variable": variable, "name": metric.name} for variable, metric in metrics],
        }

    @property
    def chosen(self) -> Json:
        return {"task": self.choice.task, "metrics": list(self.choice.metrics)}


class Chooser:
    """The choices of one view, by experiment."""

    def __init__(self, given: Given, namespace: Callable[[], Namespace] = user_namespace) -> None:
        self._given = given
        self._namespace = namespace
        self._lock = threading.Lock()  # guards the choices
        self._choices: dict[str, Choice] = {}
        now = namespace()
        self._variables = {id(metric): variable_of(metric, now) for metric in given.scoring_metrics or ()}

    def choose(self, experiment: Experiment, choice: Choice) -> None:
        """Take this task and these metrics. Raises ArgumentError for what is not on offer."""
        offered = self.picked(experiment).candidates
        if choice.task is not None and choice.task not in offered.tasks:
            raise ArgumentError(f"There is no task {choice.task!r} on offer.")
        for name in choice.metrics:
            if name not in offered.metrics:
                raise ArgumentError(f"There is no metric {name!r} on offer.")
        with self._lock:
            self._choices[experiment.id] = choice

    def picked(self, experiment: Experiment) -> Picked:
        """What a click would call now."""
        namespace, given, used = self._namespace(), self._given, used_in_process(experiment.id)
        task = used.task if given.task is None and used is not None else given.task
        task = kept_task(experiment) if task is None else task
        metrics = used.scoring_metrics if given.scoring_metrics is None and used is not None else given.scoring_metrics
        offered = Candidates(
            candidates.tasks(namespace) if task is None else {},
            candidates.metrics(namespace) if metrics is None else {},
        )
        choice = self._choice(experiment, offered)
        chosen = [(name, offered.metrics[name]) for name in choice.metrics]
        return Picked(
            task=_task_now(task, namespace) if task is not None else _labelled(choice.task, offered.tasks),
            metrics=tuple(chosen if metrics is None else [self._metric_now(metric, namespace) for metric in metrics]),
            threads=given.task_threads or _threads(experiment, used),
            candidates=offered,
            choice=choice,
            base=used,
            mapping=given.scoring_key_mapping,
        )

    def _choice(self, experiment: Experiment, offered: Candidates) -> Choice:
        """What the user chose, else what the experiment was evaluated with: as far as it is there."""
        with self._lock:
            choice = self._choices.get(experiment.id)
        if choice is None:
            names = remembered.read(experiment.metadata)
            by_name = {metric.name: variable for variable, metric in reversed(offered.metrics.items())}
            choice = Choice(names.task, tuple(by_name.get(name, "") for name in names.metrics))
        task = choice.task if choice.task in offered.tasks else None
        return Choice(task, tuple(variable for variable in choice.metrics if variable in offered.metrics))

    def _metric_now(self, metric: Any, namespace: Namespace) -> Labelled:
        again = redefined_metric(metric, self._variables.get(id(metric)), namespace)
        return (str(metric.name), metric) if again is None else (f"{metric.name}{_ANEW}", again)


def _threads(experiment: Experiment, used: Callables | None) -> int:
    """As many as this process last used, else as ``evaluate`` was given: a limit of the model's outlives the kernel."""
    return used.task_threads if used is not None else remembered.read(experiment.metadata).threads or _THREADS


def _task_now(task: Callable[..., Any], namespace: Namespace) -> Labelled:
    name, again = remembered.task_name(task), redefined(task, namespace)
    return (name, task) if again is None else (f"{name}{_ANEW}", again)


def _labelled(variable: str | None, offered: Mapping[str, Any]) -> Labelled | None:
    return None if variable is None else (variable, offered[variable])
