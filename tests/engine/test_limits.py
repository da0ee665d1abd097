"""Each stop rule in a run: nothing starts after it trips, what is on its way is recorded, the result says which it was."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opik_resume import connect, evaluate, evaluate_resume, plan_resume
from opik_resume.base.records import Json
from opik_resume.engine.events import Ended, Event
from opik_resume.exceptions import ArgumentError
from opik_resume.experiment.planning.plan import ResumePlan
from opik_resume.lifecycle import registry
from opik_resume.metrics import Equals
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store
from tests.builders import numbers

ITEMS = 60
THREADS = [1, 4, 16]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield connect(tmp_path / "store.db")
    close_all()


@pytest.fixture
def ends() -> Iterator[list[Ended]]:
    heard: list[Ended] = []

    def observe(run: Any, plan: ResumePlan) -> Callable[[Event], None]:
        return lambda event: heard.append(event) if isinstance(event, Ended) else None

    registry.observe(observe)
    yield heard
    registry.unobserve(observe)


class Task:
    """Fails as told; counts how often it is called. A barrier makes as many be on their way at once as there are threads."""

    def __init__(self, fails: Callable[[int], bool], kind: type[Exception] = ValueError) -> None:
        self.fails, self.kind = fails, kind
        self.calls = 0
        self._lock = threading.Lock()

    def __call__(self, item: Json) -> Json:
        with self._lock:
            self.calls += 1
            call = self.calls
        if self.fails(call):
            raise self.kind(f"call {call}")
        return {"output": item["reference"]}

    def awaited(self) -> Callable[[Json], Any]:
        async def awaited(item: Json) -> Json:
            await asyncio.sleep(0)
            return self(item)

        return awaited


RULES: dict[str, tuple[dict[str, Any], Callable[[int], bool], int]] = {
    # rule → its argument, which calls fail, how many have to start until it trips
    "max_runs": ({"max_runs": 7}, lambda call: False, 7),
    "max_failures": ({"max_failures": 5}, lambda call: call % 2 == 0, 10),
    "max_consecutive_failures": ({"max_consecutive_failures": 3}, lambda call: call > 4, 7),
    "breaker": ({}, lambda call: True, 10),
    "max_cost": ({"max_cost": 1.0, "cost": lambda item, output: 0.25}, lambda call: False, 4),
}


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("rule", RULES)
def test_nothing_starts_after_a_rule_and_what_was_on_its_way_is_recorded(
    store: Store, ends: list[Ended], rule: str, threads: int, kind: str
) -> None:
    given, fails, needed = RULES[rule]
    task = Task(fails)
    called = task if kind == "sync" else task.awaited()
    result = evaluate(
        numbers(store, ITEMS),
        called,
        [Equals()],
        experiment_name="e",
        task_threads=threads,
        verbose=0,
        store=store,
        **given,
    )
    assert result.stopped_by is not None
    assert result.stopped_by.rule == rule
    assert needed <= task.calls < needed + threads + (rule != "max_runs") * threads
    assert result.stopped_by.not_started == ITEMS - task.calls
    failed = sum(fails(call) for call in range(1, task.calls + 1))
    assert len(result.test_results) == task.calls - failed
    assert (result.failures["state"] == "never_run").sum() == ITEMS - task.calls
    assert (result.failures["state"] == "task_failed").sum() == failed
    assert ends[-1].outcome == "limited"
    assert ends[-1].reason == str(result.stopped_by).rstrip(".")
    rest = evaluate_resume("e", Task(lambda call: False), [Equals()], verbose=0, store=store)
    assert (rest.complete, rest.stopped_by) == (True, None)


@pytest.mark.parametrize("threads", THREADS)
def test_none_starts_after_max_seconds(store: Store, threads: int) -> None:
    over = threading.Event()

    def task(item: Json) -> Json:
        over.wait(0.3)
        return {"output": item["reference"]}

    result = evaluate(
        numbers(store, ITEMS), task, experiment_name="e", task_threads=threads, max_seconds=0.2, verbose=0, store=store
    )
    assert result.stopped_by is not None
    assert (result.stopped_by.rule, len(result.test_results)) == ("max_seconds", threads)


def test_one_warning_says_what_stopped_it(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    evaluate(
        numbers(store, 30),
        Task(lambda call: True, KeyError),
        experiment_name="e",
        task_threads=1,
        verbose=0,
        store=store,
    )
    (said,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert said == (
        "e: 10 of 10 runs failed with KeyError: 'call 1'; 20 not started. Fix it and resume, or pass breaker=None."
    )


@pytest.mark.parametrize(
    ("fails", "kind", "given"),
    [
        (lambda call: call != 3, ValueError, {}),
        (lambda call: True, TimeoutError, {}),
        (lambda call: True, ValueError, {"breaker": None}),
        (lambda call: call > 10, ValueError, {"breaker": 11}),
    ],
    ids=["one success", "transient", "turned off", "later ones"],
)
def test_the_breaker_stays_out_of_play(
    store: Store, fails: Callable[[int], bool], kind: type[Exception], given: dict[str, Any]
) -> None:
    task = Task(fails, kind)
    result = evaluate(numbers(store, 30), task, experiment_name="e", task_threads=4, verbose=0, store=store, **given)
    assert (task.calls, result.stopped_by) == (30, None)


def test_scoring_that_fails_trips_it_too_and_missing_scores_do_not(store: Store) -> None:
    class Raises:
        name = "raises"

        def score(self, **_: Any) -> float:
            raise ValueError("no")

    dataset = numbers(store, 30)
    wants: dict[str, Any] = {"scoring_key_mapping": {"reference": lambda item: item["absent"]}}
    stopped = evaluate(dataset, Task(lambda c: False), [Equals()], task_threads=1, verbose=0, store=store, **wants)
    assert stopped.stopped_by is not None
    assert (stopped.stopped_by.rule, stopped.stopped_by.not_started) == ("breaker", 20)
    whole = evaluate(dataset, Task(lambda c: False), [Raises()], task_threads=1, verbose=0, store=store)
    assert (len(whole.test_results), whole.stopped_by) == (30, None)


def test_a_limit_is_of_one_call_and_not_of_the_next(store: Store) -> None:
    dataset = numbers(store, 9)
    first = evaluate(
        dataset, Task(lambda c: False), experiment_name="e", task_threads=1, max_runs=4, verbose=0, store=store
    )
    second = evaluate_resume("e", Task(lambda c: False), task_threads=1, max_runs=4, verbose=0, store=store)
    assert [len(r.test_results) for r in (first, second)] == [4, 8]
    used = registry.used_in_process(first.experiment_id)
    assert used is not None
    assert used.limits.max_runs is None
    assert len(plan_resume("e", store=store)) == 1
    last = evaluate_resume("e", Task(lambda c: False), max_runs=1, verbose=0, store=store)
    assert (last.complete, last.stopped_by) == (True, None)


@pytest.mark.parametrize(
    "rule", ["max_runs", "max_seconds", "max_failures", "max_consecutive_failures", "max_cost", "breaker"]
)
@pytest.mark.parametrize("value", [0, -1, True, "3", 1.5, float("nan")])
def test_what_is_no_limit_is_refused_before_anything_runs(store: Store, rule: str, value: Any) -> None:
    if value == 1.5 and rule in ("max_seconds", "max_cost"):
        return
    task = Task(lambda call: False)
    with pytest.raises(ArgumentError, match=rule):
        evaluate(numbers(store, 1), task, verbose=0, store=store, **{rule: value})
    assert task.calls == 0
