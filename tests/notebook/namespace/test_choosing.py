"""Whose task and metrics a click calls, as the browser sees it."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any

import pytest

from opik_resume import browse, evaluate, evaluate_prompt
from opik_resume.base.records import CellState
from opik_resume.lifecycle import registry
from opik_resume.metrics import Contains, Equals
from opik_resume.notebook.background.desk import Desk
from opik_resume.notebook.namespace.choosing import Given
from opik_resume.notebook.namespace.noticing import Notice
from opik_resume.notebook.widget.finishing.offers import CHOOSE, NO_TASK
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers
from tests.experiments import unstarted
from tests.notebook.helpers import View, reading_of

Views = Callable[..., View]
DEFINED = """
def answer(item): return {"output": str(item["n"])}
def other(item): return {"output": "other"}
"""


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The namespace of a notebook after a restart."""
    module = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    monkeypatch.setattr(registry, "_used", type(registry._used)())
    exec(DEFINED, module.__dict__)
    module.__dict__["equals"] = Equals(name="equals")
    return module.__dict__


def plan_of(shown: View, experiment_id: str) -> dict[str, Any]:
    return dict(shown.told("open", experiment=experiment_id)["plan"])


def choose(shown: View, experiment_id: str, task: str | None, *metrics: str) -> dict[str, Any]:
    return dict(shown.result("choose", experiment=experiment_id, task=task, metrics=list(metrics))["plan"])


def resume(shown: View, experiment_id: str, plan: dict[str, Any]) -> None:
    shown.result("resume", experiment=experiment_id, plan=plan["id"])
    shown.ended()


def test_what_the_notebook_has_is_offered_and_nothing_is_chosen(
    store: Store, view: Views, notebook: dict[str, Any]
) -> None:
    experiment = unstarted(store, "new", numbers(store, 2))
    plan = plan_of(view(namespace=notebook), experiment.id)
    assert plan["offered"] == {
        "tasks": ["answer", "other"],
        "metrics": [{"variable": "equals", "name": "equals"}],
    }
    assert plan["chosen"] == {"task": None, "metrics": []}
    assert (plan["task"], plan["metrics"], plan["obstacle"]) == (None, [], CHOOSE)


class Model:
    """In place of litellm."""

    def get_llm_provider(self, model: str) -> None: ...

    def completion(self, messages: list[dict[str, str]], **options: Any) -> Any:
        message = types.SimpleNamespace(content=messages[-1]["content"])
        return types.SimpleNamespace(choices=[types.SimpleNamespace(message=message)])


def test_a_prompt_is_its_own_task_after_a_restart(
    store: Store, view: Views, notebook: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Model()
    monkeypatch.delitem(sys.modules, "opik", raising=False)
    monkeypatch.setitem(sys.modules, "litellm", model)
    monkeypatch.setattr("opik_resume.integrations.chat_models.TRIES", 1)
    with monkeypatch.context() as broken:
        broken.setattr(Model, "completion", lambda self, **call: 1 / 0)
        made = evaluate_prompt(numbers(store, 2), [{"role": "user", "content": "{{n}}"}], "gpt-5", verbose=0)
    registry._used.clear()
    shown = view(namespace=notebook)
    plan = plan_of(shown, made.experiment_id)
    assert (plan["task"], plan["obstacle"], plan["offered"]["tasks"]) == ("_prompt_evaluation_task", None, [])
    resume(shown, made.experiment_id, plan)
    assert shown.result("cell", experiment=made.experiment_id, cell=0)["output"]["output"] == "1"


def test_what_is_chosen_is_run_as_it_is_at_the_click(store: Store, view: Views, notebook: dict[str, Any]) -> None:
    experiment = unstarted(store, "new", numbers(store, 2))
    shown = view(namespace=notebook)
    plan_of(shown, experiment.id)
    plan = choose(shown, experiment.id, "other", "equals")
    assert plan["chosen"] == {"task": "other", "metrics": ["equals"]}
    assert (plan["task"], plan["metrics"], plan["obstacle"]) == ("other", ["equals"], None)
    exec("def other(item): return {'output': 'by now'}", notebook)
    resume(shown, experiment.id, plan)
    cell = shown.result("cell", experiment=experiment.id, cell=0)
    assert cell["output"] == {"output": "by now"}
    assert [score["name"] for score in cell["scores"]] == ["equals"]


@pytest.mark.parametrize(
    ("task", "metrics"),
    [
        ("evaluate", []),
        ("__import__", []),
        ("_hidden", []),
        ("gone", []),
        ("equals", []),
        ("answer", ["answer"]),
        ("answer", ["equals", "Equals"]),
    ],
)
def test_what_is_not_offered_is_refused(
    task: str, metrics: list[str], store: Store, view: Views, notebook: dict[str, Any]
) -> None:
    notebook.update(_hidden=notebook["answer"], Equals=Equals, evaluate=evaluate)
    experiment = unstarted(store, "new", numbers(store, 2))
    shown = view(namespace=notebook)
    plan = plan_of(shown, experiment.id)
    refusal = shown.refusal("choose", experiment=experiment.id, task=task, metrics=metrics)
    assert refusal["message"].endswith("on offer.")
    assert shown.refusal("resume", experiment=experiment.id, plan=plan["id"])["message"] == CHOOSE


@pytest.mark.parametrize("choice", [{"task": 7, "metrics": []}, {"task": "answer"}, {"task": None, "metrics": [1]}])
def test_a_choice_is_made_of_texts(choice: dict[str, Any], store: Store, view: Views, notebook: dict[str, Any]) -> None:
    experiment = unstarted(store, "new", numbers(store, 2))
    assert view(namespace=notebook).refusal("choose", experiment=experiment.id, **choice)["type"] == "RequestRefused"


def test_what_is_gone_by_the_click_is_not_called(store: Store, view: Views, notebook: dict[str, Any]) -> None:
    experiment = unstarted(store, "new", numbers(store, 2))
    shown = view(namespace=notebook)
    plan = choose(shown, experiment.id, "answer")
    del notebook["answer"]
    assert shown.refusal("resume", experiment=experiment.id, plan=plan["id"])["message"] == CHOOSE
    assert reading_of(store, experiment.id).grid.done == 0


def test_remembered_names_preselect(store: Store, view: Views, notebook: dict[str, Any]) -> None:
    def answer(item: dict[str, Any]) -> dict[str, Any]:
        raise ValueError(item)

    data = numbers(store, 2)
    result = evaluate(data, answer, [Equals(name="equals"), Contains(name="gone")], verbose=0, store=store)
    kept = store.get(result.experiment_id).metadata["opik_resume"]
    assert (kept["task"], kept["threads"]) == ("answer", 16)
    assert [metric["name"] for metric in kept["metrics"]] == ["equals", "gone"]
    registry._used.clear()  # the kernel was restarted
    notebook["judge"] = notebook.pop("equals")
    shown = view(namespace=notebook)
    plan = plan_of(shown, result.experiment_id)
    assert plan["chosen"] == {"task": "answer", "metrics": ["judge"]}
    assert plan["obstacle"] is None
    assert choose(shown, result.experiment_id, None)["chosen"] == {"task": None, "metrics": []}
    assert plan_of(shown, result.experiment_id)["chosen"]["task"] is None, "a choice is kept"
    assert plan_of(view(namespace=notebook), result.experiment_id)["chosen"]["task"] == "answer", (
        "another view's is its own"
    )


def test_without_anything_to_offer_the_plan_says_what_to_define(
    store: Store, view: Views, notebook: dict[str, Any]
) -> None:
    experiment = unstarted(store, "new", numbers(store, 2))
    assert plan_of(view(), experiment.id)["obstacle"] == NO_TASK
    result = evaluate(numbers(store, 1, "more"), CountingTask(lambda item, call: True), verbose=0, store=store)
    registry._used.clear()
    assert "define CountingTask(item) here" in plan_of(view(), result.experiment_id)["obstacle"]


def test_what_was_given_is_not_a_matter_of_choice(store: Store, view: Views, notebook: dict[str, Any]) -> None:
    experiment = unstarted(store, "new", numbers(store, 2))
    plan = plan_of(view(Given(CountingTask(), ()), notebook), experiment.id)
    assert plan["offered"] == {"tasks": [], "metrics": []}
    shown = view(Given(notebook["answer"]), notebook)
    plan = plan_of(shown, experiment.id)
    assert (plan["task"], plan["offered"]["tasks"]) == ("answer", [])
    assert [metric["variable"] for metric in plan["offered"]["metrics"]] == ["equals"]
    assert choose(shown, experiment.id, None, "equals")["metrics"] == ["equals"]
    assert shown.refusal("choose", experiment=experiment.id, task="other", metrics=[])["type"] == "ArgumentError"


def test_a_complete_experiment_offers_nothing(store: Store, view: Views, notebook: dict[str, Any]) -> None:
    result = evaluate(numbers(store, 2), CountingTask(), [Equals()], verbose=0, store=store)
    registry._used.clear()
    assert plan_of(view(namespace=notebook), result.experiment_id)["offered"] == {"tasks": [], "metrics": []}


def test_a_metric_that_failed_can_be_chosen(store: Store, view: Views, notebook: dict[str, Any]) -> None:
    class Broken(Equals):
        def score(self, output: str, reference: str, **ignored: Any) -> Any:
            raise KeyError(output)

    task = CountingTask()
    result = evaluate(numbers(store, 2), task, [Broken(name="equals")], verbose=0, store=store)
    registry._used.clear()
    shown = view(namespace=notebook)
    assert plan_of(shown, result.experiment_id)["score"] == 2
    plan = choose(shown, result.experiment_id, "answer")
    assert plan["obstacle"] == "Every run is complete, but 2 runs lack scores: choose the metrics that failed."
    plan = choose(shown, result.experiment_id, "answer", "equals")
    assert (plan["run"], plan["score"], plan["obstacle"]) == (0, 2, None)
    resume(shown, result.experiment_id, plan)
    assert task.total == 2, "the task was called again"
    assert reading_of(store, result.experiment_id).grid.counts()[CellState.completed] == 2


def test_two_of_one_name_are_an_obstacle_and_another_choice_helps(
    store: Store, view: Views, notebook: dict[str, Any]
) -> None:
    experiment = unstarted(store, "new", numbers(store, 2))
    notebook["same"] = Equals(name="equals")
    shown = view(namespace=notebook)
    plan = choose(shown, experiment.id, "answer", "equals", "same")
    assert "named 'equals'" in plan["obstacle"]
    assert shown.refusal("resume", experiment=experiment.id, plan=plan["id"])["type"] == "ArgumentError"
    assert len(plan["offered"]["metrics"]) > 1
    assert choose(shown, experiment.id, "answer", "equals")["obstacle"] is None


# How many at a time


@pytest.mark.parametrize("restarted", [False, True])
def test_as_many_at_a_time_as_evaluate_was_given(
    store: Store, view: Views, notebook: dict[str, Any], *, restarted: bool
) -> None:
    task = CountingTask(fail=lambda item, call: True)
    result = evaluate(numbers(store, 2), task, verbose=0, task_threads=3, store=store)
    if restarted:
        registry._used.clear()
    browser = browse(store=store)
    offers = browser._offers
    assert offers.offer(reading_of(store, result.experiment_id)).picked.threads == 3
    browser.close()
    given = browse(store=store, task_threads=5)
    assert given._offers.offer(reading_of(store, result.experiment_id)).picked.threads == 5
    given.close()


def test_of_an_experiment_that_does_not_say_it_is_sixteen(store: Store, view: Views, notebook: dict[str, Any]) -> None:
    experiment = unstarted(store, "new", numbers(store, 2))
    assert plan_of(view(namespace=notebook), experiment.id)["threads"] == 16


# Redefined metrics


def test_a_metric_that_was_made_anew_wins_and_says_so(store: Store, view: Views, notebook: dict[str, Any]) -> None:
    experiment = unstarted(store, "new", numbers(store, 2))
    shown = view(Given(notebook["answer"], [notebook["equals"]]), notebook)
    assert plan_of(shown, experiment.id)["metrics"] == ["equals"]
    notebook["equals"] = Equals(case_sensitive=True, name="equals")
    plan = plan_of(shown, experiment.id)
    assert plan["metrics"] == ["equals (as redefined)"]
    notebook["equals"] = Contains(name="something else")
    assert plan_of(shown, experiment.id)["metrics"] == ["equals"], "it has another name"


def test_a_metric_whose_class_was_defined_anew_wins(store: Store, view: Views, notebook: dict[str, Any]) -> None:
    code = "class Judge:\n  name = 'judge'\n  def score(self, output, **ignored): return {!r}\njudge = Judge()"
    exec(code.format("old"), notebook)
    result = evaluate(numbers(store, 1), notebook["other"], [notebook["judge"]], verbose=0, store=store)
    shown = view(namespace=notebook)
    assert shown.told("plan", experiment=result.experiment_id)["plan"]["metrics"] == ["judge"]
    exec(code.format("new"), notebook)
    assert shown.told("plan", experiment=result.experiment_id)["plan"]["metrics"] == ["judge (as redefined)"]


def test_a_metric_without_a_variable_is_never_replaced(store: Store, view: Views, notebook: dict[str, Any]) -> None:
    experiment = unstarted(store, "new", numbers(store, 2))
    shown = view(Given(notebook["answer"], [Equals(case_sensitive=True, name="equals")]), notebook)
    assert plan_of(shown, experiment.id)["metrics"] == ["equals"]


# Noticing


def test_views_are_told_when_a_cell_defines_something(
    store: Store, view: Views, notebook: dict[str, Any], desk: Desk
) -> None:
    notice = Notice(types.SimpleNamespace(user_ns=notebook), desk)  # type: ignore[arg-type]
    shown = view(namespace=notebook)

    def told() -> int:
        return sum(message.content["kind"] == "changed" for message in shown.feed.messages)

    notice.after_cell()
    notebook["text"] = "nothing to call"
    notice.after_cell()
    assert told() == 0
    exec(DEFINED, notebook)  # the same names, new functions
    notice.after_cell()
    shown.feed.until(lambda _: told() == 1)
    notice.after_cell()
    notebook["judge"] = Equals()
    notice.after_cell()
    shown.feed.until(lambda _: told() == 2)
