"""The names of what an experiment was evaluated with."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from opik_resume.base.metadata import remembered
from opik_resume.base.metadata.remembered import Remembered
from opik_resume.metrics import Equals


def answer(item: dict[str, Any]) -> dict[str, Any]:
    return item


def test_names_are_kept_beside_what_is_there() -> None:
    before = {"model": "m", "opik_resume": {"expected": 3, "task": "old"}}
    kept = remembered.embed(before, answer, (Equals(name="equals"), Equals(name="again")), 4)
    assert kept["model"] == "m"
    assert kept["opik_resume"]["expected"] == 3
    assert remembered.read(kept) == Remembered("answer", ("equals", "again"), 4)
    assert before["opik_resume"] == {"expected": 3, "task": "old"}


def test_a_task_without_a_name_is_called_by_its_kind() -> None:
    assert remembered.task_name(partial(answer)) == "partial"


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {},
        {"opik_resume": "text"},
        {"opik_resume": {"task": 7, "metrics": "x", "threads": "many"}},
        {"opik_resume": {"threads": 0}},
        {"opik_resume": {"threads": True}},
        {"opik_resume": {"metrics": [1, {}]}},
    ],
)
def test_anything_else_is_nothing(metadata: Any) -> None:
    assert remembered.read(metadata) == Remembered()
