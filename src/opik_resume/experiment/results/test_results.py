"""One complete run as evaluation results hold it: Opik's ``TestCase`` and ``TestResult``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from opik_resume.base.records import Json, ScoreResult


@dataclass
class TestCase:
    """One output of the task, and the item it was given. Fields as in ``opik``."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    trace_id: str
    dataset_item_id: str
    task_output: Json
    dataset_item_content: Json = field(default_factory=dict)
    mapped_scoring_inputs: Json | None = None
    dataset_item: Any = None


@dataclass
class TestResult:
    """One complete run. ``trial_id`` is its true trial, counted from 0; times are in seconds. Fields as in ``opik``.

    ``version`` stands for the task and the metrics that made it: runs of one version were made by the same ones.
    And ``cost``: in US dollars, None where nobody knows. ``position`` is that of the item in the experiment's order.
    """

    __test__ = False

    test_case: TestCase
    score_results: list[ScoreResult]
    trial_id: int
    task_execution_time: float | None = None
    scoring_time: float | None = None
    version: str | None = None
    cost: float | None = None
    position: int | None = None


def only(results: Iterable[TestResult], scores: Mapping[str, Sequence[ScoreResult]]) -> list[TestResult]:
    """The results with these scores, by trace, and no others: none where there are none."""
    return [replace(each, score_results=list(scores.get(each.test_case.trace_id, ()))) for each in results]
