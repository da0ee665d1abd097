"""The widget as Python sees it: traits that may be set and observed, and what can be done from a cell."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import traitlets
from ipywidgets import VBox  # type: ignore[import-untyped]

from opik_resume import evaluate
from opik_resume.base.records import CellKey
from opik_resume.exceptions import ArgumentError, ExperimentBusy, ExperimentNotFound, StoreError
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.lifecycle.rounds import rule
from opik_resume.metrics import Contains, Equals
from opik_resume.notebook.background.desk import Desk
from opik_resume.notebook.namespace.choosing import Given
from opik_resume.notebook.widget.control import ResumeBrowser
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers
from tests.experiments import unstarted
from tests.notebook.helpers import Gate, View, evaluated, reading_of
from tests.waiting import until

Views = Callable[..., View]


def heard(view: View, trait: str) -> list[Any]:
    changes: list[Any] = []
    view.widget.observe(lambda change: changes.append(change["new"]), trait)
    return changes


def refused(view: View, trait: str, value: Any) -> str:
    """What setting this says; it changes nothing."""
    before = view.widget.get_state(), view.widget.experiment, list(view.widget.selection)
    with pytest.raises((ArgumentError, ExperimentNotFound)) as error:
        setattr(view.widget, trait, value)
    assert (view.widget.get_state(), view.widget.experiment, list(view.widget.selection)) == before
    return str(error.value)


def test_the_experiment_is_set_by_name_or_id_and_follows_what_is_opened(store: Store, view: Views) -> None:
    first, second = evaluated(store, "first"), evaluated(store, "second")
    shown = view()
    changes = heard(shown, "experiment")
    shown.widget.experiment = "first"
    assert (shown.widget.experiment, shown.widget.selected) == (first, first)
    until(lambda: shown.screen().head.get("id") == first)
    shown.result("open", experiment=second)
    assert shown.widget.experiment == second
    shown.widget.experiment = second
    assert changes == [first, second]
    assert "Did you mean 'second'" in refused(shown, "experiment", "secnd")
    for wrong in (7, None, ""):
        assert "must be the name or id" in refused(shown, "experiment", wrong)


def test_what_the_widget_tells_its_front_end_is_its_own(store: Store, view: Views) -> None:
    experiment_id = evaluated(store)
    shown = view()
    shown.result("open", experiment=experiment_id)
    own = {"feed", "memory", "mode", "remote", "selected", "store"}
    assert own == set(ResumeBrowser.__dict__).intersection(shown.widget.keys) - {"_esm", "_css"}
    before = shown.widget.get_state()
    for name in own:
        with pytest.raises(traitlets.TraitError, match=f'"{name}" trait is read-only'):
            setattr(shown.widget, name, "browser")
    with pytest.raises(traitlets.TraitError, match="read-only"):
        shown.widget.feed.saved = {}
    assert shown.widget.get_state() == before
    assert (shown.widget.selected, shown.widget.mode) == (experiment_id, "browser")


def test_two_views_are_linked(store: Store, view: Views) -> None:
    first, second = evaluated(store, "first"), evaluated(store, "second")
    one, other = view(), view()
    one.widget.experiment = first
    link = traitlets.link((one.widget, "experiment"), (other.widget, "experiment"))
    selections = traitlets.link((one.widget, "selection"), (other.widget, "selection"))
    assert other.widget.selected == first
    key = reading_of(store, first).grid.key(2)
    other.widget.selection = [key]
    assert one.widget.selection == [key]
    other.result("open", experiment=second)
    assert one.widget.selected == second
    assert one.widget.selection == other.widget.selection == []
    link.unlink()
    selections.unlink()


def test_a_selection_is_pairs_both_ways(store: Store, view: Views) -> None:
    experiment_id = evaluated(store, items=4, trials=2, broken=())
    grid = reading_of(store, experiment_id).grid
    shown = view()
    assert shown.widget.selection == []
    shown.widget.experiment = experiment_id
    changes = heard(shown, "selection")
    shown.widget.selection = [(grid.item_ids[2], 1), (grid.item_ids[0], 0), (grid.item_ids[2], 1)]
    expected = [CellKey(grid.item_ids[0], 0), CellKey(grid.item_ids[2], 1)]
    assert shown.widget.selection == expected
    assert list(shown.widget.selection) == expected, "in order, each once"
    assert shown.widget.get_state()["rectangles"] == [(0, 1, 0, 1), (2, 3, 1, 2)]
    shown.told("select", experiment=experiment_id, runs=[[1, 3, 0, 2]])
    rest = [CellKey(grid.item_ids[row], trial) for row in (1, 2) for trial in (0, 1)]
    assert shown.widget.selection == rest
    assert [list(change) for change in changes] == [expected, rest]
    assert repr(shown.widget.selection[:1]) == repr([(grid.item_ids[1], 0)])
    shown.widget.selection = [(3, 1), (np.int64(0), 0)]
    assert list(shown.widget.selection) == [CellKey(grid.item_ids[0], 0), CellKey(grid.item_ids[3], 1)], "by position"
    shown.widget.selection = []
    assert shown.widget.get_state()["rectangles"] == []


def test_a_view_that_follows_a_selection_does_not_bring_it_back(store: Store, view: Views) -> None:
    """It asks for the scores of what it was told, and by then something else may be selected."""
    experiment_id = evaluated(store, items=4, trials=2, broken=())
    shown = view()
    shown.widget.experiment = experiment_id
    shown.widget.selection = [(0, 0)]
    shown.widget.selection = [(3, 1)]
    told = shown.told("select", experiment=experiment_id, runs=[[0, 1, 0, 1]], followed=True)
    assert told["scales"][0]["n"] == 1
    assert shown.widget.get_state()["rectangles"] == [(3, 4, 1, 2)]
    assert "followed" in shown.refusal("select", experiment=experiment_id, runs=[], followed=1)["message"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("first", "list of pairs"),
        ({"a": 1}, "list of pairs"),
        (7, "list of pairs"),
        ([("nobody", 0)], "no item 'nobody'. There is"),
        (["ab"], "selection[0] must be a pair"),
        ([7], "selection[0] must be a pair"),
        ([(3, 0)], "selection[0]: the experiment has items 0 to 1, got 3"),
        ([(-1, 0)], "selection[0]: the experiment has items 0 to 1, got -1"),
        ([(True, 0)], "selection[0] must be a pair"),
        ([(1.0, 0)], "selection[0] must be a pair"),
        ([(0, 1.5)], "selection[0] must be a pair"),
    ],
)
def test_what_is_no_selection_is_refused(store: Store, view: Views, value: Any, said: str) -> None:
    experiment_id = evaluated(store, items=2)
    shown = view()
    assert "no experiment is shown" in refused(shown, "selection", [("a", 0)])
    shown.widget.experiment = experiment_id
    key = reading_of(store, experiment_id).grid.key(0)
    shown.widget.selection = [key]
    assert said in refused(shown, "selection", value)
    assert "has only trial 0, got 1" in refused(shown, "selection", [key, (key.item_id, 1)])
    assert shown.widget.selection == [key]


def test_the_selected_runs_as_a_table(store: Store, view: Views) -> None:
    experiment_id = evaluated(store, items=4, broken=(1,))
    unstarted(store, "other", numbers(store, 1))
    shown = view()
    shown.widget.experiment = experiment_id
    assert len(shown.widget.selected_runs()) == 0
    shown.widget.selection = reading_of(store, experiment_id).grid.keys()
    table = shown.widget.selected_runs().set_index("item.n")
    assert list(table.loc[[0, 1, 2, 3], "state"]) == ["completed", "task_failed", "completed", "completed"]
    assert table.loc[1, "error_type"] == "RuntimeError"
    assert table.loc[0, "score.equals_metric"] == 1.0
    assert list(table["output.output"].fillna("")) == [n if n != "1" else "" for n in table["item.reference"]]
    assert (table["trial"] == 0).all()
    assert list(table["position"]) == [0, 1, 2, 3], "as it is on screen"


def test_failures_and_result_are_those_of_the_experiment(store: Store, view: Views) -> None:
    experiment_id = evaluated(store, items=4, broken=(1, 2))
    shown = view()
    for asked in (shown.widget.failures, shown.widget.selected_runs, shown.widget.stop, shown.widget.wait):
        with pytest.raises(ArgumentError, match="No experiment is shown"):
            asked()
    shown.widget.experiment = experiment_id
    assert list(shown.widget.failures()["state"]) == ["task_failed"] * 2
    result = shown.widget.result
    assert isinstance(result, EvaluationResult)
    assert (len(result.test_results), result.expected, len(result.failures)) == (2, 4, 2)


def test_a_part_is_resumed_from_a_cell_and_waited_for(store: Store, view: Views) -> None:
    experiment_id = evaluated(store, items=6, broken=(1, 3, 5))
    task = CountingTask()
    shown = view(Given(task, (Equals(),)))
    shown.widget.experiment = experiment_id
    failures = shown.widget.failures()
    shown.widget.selection = list(zip(failures["item_id"], failures["trial"], strict=True))[:1]
    with pytest.raises(ArgumentError, match="nothing that is missing matches"):
        shown.widget.resume("Nonsense*")
    plan = shown.widget.resume({"cells": shown.widget.selection})
    assert (len(plan), plan.left) == (1, 2)
    result = shown.widget.wait()
    assert (len(result.test_results), sum(task.calls.values())) == (4, 1)
    assert len(shown.widget.resume("failed")) == 2
    assert shown.widget.wait().complete
    assert len(shown.widget.resume()) == 0, "nothing is missing, nothing is started"


def test_it_goes_on_until_complete_from_a_cell_and_is_waited_for(
    store: Store, view: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "FIRST_SECONDS", 0.01)

    def late(item: dict[str, Any], call: int) -> bool:
        if call == 1:
            raise TimeoutError("no answer")
        return False

    task = CountingTask(fail=late)
    shown = view(Given(task, (Equals(),)))
    shown.widget.experiment = evaluated(store, items=6, broken=(1, 3, 5))
    with pytest.raises(ArgumentError, match="until_complete must be True or False"):
        shown.widget.resume(until_complete="yes")  # type: ignore[arg-type]
    assert len(shown.widget.resume(until_complete=True)) == 3
    assert shown.widget.wait().complete
    assert set(task.calls.values()) == {2}


def test_what_cannot_be_resumed_says_why(store: Store, view: Views) -> None:
    experiment_id = evaluated(store, items=4)
    shown = view()
    shown.widget.experiment = unstarted(store, "nobody knows its task", numbers(store, 1)).id
    with pytest.raises(ArgumentError, match="Resume needs the task"):
        shown.widget.resume()
    gate = Gate()
    busy = view(Given(gate, (Equals(),)))
    busy.widget.experiment = experiment_id
    with pytest.raises(ArgumentError, match="on_drift"):
        busy.widget.resume(on_drift="shrug")  # type: ignore[arg-type]
    busy.widget.resume()
    gate.wait_for_calls(2)
    with pytest.raises(ExperimentBusy):
        busy.widget.resume()
    gate.open.set()
    assert busy.widget.wait().complete


def test_a_stop_ends_a_wait_and_what_has_finished_is_kept(store: Store, view: Views) -> None:
    experiment_id = evaluated(store, items=6, broken=(0, 1, 2))
    gate = Gate()
    shown = view(Given(gate, (Equals(),), task_threads=1))
    shown.widget.experiment = experiment_id
    assert not shown.widget.stop(), "nothing runs"
    shown.widget.resume()
    gate.wait_for_calls(1)
    waited: list[EvaluationResult] = []
    waiting = threading.Thread(target=lambda: waited.append(shown.widget.wait()))
    waiting.start()
    assert shown.widget.stop()
    gate.open.set()
    waiting.join(10)
    assert [(len(result.test_results), result.complete) for result in waited] == [(4, False)]


def test_who_waits_for_a_resume_that_is_followed_by_the_next_waits_for_that(
    store: Store, view: Views, desk: Desk
) -> None:
    experiment_id = evaluated(store, items=3, broken=(0, 1))
    gate = Gate()
    shown = view(Given(gate, (Equals(),)))
    shown.widget.experiment = experiment_id
    shown.widget.resume()
    gate.wait_for_calls(2)
    told = threading.Event()
    desk.when_over(experiment_id, told.set)
    shown.widget.stop()
    first = desk.find(experiment_id)
    assert first is not None
    following = desk._register(first.plan, blocking=False)[0]  # as of a click while the first one stops
    gate.open.set()
    until(lambda: first.run is not None and not first.run.active)
    assert not told.is_set()
    desk._take_back(following, None)
    assert told.is_set()


def test_a_run_that_broke_is_an_error_of_the_wait(store: Store, view: Views, desk: Desk) -> None:
    experiment_id = evaluated(store)
    shown = view(Given(CountingTask(), (Equals(),)))
    shown.widget.experiment = experiment_id
    desk.broken(shown.widget._offers.planned(reading_of(store, experiment_id), "warn"), "the disk is full")
    with pytest.raises(StoreError, match="the disk is full"):
        shown.widget.wait()


def test_two_experiments_are_compared_item_by_item(store: Store, view: Views) -> None:
    dataset = numbers(store, 4)
    scored: Callable[[set[int]], Any] = lambda wrong: (  # noqa: E731
        lambda item: {"output": "no" if item["n"] in wrong else item["reference"]}
    )
    for name, wrong in (("before", {1, 2}), ("after", {2, 3})):
        metrics: list[Any] = [Equals(name="right"), Contains(name="in it"), Equals(name=f"only {name}")]
        evaluate(dataset, scored(wrong), metrics, experiment_name=name, verbose=0, store=store)
    stranger = unstarted(store, "stranger", numbers(store, 1, "others")).id
    shown = view()
    shown.widget.experiment = "after"
    table = shown.widget.compare("before")
    order = list(reading_of(store, shown.widget.experiment).grid.item_ids)
    assert [order[position] for position in table["position"]] == list(table["item_id"])
    assert {"in it.change", "only after", "only before.other"} <= set(table.columns)
    by = shown.widget.compare("before", metric="right")
    assert list(by.columns) == ["item_id", "position", "right", "right.other", "right.change"]
    for metric in ("only after", "wrong", ""):
        with pytest.raises(ArgumentError, match=f"no scores '{metric}' in both experiments, but 'in it', 'right'"):
            shown.widget.compare("before", metric=metric)
    with pytest.raises(ArgumentError, match="metric must be the name of a score, got 7"):
        shown.widget.compare("before", metric=7)  # type: ignore[arg-type]
    assert list(table["right.change"]) == list(by["right.change"]) == [-1.0, 0.0, 0.0, 1.0]
    assert sorted(zip(table["right"], table["right.other"], strict=True)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    with pytest.raises(ArgumentError, match="same dataset"):
        shown.widget.compare(stranger)
    with pytest.raises(ArgumentError, match="with itself"):
        shown.widget.compare("after")
    with pytest.raises(ExperimentNotFound):
        shown.widget.compare("nobody")


def test_it_composes_and_closes(store: Store, view: Views) -> None:
    experiment_id = evaluated(store)
    shown = view()
    box = VBox([shown.widget, shown.widget])
    assert box.get_state()["children"] == [f"IPY_MODEL_{shown.widget.model_id}"] * 2
    shown.widget.experiment = experiment_id
    box.close()
    assert shown.widget.result.expected == 8
    shown.widget.close()
    assert shown.control.closed
    assert shown.feed.closed
