"""A version: the task and the metrics of one call, which make its runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from opik_resume.base import versions
from opik_resume.base.metadata.remembered import Marks
from opik_resume.base.records import Json
from opik_resume.experiment.fingerprints.fingerprint import UNREAD, Fingerprint, digest_of, mark_of
from opik_resume.experiment.fingerprints.reading import fingerprint
from opik_resume.metrics.base import name_of


@dataclass(frozen=True)
class Version:
    """Fingerprints of a task, if there is one, and of metrics by their names."""

    task: Fingerprint | None
    metrics: Mapping[str, Fingerprint] = field(default_factory=dict)

    @classmethod
    def of(cls, task: Any, metrics: Iterable[Any]) -> Version:
        """Of callables; ``task`` may be None. Never raises, and takes some milliseconds."""
        return cls(None if task is None else fingerprint(task), {name_of(each): fingerprint(each) for each in metrics})

    @cached_property
    def text(self) -> str:
        """What stands for it with each run: the mark of the task, a hyphen, and the mark of all metrics."""
        return versions.text_of("" if self.task is None else self.task.mark, self.of_metrics)

    @property
    def marks(self) -> Marks:
        """What an experiment keeps of it, wherever it is kept: it says nothing of what is in them."""
        of_task = None if self.task is None else self.task.mark
        return Marks(of_task, {name: metric.mark for name, metric in self.metrics.items()})

    @cached_property
    def of_metrics(self) -> str:
        """What stands for all metrics, in whatever order they are given."""
        return mark_of_metrics(self.marks.metrics)

    def to_json(self) -> Json:
        """All of it, with the sources, for the local file."""
        return {
            "task": None if self.task is None else _to_json(self.task),
            "metrics": {name: _to_json(metric) for name, metric in self.metrics.items()},
        }

    @classmethod
    def from_json(cls, told: Json) -> Version:
        """What :meth:`to_json` told. Raises KeyError, TypeError or AttributeError for anything else."""
        metrics = {name: _from_json(metric) for name, metric in told["metrics"].items()}
        return cls(None if told["task"] is None else _from_json(told["task"]), metrics)


def mark_of_metrics(marks: Mapping[str, str]) -> str:
    """What stands for metrics with these marks, by their names."""
    unread = any(mark.endswith(UNREAD) for mark in marks.values())
    return mark_of(digest_of(repr(sorted(marks.items()))), unread=unread)


def _to_json(of: Fingerprint) -> Json:
    return {
        "name": of.name,
        "parts": {label: [digest, of.parts.get(label, "")] for label, digest in of.digests.items()},
    }


def _from_json(told: Json) -> Fingerprint:
    parts = told["parts"].items()
    return Fingerprint(
        told["name"], {label: text for label, (_, text) in parts}, {label: digest for label, (digest, _) in parts}
    )
