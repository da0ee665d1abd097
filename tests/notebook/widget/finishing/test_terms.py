"""What a view chooses to resume, and on which terms: ``only``, threads, stop rules; what is said at the end; who holds it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opik_resume import evaluate
from opik_resume.base.ids import new_id
from opik_resume.base.records import LeaseHolder
from opik_resume.engine import Callables
from opik_resume.experiment.limits import Limits
from opik_resume.experiment.planning.plan import make_plan
from opik_resume.lifecycle.rounds import rule
from opik_resume.metrics import Equals
from opik_resume.metrics.base_metric import BaseMetric
from opik_resume.metrics.score_result import ScoreResult
from opik_resume.notebook.namespace.choosing import Given
from opik_resume.notebook.widget.finishing.holders import held
from opik_resume.notebook.widget.finishing.terms import Terms
from opik_resume.notebook.widget.looking.groups import groups_of
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers
from tests.notebook.helpers import Screen, View, evaluated, reading_of

Views = Callable[..., View]


class Choosy(BaseMetric):
    """Has no score for some items: it raises, or says that it failed."""

    def __init__(self) -> None:
        super().__init__("choosy", track=False)

    def score(self, n: int, **_: Any) -> ScoreResult:
        if n == 5:
            raise ValueError("no word")
        return ScoreResult("choosy", 0.0 if n == 6 else 1.0, scoring_failed=n == 6)


def failing(item: dict[str, Any]) -> dict[str, Any]:
    if item["n"] < 2:
        raise TimeoutError(f"no answer in {item['n']} s")
    if item["n"] == 2:
        raise KeyError("answer " * 100)
    return {"output": item["reference"]}


def mixed(store: Store, trials: int = 1) -> str:
    """Items 0 and 1 time out, 2 raises another error, 5 and 6 lack a score; all of them are 8."""
    dataset = numbers(store, 8)
    return evaluate(
        dataset, failing, [Equals(), Choosy()], experiment_name="mixed", trial_count=trials, verbose=0, store=store
    ).experiment_id


@pytest.mark.parametrize(
    ("only", "run", "score"),
    [
        (None, 3, 2),
        ("failed", 3, 0),
        ("scores_missing", 0, 2),
        ({"groups": ["TimeoutError: no answer in <number> s"]}, 2, 0),
        ({"groups": ["ValueError: no word"], "metrics": ["choosy"]}, 0, 1),
        ({"trials": [0]}, 3, 2),
        (["TimeoutError", "choosy"], 2, 2),
    ],
)
def test_a_plan_is_of_what_was_chosen_and_says_what_is_left(
    store: Store, view: Views, only: Any, run: int, score: int
) -> None:
    experiment_id = mixed(store)
    shown = view(Given(CountingTask(), (Equals(), Choosy())))
    plan = shown.told("plan", experiment=experiment_id, **({} if only is None else {"only": only}))["plan"]
    assert (plan["run"], plan["score"], plan["left"], plan["obstacle"]) == (run, score, 5 - run - score, None)


def test_every_group_of_the_panel_can_be_chosen_and_means_its_cells(store: Store) -> None:
    reading = reading_of(store, mixed(store))
    plan = make_plan("id", "name", reading.grid, None, original=["equals_metric", "choosy", "never given"])
    found = groups_of(reading.grid)
    assert len(found) == 4
    for group, cells in found.items():
        only: dict[str, Any] = {"groups": group.name} | ({"metrics": group.metric} if group.metric else {})
        assert [cell.key for cell in plan.select(only)] == [reading.grid.key(cell) for cell in cells.tolist()]


def test_of_a_selection_what_is_missing_is_planned_and_run(store: Store, view: Views) -> None:
    experiment_id = mixed(store, trials=2)
    task = CountingTask()
    shown = view(Given(task, (Equals(), Choosy())))
    grid = reading_of(store, experiment_id).grid
    (row,) = [n for n in range(8) if store_item(store, experiment_id, n)["n"] == 0]
    plan = shown.told("plan", experiment=experiment_id, only={"runs": [[row, row + 1, 1, 2]]})["plan"]
    assert (plan["run"], plan["score"], plan["left"]) == (1, 0, 9)
    shown.told("open", experiment=experiment_id)
    shown.result("resume", experiment=experiment_id, plan=plan["id"])
    screen = shown.ended()
    assert task.calls.total() == 1
    assert screen.states[grid.offsets[row] + 1] & 0x80
    assert screen.progress["summary"] == {"kept": 6, "replayed": 1, "repaired": 0, "missing": 9, "cost": None}
    nothing = shown.told("plan", experiment=experiment_id, only={"runs": [[row, row + 1, 1, 2]]})["plan"]
    assert (nothing["run"], nothing["obstacle"]) == (0, "Nothing is missing of what is selected.")


def store_item(store: Store, experiment_id: str, place: int) -> dict[str, Any]:
    reading = reading_of(store, experiment_id)
    return dict(reading.items[reading.grid.item_ids[place]].data)


def test_what_matches_nothing_any_more_is_an_obstacle_and_another_choice_may_help(store: Store, view: Views) -> None:
    shown = view(Given(CountingTask(), (Equals(),)))
    plan = shown.told("plan", experiment=evaluated(store), only="interrupted")["plan"]
    assert (plan["run"], plan["id"]) == (0, "")
    assert plan["obstacle"].startswith("only: nothing that is missing matches 'interrupted'. There is 'RuntimeError'")


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"only": 7}, "only must be a text"),
        ({"only": {"runs": [], "states": "failed"}}, "only: runs stands alone"),
        ({"only": {"runs": [[0, 99, 0, 1]]}}, "but the experiment has items 0 to 7"),
        ({"threads": 0}, "threads must be a whole number of 1 or more"),
        ({"threads": "16"}, "threads must be a whole number"),
        ({"threads": 100_000}, "threads must be 1,000 or fewer"),
        ({"limits": {"max_runs": -1}}, "max_runs must be a whole number"),
        ({"limits": {"max_seconds": "1"}}, "max_seconds must be a number of seconds"),
        ({"limits": {"breaker": None}}, "limits must be an object of max_runs"),
    ],
)
def test_terms_that_cannot_be_meant_are_refused(store: Store, view: Views, terms: dict[str, Any], said: str) -> None:
    experiment_id = evaluated(store)
    shown = view(Given(CountingTask(), (Equals(),)))
    reply = shown.ask("plan", experiment=experiment_id, **terms).content
    assert said in (reply["result"]["plan"]["obstacle"] if reply["ok"] else reply["error"]["message"])


def test_threads_and_stop_rules_are_those_of_the_plan_that_was_shown(store: Store, view: Views) -> None:
    experiment_id = evaluated(store, items=8, broken=(1, 3, 5))
    task = CountingTask()
    shown = view(Given(task, (Equals(),), task_threads=2))
    shown.told("open", experiment=experiment_id)
    limits = {"max_runs": 1, "max_seconds": None, "max_failures": None, "max_cost": None}
    plan = shown.told("plan", experiment=experiment_id, threads=1, limits=limits)["plan"]
    assert (plan["threads"], plan["limits"], plan["priced"]) == (1, limits, False)
    unlimited = shown.told("plan", experiment=experiment_id)["plan"]
    assert (unlimited["threads"], unlimited["limits"]["max_runs"]) == (2, None)
    shown.result("resume", experiment=experiment_id, plan=plan["id"])
    screen = shown.ended("limited")
    assert task.calls.total() == 1
    assert screen.progress["message"].startswith("1 run started (max_runs=1); 2 not started.")
    assert screen.progress["summary"] == {"kept": 5, "replayed": 1, "repaired": 0, "missing": 2, "cost": None}


def test_terms_change_what_they_name_and_nothing_else() -> None:
    calls = Callables(CountingTask(), task_threads=8, limits=Limits(max_failures=3, breaker=None))
    assert Terms().applied(calls) == calls
    bounded = Terms(threads=3, limits={"max_runs": 5}).applied(calls)
    assert (bounded.task_threads, bounded.limits) == (3, Limits(max_runs=5, max_failures=3, breaker=None))


def test_a_bound_on_costs_needs_a_source_and_what_was_paid_is_said(store: Store, view: Views) -> None:
    priced = evaluate(
        numbers(store, 4), CountingTask(fail=lambda item, call: item["n"] < 2 and call == 1), [Equals()],
        experiment_name="priced", cost=lambda item, output: 0.25, verbose=0, store=store,
    ).experiment_id  # fmt: skip
    shown = view()
    shown.told("open", experiment=priced)
    plan = shown.told("plan", experiment=priced, limits={"max_cost": 5.0})["plan"]
    assert (plan["priced"], plan["limits"]["max_cost"]) == (True, 5.0)
    shown.result("resume", experiment=priced, plan=plan["id"])
    assert shown.ended().progress["summary"] == {"kept": 2, "replayed": 2, "repaired": 0, "missing": 0, "cost": 0.5}

    free = evaluated(store, "free")
    plan = shown.told("plan", experiment=free, limits={"max_cost": 5.0})["plan"]
    assert not plan["priced"]
    assert "max_cost needs to know" in shown.refusal("resume", experiment=free, plan=plan["id"])["message"]


def test_repaired_scores_are_told_from_replayed_runs(store: Store, view: Views) -> None:
    experiment_id = mixed(store)

    class Mended(Choosy):
        def score(self, n: int, **_: Any) -> ScoreResult:
            return ScoreResult("choosy", 0.0, scoring_failed=n == 6)

    shown = view(Given(CountingTask(), (Equals(), Mended())))
    plan = shown.told("open", experiment=experiment_id)["plan"]
    shown.result("resume", experiment=experiment_id, plan=plan["id"])
    summary = shown.ended().progress["summary"]
    assert summary == {"kept": 3, "replayed": 3, "repaired": 1, "missing": 1, "cost": None}


def late_at_first(calls: Counter[int]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def task(item: dict[str, Any]) -> dict[str, Any]:
        calls[item["n"]] += 1
        if calls[item["n"]] == 1:
            raise TimeoutError("no answer")
        return {"output": item["reference"]}

    return task


def test_a_click_goes_on_until_complete_if_it_says_so(
    store: Store, view: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "FIRST_SECONDS", 0.01)
    experiment_id = evaluated(store, items=4)
    calls: Counter[int] = Counter()
    shown = view(Given(late_at_first(calls), (Equals(),)))
    plan = shown.told("open", experiment=experiment_id)["plan"]
    asked = {"experiment": experiment_id, "plan": plan["id"]}
    assert shown.refusal("resume", **asked, until_complete=1)["message"] == "until_complete must be true or false."
    shown.result("resume", **asked, until_complete=True)
    screen = shown.ended()
    assert set(calls.values()) == {2}
    assert screen.progress["summary"] == {"kept": 2, "replayed": 2, "repaired": 0, "missing": 0, "cost": None}
    assert (screen.states & 0x80).astype(bool).sum() == 2


def test_a_view_says_what_is_waited_for_and_its_stop_ends_the_wait(
    store: Store, view: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "FIRST_SECONDS", 10_000.0)
    experiment_id = evaluated(store, items=4)
    shown = view(Given(late_at_first(Counter()), (Equals(),)))
    plan = shown.told("open", experiment=experiment_id)["plan"]
    shown.result("resume", experiment=experiment_id, plan=plan["id"], until_complete=True)
    said = "for 2 runs that timed out (round 2)"
    shown.feed.until(lambda messages: said in (Screen.of(messages).progress.get("note") or ""))
    screen = Screen.of(shown.feed.messages)
    assert (screen.head["state"], screen.progress["active"], screen.progress["failed"]) == ("running", True, 2)
    assert shown.told("plan", experiment=experiment_id)["plan"]["obstacle"] == "It is being resumed now."
    shown.result("stop", experiment=experiment_id)
    assert shown.ended("stopped").progress["summary"]["missing"] == 2
    assert shown.told("plan", experiment=experiment_id)["plan"]["obstacle"] is None


def test_what_has_changed_is_shown_as_a_diff(store: Store, view: Views) -> None:
    experiment_id = mixed(store)

    def changed(item: dict[str, Any]) -> dict[str, Any]:
        return {"output": f"<b>{item['reference']}</b>"}

    changed.__name__ = changed.__qualname__ = "failing"
    shown = view(Given(changed, (Equals(), Choosy())))
    plan = shown.told("plan", experiment=experiment_id)["plan"]
    assert plan["differs"]
    assert "failing has changed since" in plan["drift"]
    diff = shown.result("drift", experiment=experiment_id, plan=plan["id"])["diff"]
    assert "+" in diff
    assert "<b>" in diff, "text, for the front end to show as text"
    assert shown.refusal("drift", experiment=experiment_id, plan="made up")["message"].startswith("This plan is not")


def test_who_holds_an_experiment_is_told(store: Store, view: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment_id = evaluated(store)
    shown = view(Given(CountingTask(), ()))
    lease = store.leases.acquire(experiment_id, new_id())
    monkeypatch.setattr("opik_resume.stores.file.lease.processes.is_this", lambda row: False)
    said = shown.told("plan", experiment=experiment_id)["plan"]["obstacle"]
    assert said.startswith(f"Another process is running it (pid {os.getpid()} on ")
    assert said.endswith("UTC): wait until it ends, or ■ asks it to stop."), "its lock tells that it lives"
    lease.release()


def test_a_holder_that_only_its_word_tells_of_is_taken_over_when_it_is_silent() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    far = LeaseHolder("e", "r", 1, "far", 7, noon, noon, until=noon + timedelta(seconds=60), program="night.py")
    assert held(far) == (
        "Another process is running it (pid 7 on far, night.py, since 12:00 UTC): "
        "if nothing is heard from it until 12:01:00 UTC, Resume takes over."
    )
    assert held(replace(far, stopping=True)) == (
        "Another process is finishing its last runs (pid 7 on far, night.py, since 12:00 UTC): wait until it has."
    )


def test_another_experiment_of_the_dataset_is_held_against_this_one(store: Store, view: Views) -> None:
    dataset = numbers(store, 4)

    def one(item: dict[str, Any]) -> dict[str, Any]:
        return {"output": item["reference"] if item["n"] < 3 else "wrong"}

    def other(item: dict[str, Any]) -> dict[str, Any]:
        return {"output": item["reference"] if item["n"] != 1 else "no"}

    ids = [
        evaluate(dataset, task, [Equals(name="same")], experiment_name=name, verbose=0, store=store).experiment_id
        for task, name in ((one, "one"), (other, "other"))
    ]
    shown = view()
    shown.told("open", experiment=ids[0])
    reply = shown.ask("compare", experiment=ids[0], other=ids[1], by="score:same")
    result = reply.content["result"]
    assert (result["better"], result["same"], result["worse"]) == (1, 2, 1)
    assert (result["mean"]["mean"], result["other_mean"]["mean"], result["difference"]["mean"]) == (0.75, 0.75, 0.0)
    assert list(reply.buffers[0]) == [0, 1, 2, 1], "item 3 is the newest, and first"
    assert list(reply.buffers[1][::4]) == [0, 1, 3, 2]
    run = shown.result("beside", experiment=ids[0], other=ids[1], cell=2)["run"]
    assert run["output"] == {"output": "no"}

    elsewhere = evaluated(store, "of another dataset")
    for wrong, said in ((ids[0], "compared with itself"), (elsewhere, "of the dataset data of of another dataset")):
        for method in ("compare", "beside"):
            refusal = shown.refusal(method, experiment=ids[0], other=wrong, by="score:same", cell=0)
            assert said in refusal["message"]
    assert "nothing to compare" in shown.refusal("compare", experiment=ids[0], other=ids[1], by="duration")["message"]
    assert "no cell 99" in shown.refusal("beside", experiment=ids[0], other=ids[1], cell=99)["message"]
    assert result["shared"] == ["score:same"]
    assert shown.result("compare", experiment=ids[0], other=ids[1], by="score:unknown")["by"] == "score:same"
    bare = evaluate(
        dataset, one, [Equals(name="another")], experiment_name="bare", verbose=0, store=store
    ).experiment_id
    nothing = shown.ask("compare", experiment=ids[0], other=bare, by="score:same")
    assert (nothing.content["result"]["by"], nothing.content["result"]["shared"]) == ("score:same", [])
    assert set(nothing.buffers[0]) == {255}
    assert nothing.content["result"]["difference"] == {"mean": None, "error": None, "n": 0}
