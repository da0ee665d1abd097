"""Why runs failed: groups of failures, as the panel shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from opik_resume import evaluate
from opik_resume.base.records import Attempt, CellState, ErrorInfo, ScoreResult, utc_now
from opik_resume.experiment.grid import Grid
from opik_resume.metrics import Equals
from opik_resume.metrics.base_metric import BaseMetric
from opik_resume.notebook.widget.looking import groups
from opik_resume.notebook.widget.looking.groups import groups_answer, groups_of
from opik_resume.stores.protocol import Store
from tests.builders import numbers
from tests.notebook.helpers import View

Views = Callable[..., View]
NOW = utc_now()


class Broken(BaseMetric):
    """Raises differently for even and odd numbers."""

    def __init__(self) -> None:
        super().__init__("broken", track=False)

    def score(self, n: int, **_: Any) -> ScoreResult:
        if n % 2:
            raise KeyError(f"no word {n}")
        raise ValueError(f"{n} words are too few")


def task(item: dict[str, Any]) -> dict[str, Any]:
    if item["n"] < 4:
        raise TimeoutError(f"request req_0{item['n']}1x22y4z took {item['n']} s")
    if item["n"] == 4:
        raise RuntimeError("something else")
    return {"output": item["reference"]}


def shown(view: View, experiment_id: str) -> list[tuple[Any, ...]]:
    reply = view.ask("groups", experiment=experiment_id)
    assert reply.content["ok"], reply
    result, buffer = reply.content["result"], np.frombuffer(reply.buffers[0], dtype="<u4")
    assert result["total"] == len(result["groups"])
    rows = []
    for group in result["groups"]:
        start, length = group["cells"]
        rows.append((group["kind"], group["metric"], group["type"], group["message"], buffer[start : start + length]))
        assert group["count"] == length
    return rows


def test_failures_are_grouped_by_type_and_pattern_of_tasks_and_of_each_metric(store: Store, view: Views) -> None:
    result = evaluate(
        numbers(store, 11), task, [Broken(), Equals(name="equals")], experiment_name="e", verbose=0, store=store
    )
    opened = view()
    cells = {opened.result("cell", experiment=result.experiment_id, cell=n)["item"]["n"]: n for n in range(11)}
    found = {row[:4]: sorted(row[4].tolist()) for row in shown(opened, result.experiment_id)}

    def at(*items: int) -> list[int]:
        return sorted(cells[n] for n in items)

    assert found == {
        ("task", None, "TimeoutError", "request req_<id> took <number> s"): at(0, 1, 2, 3),
        ("task", None, "RuntimeError", "something else"): at(4),
        ("metric", "broken", "KeyError", "<value>"): at(5, 7, 9),
        ("metric", "broken", "ValueError", "<number> words are too few"): at(6, 8, 10),
    }
    assert [len(row[4]) for row in shown(opened, result.experiment_id)] == [4, 3, 3, 1]  # the largest first
    assert opened.result("groups", experiment=result.experiment_id)["groups"][0]["group"] == (
        "TimeoutError: request req_<id> took <number> s"
    )


def test_what_is_complete_and_what_never_ran_is_in_no_group(store: Store, view: Views) -> None:
    result = evaluate(numbers(store, 3), lambda item: {"output": item["reference"]}, [], verbose=0, store=store)
    assert shown(view(), result.experiment_id) == []


def attempt(item: int, **fields: Any) -> Attempt:
    return Attempt(f"a{item}", "e", f"i{item}", 0, NOW, ended_at=NOW, **fields)


def grid_of(*attempts: Attempt) -> Grid:
    return Grid({attempt.item_id: 1 for attempt in attempts}, attempts)


def test_interrupted_runs_are_a_group_and_a_metric_that_was_not_given_is_one() -> None:
    grid = grid_of(
        attempt(0, error=ErrorInfo("KeyboardInterrupt", "", "")),
        attempt(1, complete=True, returned=True, missing_metrics=("judge",)),
    )
    assert grid.states.tolist() == [CellState.interrupted, CellState.scores_missing]
    found = {group[:4]: cells.tolist() for group, cells in groups_of(grid).items()}
    assert found == {
        ("interrupted", "", "", "stopped while running"): [0],
        ("metric", "judge", "", "not given"): [1],
    }


def test_a_reply_is_bounded_and_counts_what_it_does_not_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MOST_GROUPS", 2)
    monkeypatch.setattr(groups, "MOST_CELLS", 4)
    kinds = ["A"] * 3 + ["B"] * 2 + ["C"]
    grid = grid_of(*(attempt(n, error=ErrorInfo(kind, "", "")) for n, kind in enumerate(kinds)))
    result, buffers = groups_answer(grid)
    assert result is not None
    assert (result["total"], len(result["groups"]), len(buffers[0])) == (3, 2, 16)
    assert [(group["count"], group["cells"]) for group in result["groups"]] == [(3, [0, 3]), (2, [3, 1])]


def test_the_answer_comes_later_when_it_takes_long(store: Store, view: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    from opik_resume.notebook.background import patience

    result = evaluate(numbers(store, 2), task, [], verbose=0, store=store)
    opened = view()
    opened.result("open", experiment=result.experiment_id)
    monkeypatch.setattr(patience, "PATIENCE", 0.0)
    heard = len(opened.feed.messages)
    reply = opened.ask("groups", experiment=result.experiment_id)
    while reply.content["result"] is None:
        opened.hear(heard)
        reply = opened.ask("groups", experiment=result.experiment_id)
    assert reply.content["result"]["total"] == 1
