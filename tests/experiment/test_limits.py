"""The stop rules, on a clock of their own."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume.base.records import Attempt, ErrorInfo
from opik_resume.experiment.failures.transient import is_transient
from opik_resume.experiment.limits import BREAKER, Limits, Spending, StoppedBy
from tests.builders import attempt, complete

NO_RULES: dict[str, Any] = {"breaker": None}


def failing(kind: str = "ValueError", message: str = "no") -> Attempt:
    return attempt(error=ErrorInfo(kind, message, ""))


def test_no_more_than_max_runs_start() -> None:
    spending = Spending(Limits(max_runs=2), 0.0)
    assert [spending.may_start(0.0) for _ in range(4)] == [True, True, False, False]
    assert spending.stopped_by(3) == StoppedBy("max_runs", "2 runs started (max_runs=2)", 3)


def test_none_starts_after_max_seconds() -> None:
    spending = Spending(Limits(max_seconds=1.5), 100.0)
    assert [spending.may_start(now) for now in (100.0, 101.4, 101.5, 100.0)] == [True, True, False, False]
    assert str(spending.stopped_by(1)) == "1.5 seconds are over (max_seconds=1.5); 1 not started. Resume runs the rest."


@given(st.lists(st.booleans()), st.integers(1, 5))
def test_failures_are_counted_altogether_and_in_a_row(ends: list[bool], limit: int) -> None:
    altogether = Spending(Limits(max_failures=limit, **NO_RULES), 0.0)
    in_a_row = Spending(Limits(max_consecutive_failures=limit, **NO_RULES), 0.0)
    for count in range(1, len(ends) + 1):
        good, so_far = ends[count - 1], ends[:count]
        for spending in (altogether, in_a_row):
            spending.ended(complete() if good else failing(message=str(count)))
        assert altogether.tripped == (so_far.count(False) >= limit)
        assert in_a_row.tripped == any(so_far[i : i + limit] == [False] * limit for i in range(count))


@given(st.lists(st.sampled_from(["a", "b", "ok", "slow"]), max_size=25), st.integers(1, 12))
def test_the_breaker_looks_at_the_first_to_end_only(ends: list[str], breaker: int) -> None:
    spending = Spending(Limits(breaker=breaker), 0.0)
    made = {"a": failing("AError"), "b": failing("BError"), "ok": complete(), "slow": failing("RateLimitError")}
    for end in ends:
        spending.ended(made[end])
    first = ends[:breaker]
    assert spending.tripped == (len(first) == breaker and set(first) in ({"a"}, {"b"}))


def test_one_group_is_one_pattern_and_the_sentence_says_what_to_do() -> None:
    spending = Spending(Limits(), 0.0)
    for number in range(BREAKER):
        assert not spending.tripped
        spending.ended(failing("AuthenticationError", f"Incorrect key, request {number}\nand more"))
    assert str(spending.stopped_by(284)) == (
        "10 of 10 runs failed with AuthenticationError: Incorrect key, request 0; 284 not started. "
        "Fix it and resume, or pass breaker=None."
    )


def test_a_missing_score_and_an_interrupted_run_are_no_failure_of_a_group() -> None:
    spending = Spending(Limits(), 0.0)
    for _ in range(BREAKER):
        spending.ended(attempt())
    assert not spending.tripped


def test_the_first_rule_that_trips_is_the_one_and_nothing_left_is_nothing_stopped() -> None:
    spending = Spending(Limits(max_failures=1, max_runs=1), 0.0)
    spending.may_start(0.0)
    spending.ended(failing())
    assert not spending.may_start(0.0)
    stopped = spending.stopped_by(1)
    assert stopped is not None
    assert stopped.rule == "max_failures"
    assert spending.stopped_by(0) is None


@given(st.lists(st.none() | st.floats(0, 10), max_size=30), st.floats(0.01, 50))
def test_none_starts_once_so_much_is_spent(costs: list[float | None], limit: float) -> None:
    spending = Spending(Limits(max_cost=limit, **NO_RULES), 0.0)
    spent = 0.0
    for cost in costs:
        reached = spent >= limit or math.isclose(spent, limit)
        assert spending.may_start(0.0) != reached
        spending.ended(complete(), cost)
        spent += cost or 0.0
        assert spending.tripped == (spent >= limit or math.isclose(spent, limit))


@pytest.mark.parametrize(
    ("limit", "costs", "sentence"),
    [
        (1.0, [0.5, 0.5], "$1.00 spent (max_cost=1)"),
        (1.0, [0.5, 0.75], "$1.25 spent (max_cost=1, $0.25 more: what was on its way was waited for)"),
        (0.002, [0.0015, 0.0015], "$0.003 spent (max_cost=0.002, $0.001 more: what was on its way was waited for)"),
        (1.0, [0.1] * 10, "$1.00 spent (max_cost=1)"),
        (1.0, [0.1] * 11, "$1.10 spent (max_cost=1, $0.10 more: what was on its way was waited for)"),
        (0.3, [0.1, 0.1, 0.1], "$0.30 spent (max_cost=0.3)"),
        (1.0, [0.5, 0.5, 2_000.0], "$2,001.00 spent (max_cost=1, $2,000.00 more: what was on its way was waited for)"),
    ],
)
def test_what_was_spent_beyond_the_limit_is_said(limit: float, costs: list[float], sentence: str) -> None:
    spending = Spending(Limits(max_cost=limit), 0.0)
    for cost in costs:
        spending.ended(complete(), cost)
    stopped = spending.stopped_by(7)
    assert stopped is not None
    assert str(stopped) == f"{sentence}; 7 not started. Resume runs the rest."


@pytest.mark.parametrize(
    ("kind", "message", "passes"),
    [
        ("RateLimitError", "slow down", True),
        ("RateLimitError", "Error code: 429 - insufficient_quota", False),
        ("APITimeoutError", "", True),
        ("TimeoutError", "", True),
        ("ReadTimeout", "", True),
        ("APIConnectionError", "Connection error.", True),
        ("ConnectionResetError", "[Errno 104]", True),
        ("HTTPStatusError", "Server error '503 Service Unavailable', status code: 503", True),
        ("APIStatusError", "Error code: 529", True),
        ("ThrottlingException", "", True),
        ("AuthenticationError", "Error code: 401", False),
        ("NotFoundError", "Error code: 404 - model not found", False),
        ("KeyError", "'answer'", False),
        ("ValueError", "expected 500 words", False),
        ("BadRequestError", "Error code: 400", False),
    ],
)
def test_what_passes_by_itself(kind: str, message: str, passes: bool) -> None:
    assert is_transient(kind, message) is passes
