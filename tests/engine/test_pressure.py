"""What a provider refuses: how many are at work then, on no clock; and runs that wait for it instead of failing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume import connect, evaluate
from opik_resume.base.records import Json
from opik_resume.engine.retrying import policy
from opik_resume.engine.running import pressure
from opik_resume.engine.running.pressure import Pressure
from opik_resume.metrics import Equals
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store
from tests.builders import numbers
from tests.refusing import Refusing


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(policy, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(pressure, "FIRST_HOLD", 0.01)
    yield connect(tmp_path / "store.db")
    close_all()


@pytest.mark.parametrize(("threads", "awaited"), [(1, False), (4, False), (20, True)])
def test_a_refused_run_waits_without_any_retries(store: Store, threads: int, awaited: bool) -> None:
    task = Refusing(1)
    called = task.later if awaited else task
    result = evaluate(numbers(store, 20), called, [Equals()], task_threads=threads, verbose=0, store=store)
    assert result.complete
    assert set(task.calls.values()) == {2}
    assert [len(attempt.tries) for attempt in store.attempts(result.experiment_id, heavy=True)] == [2] * 20


def test_those_who_were_let_in_together_are_no_row_of_refusals() -> None:
    """Each of their calls may begin after the refusal of the one before: on one event loop they take turns."""
    rule = Pressure(20)
    for _ in range(20):
        rule.began(0.0)
    for number in range(20):
        rule.refused(began=number + 0.1, now=number + 0.2, stated=None, at_work=20 - number)
    assert rule.held(19.2) <= pressure.FIRST_HOLD
    assert rule.until_next(19.2 + pressure.FIRST_HOLD, 0) == 0


@pytest.mark.parametrize("options", [{"max_wait": 0}, {"adaptive": False}])
def test_without_waiting_a_refusal_is_a_failure(store: Store, options: Json) -> None:
    task = Refusing(1)
    result = evaluate(numbers(store, 3), task, [Equals()], verbose=0, store=store, **options)
    assert set(result.failures.state) == {"task_failed"}
    assert set(task.calls.values()) == {1}


@pytest.mark.parametrize(("threads", "awaited"), [(1, False), (4, False), (20, True)])
@pytest.mark.parametrize("options", [{}, {"max_wait": 10}])
def test_what_states_more_than_a_run_waits_holds_no_other_up(
    store: Store, threads: int, awaited: bool, options: Json
) -> None:
    """Each would be held for minutes, one after the other, and be refused then as well."""
    task = Refusing(99, retry_after=3_600)
    called = task.later if awaited else task
    result = evaluate(
        numbers(store, 20), called, [Equals()], task_threads=threads, max_seconds=20, verbose=0, store=store, **options
    )
    assert result.stopped_by is None
    assert set(result.failures.state) == {"task_failed"}
    assert set(task.calls.values()) == {1}


@pytest.mark.parametrize(("threads", "awaited"), [(1, False), (4, False), (20, True)])
def test_what_one_run_has_waited_for_in_vain_the_others_need_not(store: Store, threads: int, awaited: bool) -> None:
    """Else it takes as long for each, and nothing comes of it."""
    task = Refusing(9_999)
    called = task.later if awaited else task
    result = evaluate(
        numbers(store, 60),
        called,
        [Equals()],
        task_threads=threads,
        max_wait=0.3,
        max_seconds=20,
        verbose=0,
        store=store,
    )
    assert result.stopped_by is None
    assert set(result.failures.state) == {"task_failed"}
    assert list(task.calls.values()).count(1) >= 60 - 20 - 1, "no more than those who had begun"


def test_whoever_waits_for_a_stated_moment_however_late_holds_the_others_up_until_then() -> None:
    rule = Pressure(8)
    rule.refused(0.0, 1.0, 7_200.0, 8)
    assert rule.until_next(2.0, 0) == 7_199.0


def test_an_exhausted_quota_is_no_pressure(store: Store) -> None:
    task = Refusing(1, "429: insufficient_quota")
    assert not evaluate(numbers(store, 2), task, [Equals()], verbose=0, store=store).complete
    assert set(task.calls.values()) == {1}


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 5)), max_size=80), st.integers(1, 50))
def test_the_limit_stays_between_one_and_all_and_nobody_waits_for_ever(
    outcomes: list[tuple[bool, float]], most: int
) -> None:
    rule, now = Pressure(most), 0.0
    for good, seconds in outcomes:
        rule.began(now)
        now += seconds + 0.001
        before = rule.limit
        if good:
            rule.passed(now - seconds)
        elif rule.refused(now - seconds, now, None, most):
            assert rule.limit <= before
        assert 1 <= rule.limit <= most
        wait = rule.until_next(now, 0)
        assert wait is not None
        assert wait <= 61


def test_what_had_begun_before_a_cut_cuts_nothing_again() -> None:
    rule = Pressure(16)
    assert rule.refused(0.0, 1.0, None, 16)
    limit = rule.limit
    assert limit < 16
    assert not rule.refused(0.5, 1.1, None, 16)
    assert rule.limit == limit


def test_each_round_of_successes_lets_one_more_go_to_work_up_to_all() -> None:
    rule = Pressure(8)
    rule.refused(0.0, 1.0, None, 8)
    limits = [rule.limit]
    for _ in range(80):
        rule.passed(2.0)
        limits.append(rule.limit)
    assert limits[0] == 4
    assert limits[-1] == 8
    assert sorted(limits) == limits


def test_it_is_quickly_as_many_as_were_not_refused_and_slowly_more() -> None:
    rule, needed = Pressure(64), []
    rule.refused(0.0, 1.0, None, 20)
    for more in (19, 20, 21):
        passed = 0
        while rule.limit < more:
            rule.passed(2.0)
            passed += 1
        needed.append(passed)
    quickly, at_the_limit, beyond = needed
    assert rule.limit == 21
    assert quickly / 7 < at_the_limit, "the seven up to there took less time each"
    assert beyond < at_the_limit, "and the longer nothing is refused, the sooner there is one more"


def test_runs_of_which_each_is_refused_once_do_not_crawl() -> None:
    rule, now, held = Pressure(16), 0.0, 0.0
    for _ in range(100):  # two that are new and then one of them again, for ever
        for refused in (True, True, False):
            wait = rule.until_next(now, 0) or 0.0
            held, now = held + wait, now + wait
            began = now
            rule.began(began)
            now += 0.01
            if refused:
                rule.refused(began, now, None, 1)
            else:
                rule.passed(began)
    assert held / 100 <= 0.27, "0.25 for one that goes ahead, the rest to see whether a pace helps"


def test_nothing_begins_before_the_stated_moment() -> None:
    rule = Pressure(8)
    rule.refused(0.0, 1.0, 12.0, 8)
    assert rule.until_next(2.0, 0) == 11.0
    assert rule.until_next(13.0, 0) == 0.0


def test_without_a_success_all_hold_ever_longer_and_one_goes_ahead() -> None:
    rule, now = Pressure(8), 0.0
    holds = []
    for _ in range(14):
        began = now
        rule.began(began)
        now += 0.5
        rule.refused(began, now, None, rule.limit)
        holds.append(rule.held(now))
        now += rule.held(now)
    assert holds == [0.0] * 3 + [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]
    rule.began(now)
    assert rule.until_next(now + 1.0, 1) == 4.0, "the others see first what becomes of that one"
    rule.passed(now)
    assert rule.until_next(now + 1.0, 0) == 0.0
