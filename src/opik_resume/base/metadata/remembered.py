"""The names of what an experiment was evaluated with, in its metadata under a key of our own.

Callables cannot be stored. After a restart of the kernel their names say which of the notebook's functions and metrics
were meant: a suggestion for people to confirm, never something that is called unasked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from opik_resume.base.records import Json
from opik_resume.base.text.jsontext import clean

METADATA_KEY = "opik_resume"


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands for a task and, by their names, for metrics, and does not say what is in them."""

    task: str | None
    metrics: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Remembered:
    """The name of the task, the ``.name`` of each metric, and how many runs went on at a time."""

    task: str | None = None
    metrics: tuple[str, ...] = ()
    threads: int | None = None


def task_name(task: Any) -> str:
    """What people call a task: its own name, or that of its class."""
    return clean(str(getattr(task, "__name__", type(task).__name__)))


def embed(
    metadata: Json,
    task: Any,
    metrics: Iterable[Any],
    threads: int,
    *,
    marks: Marks | None = None,
) -> Json:
    """A copy of ``metadata`` with the names in it, and the marks; what else is under our key stays."""
    listed = [_metric(clean(str(metric.name)), marks.metrics if marks is not None else {}) for metric in metrics]
    names = {"task": task_name(task), "metrics": listed, "threads": threads}
    names |= {"task_mark": marks.task} if marks is not None and marks.task is not None else {}
    return {**metadata, METADATA_KEY: {**ours(metadata), **names}}


def _metric(name: str, marks: Mapping[str, str]) -> Json:
    return {"name": name, "mark": marks[name]} if name in marks else {"name": name}


def task_mark(metadata: Json | None) -> str | None:
    """The mark of the task of the original ``evaluate``, if it is there."""
    mark = ours(metadata).get("task_mark")
    return mark if isinstance(mark, str) else None


def metric_marks(metadata: Json | None) -> dict[str, str]:
    """The marks of the metrics of the original ``evaluate`` by name, as far as they are there."""
    listed = ours(metadata).get("metrics")
    metrics = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    told = {each.get("name"): each.get("mark") for each in metrics}
    return {name: mark for name, mark in told.items() if isinstance(name, str) and isinstance(mark, str)}


def read(metadata: Json | None) -> Remembered:
    """The names in ``metadata``, as far as there are any."""
    kept = ours(metadata)
    task, metrics = kept.get("task"), kept.get("metrics")
    listed = metrics if isinstance(metrics, list) else []
    names = [metric.get("name") for metric in listed if isinstance(metric, dict)]
    return Remembered(
        task if isinstance(task, str) else None,
        tuple(name for name in names if isinstance(name, str)),
        threads if isinstance(threads := kept.get("threads"), int) and threads is not True and threads > 0 else None,
    )


def metric_names(metadata: Json | None) -> tuple[str, ...] | None:
    """The names of the metrics of the original ``evaluate``, once each; None when nobody said which they were."""
    known = isinstance(ours(metadata).get("metrics"), list)
    return tuple(dict.fromkeys(read(metadata).metrics)) if known else None


def ours(metadata: Json | None) -> Json:
    """What stands in ``metadata`` under our own key."""
    kept = (metadata or {}).get(METADATA_KEY)
    return kept if isinstance(kept, dict) else {}
