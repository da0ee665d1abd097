"""What a view wants of its next resume: which of the missing cells, with how many threads, and when it stops by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from opik_resume.base.records import Json
from opik_resume.engine import Callables
from opik_resume.evaluation import arguments
from opik_resume.exceptions import ArgumentError
from opik_resume.experiment.grid import Grid
from opik_resume.experiment.limits import Limits
from opik_resume.experiment.planning.choosing import Only
from opik_resume.experiment.planning.plan import ResumePlan
from opik_resume.notebook.widget.requests import RequestRefused
from opik_resume.notebook.widget.selecting import rectangles

RULES = ("max_runs", "max_seconds", "max_failures", "max_cost")
"""The stop rules that a view can set."""
MOST_THREADS = 1_000
RUNS = "runs"


@dataclass(frozen=True)
class Terms:
    """``only`` is that of ``evaluate_resume``, or ``{"runs": rectangles}``, of which only what is missing counts.

    ``threads`` and ``limits`` of None are those that ``browse`` or ``evaluate`` was given.
    """

    only: Only | None = None
    threads: int | None = None
    limits: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, params: Json) -> Terms:
        """Of a request. Raises RequestRefused or ArgumentError for what cannot be meant."""
        only, threads, limits = params.get("only"), params.get("threads"), params.get("limits")
        if only is not None and not isinstance(only, str | list | dict):
            raise RequestRefused("only must be a text, a list or an object.")
        arguments.positive("threads", threads, optional=True)
        if threads is not None and threads > MOST_THREADS:
            raise ArgumentError(f"threads must be {MOST_THREADS:,} or fewer, got {threads:,}")
        if limits is not None and (not isinstance(limits, dict) or not set(limits) <= set(RULES)):
            raise RequestRefused(f"limits must be an object of {', '.join(RULES)}.")
        arguments.limits(**(limits or {}))
        return cls(only, threads, limits)

    def chosen(self, plan: ResumePlan, grid: Grid) -> ResumePlan:
        """Of all that is missing what is wanted. Raises ArgumentError when nothing of that is missing."""
        if self.only is None:
            return plan
        if not isinstance(self.only, Mapping) or RUNS not in self.only:
            return plan.select(self.only)
        if set(self.only) != {RUNS}:
            raise RequestRefused(f"only: {RUNS} stands alone.")
        wanted = rectangles.cells_of(rectangles.checked(self.only[RUNS], grid), grid)
        cells = plan.columns
        found = plan.part(np.isin(grid.offsets[cells.item] + cells.trial, wanted))
        if not len(found):
            raise ArgumentError("Nothing is missing of what is selected.")
        return found

    def applied(self, calls: Callables) -> Callables:
        """The callables with these threads and stop rules. Raises ArgumentError for ``max_cost`` without a source."""
        calls = replace(calls, task_threads=self.threads or calls.task_threads)
        if self.limits is None:
            return calls
        return arguments.bounded(calls, replace(calls.limits, **self.limits))


ALL = Terms()
"""All that is missing, as it was given."""


def limits_json(limits: Limits, terms: Terms) -> Json:
    """The stop rules that would hold."""
    return {rule: getattr(limits, rule) for rule in RULES} | dict(terms.limits or {})
