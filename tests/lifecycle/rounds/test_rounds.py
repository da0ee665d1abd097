"""``until_complete``: rounds until everything is complete, a rule says stop, or what is left would fail again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opik_resume import aevaluate_resume, close_experiment, connect, evaluate, evaluate_resume, exceptions
from opik_resume.base.records import Json, utc_now
from opik_resume.engine.retrying import policy
from opik_resume.experiment.limits import Limits, Spending
from opik_resume.experiment.planning.plan import ResumePlan
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.lifecycle.display.watching import Watching
from opik_resume.lifecycle.registry import used_in_process
from opik_resume.lifecycle.rounds import rule
from opik_resume.metrics import Equals
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store
from tests.builders import numbers
from tests.lifecycle.test_interrupts import press
from tests.refusing import RateLimitError, Refusing


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(rule, "FIRST_SECONDS", 0.01)
    yield connect(tmp_path / "store.db")
    close_all()


def begun(store: Store, count: int = 6) -> Any:
    """An experiment of which nothing is complete."""

    def down(item: Json) -> Json:
        raise ValueError("down")

    return evaluate(numbers(store, count), down, [Equals()], experiment_name="e", verbose=0, store=store)


def resumed(task: Any, store: Store, **options: Any) -> EvaluationResult:
    given = {"adaptive": False, "verbose": 0, **options}
    result = evaluate_resume("e", task, [Equals()], until_complete=True, store=store, **given)
    assert isinstance(result, EvaluationResult)
    return result


def test_it_goes_on_until_complete_and_says_what_it_waits_for(store: Store, capfd: pytest.CaptureFixture[str]) -> None:
    begun(store)
    task = Refusing(2)
    result = resumed(task, store, verbose=1, display="lines")
    assert result.complete
    assert set(task.calls.values()) == {3}
    assert result.account is not None
    assert result.account.call is not None
    assert result.account.call.replayed == 6, "one merged result of all rounds"
    waits = [line for line in capfd.readouterr().err.splitlines() if "waiting" in line]
    assert ["for 6 runs that were rate-limited (round 2)" in waits[0], "(round 3)" in waits[1]] == [True, True]
    assert len(waits) == 2
    assert store.leases.holder(result.experiment_id) is None


def test_what_would_fail_again_is_left_and_not_called_again(store: Store) -> None:
    begun(store)
    task = Refusing(2, wrong=3)
    result = resumed(task, store)
    assert list(result.failures.error_type) == ["ValueError"]
    assert task.calls == {**dict.fromkeys(range(6), 3), 3: 1}
    with pytest.raises(ValueError, match="wrong for ever"):
        resumed(Refusing(1, wrong=3), store, raise_on_failure=True)


def test_it_stays_within_what_was_chosen_and_a_dry_run_is_the_plan(store: Store) -> None:
    made = begun(store)
    item = made.failures.item_id[0]
    task = Refusing(1)
    plan = evaluate_resume("e", task, [Equals()], until_complete=True, dry_run=True, store=store)
    assert isinstance(plan, ResumePlan)
    assert not task.calls
    result = resumed(task, store, only={"items": [item]})
    assert task.calls.total() == 2
    assert [each.test_case.dataset_item_id for each in result.test_results] == [item]
    assert resumed(task, store, plan=plan).complete


@pytest.mark.parametrize(
    ("rule", "limit", "calls"), [("max_runs", 9, 9), ("max_failures", 12, 12), ("max_runs", 6, 6), ("max_cost", 0.1, 6)]
)
def test_rules_count_all_rounds(store: Store, rule: str, limit: float, calls: int) -> None:
    begun(store)
    task = Refusing(100)
    cost = {"cost": lambda item, output: 0.0} if rule == "max_cost" else {}
    if rule == "max_cost":
        task = Refusing(1)
        cost = {"cost": lambda item, output: 1.0}
    result = resumed(task, store, task_threads=1, **{rule: limit}, **cost)
    assert result.stopped_by is not None
    assert result.stopped_by.rule == rule
    assert task.calls.total() == (7 if rule == "max_cost" else calls)


def test_what_passes_by_itself_never_trips_the_breaker(store: Store) -> None:
    begun(store, 12)
    assert resumed(Refusing(3), store, breaker=2).complete


def test_no_pause_is_begun_that_outlasts_max_seconds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "FIRST_SECONDS", 10_000.0)
    begun(store)
    result = resumed(Refusing(1), store, max_seconds=100)
    assert str(result.stopped_by) == (
        "100 seconds are over before the next round (max_seconds=100); 6 not started. Resume runs the rest."
    )


def test_a_stated_reset_is_slept_through(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(store)
    result = resumed(Refusing(1, retry_after=5_000), store, max_seconds=4_000)
    assert result.stopped_by is not None
    assert result.stopped_by.rule == "max_seconds"
    assert result.stopped_by.not_started == 6


def test_within_a_round_a_stated_moment_is_waited_for_however_late() -> None:
    now = utc_now()
    rules = policy.Retries(max_wait=10, patient=True)
    assert policy.Retries(max_wait=10).pressure(1, 1, RateLimitError(retry_after=5_000), now, 0.5) is None
    pause = rules.pressure(1, 1, RateLimitError(retry_after=5_000), now, 0.5)
    assert pause is not None
    assert pause.seconds >= 5_000
    assert rules.pressure(2, 2, RateLimitError(retry_after=5_000), now, 0.5, pause.seconds) is None, "once"
    assert rules.pressure(1, 1, RateLimitError(), now, 0.5, 9.9) is None, "nobody has stated it"


def test_ctrl_c_ends_the_pause(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "FIRST_SECONDS", 10_000.0)
    begun(store)
    said: list[str] = []

    def say(watching: Watching, sentence: str) -> None:
        said.append(sentence)
        press()

    monkeypatch.setattr(Watching, "say", say)
    with pytest.raises(exceptions.EvaluationInterrupted, match="between two rounds") as caught:
        resumed(Refusing(1, wrong=0), store)
    assert len(said) == 1
    assert len(caught.value.result.failures) == 6
    assert store.leases.holder(caught.value.result.experiment_id) is None
    monkeypatch.undo()
    assert evaluate_resume("e", Refusing(0), [Equals()], verbose=0, store=store).complete


def test_cancelling_ends_the_pause(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "FIRST_SECONDS", 10_000.0)
    begun(store)

    async def cancelled() -> None:
        loop = asyncio.get_running_loop()
        pausing = asyncio.Event()
        monkeypatch.setattr(Watching, "say", lambda watching, sentence: loop.call_soon_threadsafe(pausing.set))
        call = aevaluate_resume(
            "e", Refusing(1), [Equals()], until_complete=True, adaptive=False, verbose=0, store=store
        )
        awaited = asyncio.ensure_future(call)
        await pausing.wait()
        awaited.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await awaited
        assert isinstance(caught.value.__cause__, exceptions.EvaluationInterrupted)

    asyncio.run(cancelled())


def test_another_resume_in_between_is_waited_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = begun(store)
    said: list[str] = []
    taken: list[Any] = []

    def say(watching: Watching, sentence: str) -> None:
        said.append(sentence)
        if len(said) == 1:
            taken.append(store.leases.acquire(made.experiment_id, "another"))
        else:
            taken.pop().release()

    monkeypatch.setattr(Watching, "say", say)
    assert resumed(Refusing(1), store).complete
    assert "6 runs that were left to others (round 3)" in said[1]


def test_what_others_complete_in_the_pause_is_in_the_result(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(store)
    others: list[Any] = []

    def say(watching: Watching, sentence: str) -> None:
        others.append(evaluate_resume("e", Refusing(0), [Equals()], verbose=0, store=store))

    monkeypatch.setattr(Watching, "say", say)
    assert resumed(Refusing(1), store).complete
    assert len(others) == 1


def test_of_what_is_complete_there_is_no_round(store: Store) -> None:
    evaluate(numbers(store, 2), Refusing(0), [Equals()], experiment_name="e", verbose=0, store=store)
    task = Refusing(9)
    assert resumed(task, store).complete
    assert not task.calls


def test_nobody_else_inherits_its_patience(store: Store) -> None:
    made = begun(store)
    resumed(Refusing(1), store)
    used = used_in_process(made.experiment_id)
    assert used is not None
    assert (used.spent, used.retries.patient) == (None, False)


def test_bad_input_changes_nothing(store: Store) -> None:
    begun(store)
    task = Refusing(0)
    with pytest.raises(exceptions.ArgumentError, match="until_complete must be True or False"):
        resumed_wrongly(task, store)
    assert not task.calls


def resumed_wrongly(task: Any, store: Store) -> None:
    evaluate_resume("e", task, [Equals()], until_complete="yes", store=store)  # type: ignore[call-overload]


def test_a_wait_counts_and_starts_nothing() -> None:
    spending = Spending(Limits(max_runs=1, max_seconds=10), 0.0)
    assert spending.may_wait_until(9.0)
    assert spending.may_start(1.0)
    assert not spending.may_wait_until(2.0)
    assert not Spending(Limits(max_seconds=10), 0.0).may_wait_until(10.0)


def test_a_closed_experiment_is_refused_as_ever(store: Store) -> None:
    begun(store)
    close_experiment("e", store=store)
    with pytest.raises(exceptions.ExperimentNotResumable):
        resumed(Refusing(0), store)
