"""``only=``, ``plan[...]``, ``plan=`` and ``dry_run=``: less of a plan, the same words at every door."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from opik_resume import evaluate_resume, exceptions, plan_resume
from opik_resume.experiment.planning.choosing import Only
from opik_resume.experiment.planning.plan import ResumePlan
from opik_resume.experiment.reading import find_experiment, read_experiment
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.stores.protocol import Store
from tests.selections import (
    ITEMS,
    JUDGE,
    JUDGED,
    LIMITED,
    MENDED,
    MISSING,
    PATTERN,
    SELECTIONS,
    TRIALS,
    UNSCORED,
    Cells,
    Selection,
    Task,
    both,
    lacking,
)

each_selection = pytest.mark.parametrize("selection", SELECTIONS.values(), ids=SELECTIONS)


def resumed(task: Task, **options: Any) -> EvaluationResult:
    result: EvaluationResult = evaluate_resume("e", task, [MENDED], **{"verbose": 0, "task_threads": 4, **options})
    return result


def cells(plan: ResumePlan, ids: dict[int, str]) -> Cells:
    number = {item_id: n for n, item_id in ids.items()}
    return {(number[cell.key.item_id], cell.key.trial) for cell in plan.cells}


PLANS: dict[str, Callable[[Only], ResumePlan]] = {
    "plan_resume": lambda only: plan_resume("e", only=only),
    "brackets": lambda only: plan_resume("e")[only],
    "select": lambda only: plan_resume("e").select(only),
    "dry run": lambda only: evaluate_resume("e", Task(), [JUDGE], only=only, dry_run=True),
    "dry run of a plan": lambda only: evaluate_resume(
        "e", Task(), [JUDGE], plan=plan_resume("e", only=only), dry_run=True
    ),
    "both": lambda only: evaluate_resume("e", Task(), [JUDGE], plan=plan_resume("e"), only=only, dry_run=True),
}
RUNS: dict[str, Callable[[Task, Only], EvaluationResult]] = {
    "evaluate_resume": lambda task, only: resumed(task, only=only),
    "a part of a plan": lambda task, only: resumed(task, plan=plan_resume("e")[only]),
}


@pytest.mark.parametrize("door", PLANS)
def test_every_plan_has_the_cells_that_are_meant(store: Store, door: str) -> None:
    ids = lacking(store)
    for said, selection in SELECTIONS.items():
        made = PLANS[door](selection.said(ids))
        assert cells(made, ids) == selection.meant, said
        assert (made.left, made.kept) == (len(MISSING) - len(selection.meant), ITEMS * TRIALS - len(MISSING)), said


@each_selection
@pytest.mark.parametrize("door", RUNS)
def test_every_run_runs_the_cells_that_are_meant_and_no_other(store: Store, selection: Selection, door: str) -> None:
    ids, task = lacking(store), Task(mended=True)
    result = RUNS[door](task, selection.said(ids))
    assert cells(plan_resume("e"), ids) == MISSING - selection.meant
    assert task.calls.total() == len(selection.meant - both(JUDGED)), "missing scores take no call of the task"
    there = ITEMS * TRIALS - len(MISSING - selection.meant - both(JUDGED))
    assert (len(result.test_results), result.expected, result.complete) == (there, ITEMS * TRIALS, False)
    assert len(result.failures) == len(MISSING - selection.meant), "of the whole experiment"
    assert store.get(result.experiment_id).status == "running"


def test_a_part_and_then_the_rest_is_the_whole(store: Store) -> None:
    lacking(store)
    task = Task(mended=True)
    for only in ("failed", {"trials": 0}):
        assert not resumed(task, only=only).complete
    whole = resumed(task)
    assert (whole.complete, store.get(whole.experiment_id).status) == (True, "completed")
    assert task.calls.total() == len(MISSING - both(JUDGED))


NOWHERE: list[tuple[Any, str]] = [
    (
        "RateLimitEror",
        r"nothing that is missing matches 'RateLimitEror'. There is 'RateLimitError' \(exception, 2 runs\), ",
    ),
    ("completed", r"matches 'completed'. There is '"),
    ("interrupted", r"'failed' \(state, 5 runs\), .* and 7 more"),
    (["failed", "juge"], r"There is 'judge' \(metric, 2 runs\), "),
    ({"states": "judge"}, "nothing that is missing matches 'judge'"),
    ({"items": "nobody"}, "no item 'nobody' is missing anything. There is '"),
    ({"trials": 7}, "nothing of trial 7 is missing. There is of trials 0, 1"),
    ({"cells": [("nobody", 0)]}, "no item 'nobody'"),
    ({"metrics": "judge", "states": "failed"}, "nothing that is missing matches all of metrics, states"),
    ([], "only is empty"),
    ({}, "only is empty"),
    ({"items": []}, "only: items is empty"),
    ({"item": "x"}, "a dict has no key 'item', but states, exceptions, groups, metrics, items, trials, cells"),
    (7.5, "only must be a string, a list or a dict, got float"),
    ([7], "only must be a string, a list or a dict, got int"),
    ({"trials": "first"}, "trials are whole numbers"),
    ({"items": 7.5}, "items must be one or a list, got float"),
    ({"items": [7.5]}, "items are ids, which are strings, or positions, counted from 0, got 7.5"),
    ({"items": [True]}, "items are ids, which are strings, or positions"),
    ({"items": 700}, "there is no item 700: positions are 0 to "),
    ({"items": -1}, "there is no item -1: positions are 0 to "),
    ({"cells": ["x"]}, "cells are pairs"),
    ({"cells": [(True, 0)]}, "cells are pairs"),
    ({"cells": [(700, 0)]}, "there is no item 700"),
    ({"cells": [(0, 7)]}, "trial 7 of item '.*' is not missing|nothing of item '.*' is missing"),
    ({"states": [7]}, "states must be strings, got 7"),
]


@pytest.mark.parametrize("door", [*PLANS, "evaluate_resume"])
def test_what_matches_nothing_is_an_error_that_names_what_there_is(store: Store, door: str) -> None:
    lacking(store)
    task = Task(mended=True)
    asked: dict[str, Callable[[Only], Any]] = {**PLANS, "evaluate_resume": lambda only: resumed(task, only=only)}
    for only, says in NOWHERE:
        with pytest.raises(exceptions.ArgumentError, match=says):
            asked[door](only)
    assert (task.calls.total(), store.leases.holder(plan_resume("e").experiment_id)) == (0, None)


def test_what_is_complete_is_said_to_be(store: Store) -> None:
    ids = lacking(store)
    with pytest.raises(exceptions.ArgumentError, match=f"nothing of item '{ids[6]}' is missing"):
        plan_resume("e", only={"items": [ids[6]]})
    with pytest.raises(exceptions.ArgumentError, match=f"trial 0 of item '{ids[4]}' is not missing"):
        plan_resume("e", only={"cells": (ids[4], 0)})
    resumed(Task(mended=True))
    with pytest.raises(exceptions.ArgumentError, match="nothing matches 'failed', since nothing is missing"):
        resumed(Task(), only="failed")


def test_a_plan_is_sliced_by_its_cells(store: Store) -> None:
    lacking(store)
    plan = plan_resume("e")
    assert list(plan[:3].cells) == list(plan.cells[:3]) == list(plan)[:3]
    assert [plan[-1].cells[0].key, len(plan[2])] == [plan.cells[-1].key, 1]
    assert (plan[:3].left, plan[:3][1:].left) == (len(plan) - 3, len(plan) - 2)
    with pytest.raises(IndexError):
        plan[len(plan)]
    assert "1 run, 2 runs to score again; 5 kept, 6 left missing" in plan[:3].summary()
    assert "nothing to run; 5 kept, 9 left missing" in plan[:0].summary()


def test_a_dry_run_starts_and_records_nothing(store: Store) -> None:
    lacking(store)
    task, before = Task(mended=True), plan_resume("e")
    plan = evaluate_resume("e", task, [JUDGE], dry_run=True)
    assert isinstance(plan, ResumePlan)
    assert (list(plan.cells), task.calls.total()) == (list(before.cells), 0)
    assert [len(store.attempts(plan.experiment_id)), store.leases.holder(plan.experiment_id)] == [12, None]


def test_a_plan_runs_less_what_was_done_meanwhile(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    ids = lacking(store)
    plan, task = plan_resume("e", only="failed"), Task(mended=True)
    resumed(task, only="RateLimitError")
    with caplog.at_level(logging.WARNING):
        resumed(task, plan=plan)
    assert task.calls == {LIMITED: 2, UNSCORED: 2, 4: 1}, "each once"
    assert "2 cells were left out: 2 × no longer missing" in caplog.text
    assert not cells(plan_resume("e"), ids) & cells(plan, ids)
    result = resumed(task, plan=plan)
    assert (task.calls.total(), result.complete, result.expected) == (5, False, ITEMS * TRIALS)


def test_never_a_cell_more_than_the_plan_has(store: Store) -> None:
    lacking(store)
    assert resumed(Task(mended=True), plan=plan_resume("e")[:0]).expected == ITEMS * TRIALS
    task = Task(mended=True)
    resumed(task, plan=plan_resume("e", only="TimeoutError"))
    assert task.calls == {4: 1}


def test_a_plan_of_another_experiment_is_an_error(store: Store) -> None:
    lacking(store)
    lacking(store, "other")
    with pytest.raises(exceptions.ArgumentError, match=r"plan is of the experiment 'other' .*, not of 'e'"):
        resumed(Task(), plan=plan_resume("other"))
    with pytest.raises(exceptions.ArgumentError, match="plan must be a ResumePlan"):
        resumed(Task(), plan=["failed"])


def test_a_plan_knows_whether_outputs_are_used_again(store: Store) -> None:
    lacking(store)
    task = Task(mended=True)
    plan = plan_resume("e", reuse_outputs=True, only="scoring_failed")
    assert {cell.action for cell in plan} == {"score"}
    with pytest.raises(exceptions.ArgumentError, match="plan was made without reuse_outputs"):
        resumed(task, plan=plan_resume("e"), reuse_outputs=True)
    resumed(task, plan=plan, scoring_key_mapping={"low": "n"})
    assert (task.calls.total(), len(plan_resume("e"))) == (0, len(MISSING) - 2)


def test_a_plan_lists_groups_with_counts(store: Store) -> None:
    lacking(store)
    plan = plan_resume("e")
    assert f"       2  task_failed: {PATTERN}\n" in repr(plan)
    assert "       2  scores_missing (judge): ZeroDivisionError: division by zero" in repr(plan)
    assert "<td>judge</td>" in plan._repr_html_()
    assert "Limit &lt;number&gt;, used" in plan._repr_html_()
    frame = plan.to_pandas()
    assert (frame.failure_group == PATTERN).sum() == 2
    assert frame[frame.failure_group == PATTERN].reason.nunique() == 2, "what it was exactly stays"


def test_what_is_read_in_a_table_can_be_typed(store: Store) -> None:
    """An item by its id and by its position in the experiment's order, counted from 0, mean the same everywhere."""
    lacking(store)
    order = list(read_experiment(find_experiment("e", store), store).grid.item_ids)
    plan = plan_resume("e")
    result = resumed(Task(mended=True), max_runs=1)
    for frame in (plan.to_pandas(), result.failures, result.to_pandas()):
        assert list(frame.columns[:3]) == ["item_id", "position", "trial"]
        assert [order[position] for position in frame.position] == list(frame.item_id)
    for _, row in plan.to_pandas().iterrows():
        by_position, by_id = plan[{"items": row.position}], plan[{"items": row.item_id}]
        assert list(by_position.cells) == list(by_id.cells) != []
        assert list(plan[{"cells": (row.position, row.trial)}]) == list(plan[{"cells": [(row.item_id, row.trial)]}])


def test_plan_and_result_say_the_same_groups(store: Store) -> None:
    lacking(store)
    result = resumed(Task(mended=True), max_runs=1)
    plan = plan_resume("e").to_pandas().set_index(["item_id", "trial"]).failure_group
    failures = result.failures.set_index(["item_id", "trial"]).failure_group
    assert plan.to_dict() == failures.to_dict()
    groups = result.failure_groups
    assert list(groups.columns) == ["group", "kind", "count", "first_cell", "example"]
    assert groups["count"].sum() == len(result.failures)
    kinds = dict(zip(groups.group, groups.kind, strict=True))
    assert (kinds[PATTERN], kinds["ZeroDivisionError: division by zero"], kinds["never started"]) == (
        "task", "judge", "never_run",
    )  # fmt: skip
    assert "scoring" in set(groups.kind)
    for row in groups.itertuples():
        only = {"cells": [row.first_cell], "groups": [row.group]}
        assert len(plan_resume("e", only=only)) == 1, "what a row says can be chosen by"
