"""Metrics that a provider refuses: fewer go to work, no score is called again, and what passes is known as that."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opik_resume import connect, evaluate, evaluate_resume
from opik_resume.base.records import CellKey, Json
from opik_resume.engine.backends import Awaiter
from opik_resume.engine.calling import Calls
from opik_resume.engine.events import BackingOff, Event
from opik_resume.engine.retrying import judging as judging_room
from opik_resume.engine.retrying.judging import Judging
from opik_resume.engine.retrying.policy import Retries
from opik_resume.engine.running import pressure
from opik_resume.evaluation import plan_resume
from opik_resume.evaluation.resume import prepare_resume
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.lifecycle.rounds import rule
from opik_resume.metrics import Equals
from opik_resume.metrics.base_metric import BaseMetric
from opik_resume.metrics.score_result import ScoreResult
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers
from tests.engine.retrying.test_policy import PASSES, PRESSES, STAYS
from tests.experiments import unstarted

CELL = CellKey("item", 0)


class RateLimitError(Exception):
    """As providers call it."""

    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__("slow down")
        if retry_after is not None:
            self.retry_after = retry_after


class Judge(BaseMetric):
    """Refuses each item so often before it judges."""

    def __init__(self, refusals: int, retry_after: float | None = None) -> None:
        super().__init__("judge", track=False)
        self.asked: Counter[int] = Counter()
        self._refusals, self._retry_after = refusals, retry_after
        self._lock = threading.Lock()

    def score(self, n: int, **_: Any) -> ScoreResult:
        with self._lock:
            self.asked[n] += 1
            refused = self.asked[n] <= self._refusals
        if refused:
            raise RateLimitError(self._retry_after)
        return ScoreResult("judge", 1.0)

    def __reduce__(self) -> Any:
        return (Judge, (self._refusals, self._retry_after))


class Heed:
    def __init__(self) -> None:
        self.told: list[str] = []

    def passed(self, began: float) -> None:
        self.told.append("passed")

    def refused(self, began: float, stated: float | None) -> None:
        self.told.append(f"refused {stated}")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(rule, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(pressure, "LONGEST_HOLD", 0.001)
    monkeypatch.setattr(pressure, "FIRST_HOLD", 0.001)
    yield connect(tmp_path / "store.db")
    close_all()


def answer(item: Json) -> Json:
    return {"output": item["reference"]}


def raising(error: BaseException) -> Callable[[], Any]:
    def call() -> Any:
        raise error

    return call


def test_once_a_metric_is_refused_its_calls_tell_what_is_borne() -> None:
    heed = Heed()
    calls = Calls(Awaiter())
    judging = Judging(calls, heed)

    def judge(*, refused: bool) -> float:
        if refused:
            raise RateLimitError(7.0)
        return 1.0

    assert judging(CELL, judge, refused=False) == 1.0
    judging.passed(0.0)
    assert heed.told == ["passed"], "of the task: a metric that is never refused may ask nobody"
    with pytest.raises(RateLimitError):
        judging(CELL, judge, refused=True)
    with pytest.raises(ValueError, match="no"):
        judging(CELL, raising(ValueError("no")))
    judging.passed(0.0)
    judging(CELL, lambda: 1.0)
    judging(CELL, judge, refused=False)
    judging.refused(0.0, None)
    assert heed.told == ["passed", "refused 7.0", "passed", "refused None"]
    assert calls.stated_until > 0, "the next round waits for the moment that a judge's provider states"


def test_a_task_that_is_only_refused_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(judging_room, "time", SimpleNamespace(monotonic=lambda: now))
    heed = Heed()
    judging = Judging(Calls(Awaiter()), heed, max_wait=300, longest=500)
    for now in (100.0, 399.0, 401.0):
        judging.refused(now, 7.0)
    assert judging.in_vain
    judging.passed(now)
    assert not judging.in_vain
    judging.refused(now, 501.0)
    assert heed.told == ["refused 7.0", "refused 7.0", "refused 0.0", "passed", "refused 0.0"]


def test_a_judge_that_is_only_refused_slows_nothing_down_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(judging_room, "time", SimpleNamespace(monotonic=lambda: now))
    heed = Heed()
    judging = Judging(Calls(Awaiter()), heed, max_wait=300)
    for now in (100.0, 399.0, 401.0, 900.0):
        with pytest.raises(RateLimitError):
            judging(CELL, raising(RateLimitError()))
        judging.passed(now)
    assert heed.told == ["refused None", "refused None", "passed", "passed"]
    judging.judge_passed(now)
    judging.judge_refused(now, None)
    assert heed.told[4:] == ["passed", "refused None"]


@pytest.mark.parametrize(("adaptive", "fewer"), [(True, True), (False, False)])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_refused_judge_lets_fewer_go_to_work_and_its_run_is_complete(
    store: Store, adaptive: bool, fewer: bool, elsewhere: bool
) -> None:
    told: list[Event] = []
    judge, task = Judge(1), answer
    with ThreadPoolExecutor(4) as executor:
        options: Json = {"executor": executor} if elsewhere else {}
        result = evaluate(
            numbers(store, 20), task, [judge], task_threads=8, adaptive=adaptive, on_event=told.append, verbose=0,
            experiment_name="e", store=store, **options,
        )  # fmt: skip
    assert result.complete
    assert set(result.failures.state) == {"scores_missing"}
    cuts = [event for event in told if isinstance(event, BackingOff) and event.at_work < 8]
    assert bool(cuts) is fewer


def test_rounds_ask_a_refused_judge_again_and_never_the_task(store: Store) -> None:
    judge, task = Judge(2), CountingTask()
    evaluate(numbers(store, 4), task, [judge], verbose=0, experiment_name="e", breaker=2, store=store)
    result = evaluate_resume("e", task, [judge], until_complete=True, breaker=1, verbose=0, store=store)
    assert isinstance(result, EvaluationResult)
    assert not result.failed_runs
    assert (set(task.calls.values()), set(judge.asked.values())) == ({1}, {3})


def test_what_a_judge_states_is_waited_for_before_the_next_round(store: Store) -> None:
    evaluate(numbers(store, 2), CountingTask(), [Judge(1)], verbose=0, experiment_name="e", store=store)
    given: Json = {"until_complete": True, "max_seconds": 4_000, "adaptive": False, "verbose": 0, "store": store}
    result = evaluate_resume("e", CountingTask(), [Judge(1, 5_000.0)], **given)
    assert isinstance(result, EvaluationResult)
    assert result.stopped_by is not None
    assert result.stopped_by.rule == "max_seconds"


def wrapped(error: BaseException) -> Exception:
    made = RuntimeError("the model did not answer")
    made.__cause__ = error
    return made


ONLY_THE_EXCEPTION_TELLS = {
    "botocore": PRESSES["botocore"],
    "aiohttp": PRESSES["aiohttp"],
    "a subclass": PASSES["a subclass"],
    "only a status": PASSES["only a status"],
    "wrapped": wrapped(PRESSES["openai"]),
}


@pytest.mark.parametrize("where", ["task", "metric", "mapping"])
@pytest.mark.parametrize("case", ONLY_THE_EXCEPTION_TELLS)
def test_what_passes_is_known_by_the_exception_and_not_by_what_is_kept_of_it(
    store: Store, case: str, where: str
) -> None:
    failing = threading.Event()
    failing.set()

    def fail(here: str) -> None:
        if failing.is_set() and here == where:
            raise ONLY_THE_EXCEPTION_TELLS[case]

    def task(item: Json) -> Json:
        fail("task")
        return {"output": item["reference"]}

    class Failing(Equals):
        def score(self, output: str, reference: str, **_: Any) -> Any:
            fail("metric")
            return super().score(output, reference)

    def mapped(keys: Json) -> Any:
        fail("mapping")
        return keys["output"]

    def mended(event: Event) -> None:
        failing.clear()

    given: Json = {"scoring_key_mapping": {"extra": mapped}, "adaptive": False, "verbose": 0, "store": store}
    first = evaluate(numbers(store, 3), task, [Failing()], experiment_name="e", breaker=2, task_threads=1, **given)
    assert first.stopped_by is None, "it never trips the breaker"
    result = evaluate_resume("e", task, [Failing()], until_complete=True, on_event=mended, **given)
    assert isinstance(result, EvaluationResult)
    assert not result.failed_runs


def test_a_run_knows_what_passes(store: Store) -> None:
    unstarted(store, "e", numbers(store, 2))

    def task(item: Json) -> Json:
        raise PASSES["bedrock"] if item["n"] else STAYS["a bug"]

    retries = Retries(adaptive=False)
    run = prepare_resume(plan_resume("e", store=store), task, [Equals()], retries=retries, store=store)
    run.start()
    run.wait()
    known = {attempt.item_id: run.passing(CellKey(attempt.item_id, 0)) for attempt in store.attempts(run.experiment_id)}
    assert sorted(known.values(), key=str) == [None, True]
