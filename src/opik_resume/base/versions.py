"""The text that stands for the version of task and metrics that made a run: two marks, and what is told by them alone."""

from __future__ import annotations

_BETWEEN = "-"


def text_of(task: str, metrics: str) -> str:
    """Of the mark of a task, which may be empty, and the mark of all metrics."""
    return f"{task}{_BETWEEN}{metrics}"


def task_part(version: str) -> str:
    """The mark of the task in the text of a version."""
    return version.partition(_BETWEEN)[0]


def metrics_part(version: str) -> str:
    """The mark of the metrics in the text of a version."""
    return version.partition(_BETWEEN)[2]


def scored_by(version: str | None, metrics: str | None) -> str | None:
    """The version of a run whose kept output was scored by another one."""
    return None if version is None or metrics is None else f"{task_part(version)}{_BETWEEN}{metrics_part(metrics)}"
