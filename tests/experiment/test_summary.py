"""What is said at the end: by what became of the cells, why something is missing, and how sure the means are."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume import evaluate, evaluate_resume
from opik_resume.base.columns.scores import ScoreColumns, told
from opik_resume.base.records import Attempt, ErrorInfo, Json, ScoreResult
from opik_resume.exceptions import EvaluationInterrupted
from opik_resume.experiment.grid import Grid
from opik_resume.experiment.planning.forecast import PAUSE_SECONDS
from opik_resume.experiment.results import account, result_list, summary
from opik_resume.experiment.results.account import Account, Call, Totals
from opik_resume.experiment.results.error_bars import mean_of, means
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.experiment.results.failed_runs import FailedRuns
from opik_resume.experiment.results.result_list import TestResults
from opik_resume.metrics import BaseMetric, Equals
from opik_resume.stores import default_store
from tests.builders import NOON, attempt, complete, failed, failed_score, numbers
from tests.experiments import result_of

VALUES = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30)


# Means


@given(VALUES)
def test_with_one_run_an_item_it_is_the_common_standard_error(values: list[float]) -> None:
    mean = mean_of(np.array(values), np.arange(len(values)))
    assert mean.n == len(values)
    assert mean.error == pytest.approx(statistics.stdev(values) / math.sqrt(len(values)), abs=1e-9)


@given(VALUES, st.integers(2, 5))
def test_the_same_answer_several_times_is_no_surer(values: list[float], times: int) -> None:
    once = mean_of(np.array(values), np.arange(len(values)))
    again = mean_of(np.repeat(values, times), np.repeat(np.arange(len(values)), times))
    assert (again.n, once.error is None, again.error is None) == (times * len(values), False, False)
    n = len(values)
    assert again.error == pytest.approx((once.error or 0) * math.sqrt((n - 1) / n), rel=0.5, abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(-10, 10)), min_size=2, max_size=25))
def test_it_is_the_formula_written_out(pairs: list[tuple[int, float]]) -> None:
    values, items = np.array([value for _, value in pairs]), np.array([item for item, _ in pairs])
    n, centre = len(pairs), float(np.mean(values))
    common = sum((value - centre) ** 2 for value in values) / (n - 1) / n
    pairs_of_one = sum(
        (values[i] - centre) * (values[j] - centre)
        for i in range(n) for j in range(n) if i != j and items[i] == items[j]
    )  # fmt: skip
    expected = None if len(set(items.tolist())) < 2 else math.sqrt(max(0.0, common + pairs_of_one / n**2))
    assert mean_of(values, items).error == (None if expected is None else pytest.approx(expected, abs=1e-6))


def test_too_little_tells_no_error() -> None:
    assert mean_of(np.array([1.0]), np.array([0])).error is None
    assert mean_of(np.array([1.0, 0.0, 1.0]), np.array([7, 7, 7])).error is None, "one item says nothing of others"
    assert mean_of(np.array([1e308, -1e308, 1e308]), np.arange(3)).error is None


def test_a_score_of_some_runs_only_and_of_no_finite_value() -> None:
    given_scores = [
        (ScoreResult("a", 1.0),),
        (ScoreResult("a", math.nan),),
        (failed_score("b"),),
        (ScoreResult("a", 0.0),),
    ]
    found = means(ScoreColumns.of(map(told, given_scores)), np.arange(4), np.array([False, False, False, True]))
    assert list(found) == ["a"]
    assert (found["a"].every.n, found["a"].every.mean) == (2, 0.5)
    assert [mean and (mean.n, mean.mean) for mean in (found["a"].first_try, found["a"].later_try)] == [
        (1, 1.0),
        (1, 0.0),
    ]


# What became of the cells


def test_cells_are_kept_replayed_or_repaired() -> None:
    kept, lacking, broken = complete("a"), complete("b", scores=(failed_score(),)), failed("c", returned=True)
    runs = {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1}
    before = Grid(runs, [kept, lacking, broken, failed("d")])

    later = NOON + timedelta(hours=1)
    fresh = [replace(complete(item), started_at=later) for item in ("d", "e")]
    after = Grid(
        runs, [kept, replace(lacking, scores=()), replace(broken, complete=True, error=None), failed("d"), *fresh]
    )
    assert Call.of(before, after) == Call(kept=1, replayed=2, repaired=2)
    assert Call.of(after, after) == Call(kept=5, replayed=0, repaired=0)


def test_totals_are_of_every_try_and_leave_out_the_nights() -> None:
    def ran(start: float, seconds: float, make: Callable[..., Attempt] = complete, **fields: Any) -> Attempt:

        began = NOON + timedelta(seconds=start)
        return replace(make("a", 0, **fields), started_at=began, ended_at=began + timedelta(seconds=seconds))

    made = [ran(0, 4, failed, cost=0.5), ran(2, 4, failed), ran(80_000, 2, cost=0.25, tokens=7), attempt("a", 0)]
    totals = Totals.of(Grid({"a": 1}, made).columns)
    assert replace(totals, seconds=round(totals.seconds, 6), legs_seconds=round(totals.legs_seconds, 3)) == Totals(
        3, 10.0, 8.0, 0.75, 7
    )
    assert Totals.of(Grid({"a": 1}, []).columns) == Totals(0, 0.0, 0.0, None, None)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), min_size=1))
def test_legs_are_told_alike_a_few_attempts_at_a_time(spans: list[tuple[int, int]]) -> None:
    """Whole tenths of seconds, each stretch of time added to the legs so far."""
    tenths = sorted((start * 5, start * 5 + length * 5) for start, length in spans)
    legs, until = 0, tenths[0][0]
    for start, end in tenths:
        legs += max(0, end - (start if start - until > 10 * PAUSE_SECONDS else until))
        until = max(until, end)
    made = [
        replace(complete("a", 0), started_at=began, ended_at=began + timedelta(seconds=length / 2))
        for began, length in ((NOON + timedelta(seconds=start / 2), length) for start, length in spans)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(account, "_STRETCH", 3)
        assert Totals.of(Grid({"a": 1}, made).columns).legs_seconds == pytest.approx(legs / 10)


def test_which_cells_were_tried_before() -> None:
    again = Grid({"a": 2, "b": 1}, [failed("a", 0), complete("a", 0), complete("a", 1), failed("b", 0), failed("x", 0)])
    assert again.retried.tolist() == [True, False, False]
    assert Account.of(again).retried.tolist() == [True, False]


# What is said


class Flaky:
    """Fails on some items the first time, with messages that differ in their numbers only."""

    def __init__(self) -> None:
        self.calls = 0
        self.down = True

    def __call__(self, item: Json) -> Json:
        self.calls += 1
        if self.down and item["n"] % 3 == 0:
            raise ConnectionError(f"request {item['n']} was lost")
        return {"output": item["reference"] if item["n"] % 3 else "wrong"}


class Judge(BaseMetric):
    """Out of order as long as it is told so."""

    def __init__(self) -> None:
        super().__init__("judge")
        self.down = True

    def score(self, output: str, **_: Any) -> ScoreResult:
        if self.down and output == "1":
            raise RuntimeError("no verdict")
        return ScoreResult(self.name, 1.0)


def first_and_second() -> tuple[Any, Any]:
    task, judge = Flaky(), Judge()
    dataset = numbers(default_store(), 9)
    how: dict[str, Any] = {"verbose": 0, "task_threads": 1, "cost": lambda item, output: 0.25}
    first = evaluate(dataset, task, [Equals(name="equals"), judge], experiment_name="e", max_runs=8, **how)
    task.down = judge.down = False
    return first, evaluate_resume("e", task, [Equals(name="equals"), judge], **how)


def test_the_summary_says_what_was_done_what_is_missing_and_what_it_took() -> None:
    first, second = first_and_second()
    said = first.summary().splitlines()
    assert said[0] == first.headline == "e: 6 of 9 runs complete (1 never_run, 1 scores_missing, 2 task_failed)"
    assert "this call: 0 kept, 6 replayed, 0 repaired (scored only)" in said
    assert "stopped: 8 runs started (max_runs=8); 1 not started. Resume runs the rest." in said
    assert "missing: 2 task_failed: ConnectionError: request <number> was lost" in said
    assert "missing: 1 never_run: never started" in said
    assert "missing: 1 scores_missing (judge): RuntimeError: no verdict" in said
    assert any(line.startswith("all calls: 8 tries of ") and line.endswith(", $1.50") for line in said)
    said = second.summary().splitlines()
    assert said[0] == second.headline == "e: 9 of 9 runs complete"
    assert "this call: 5 kept, 3 replayed, 1 repaired (scored only)" in said
    assert not any(line.startswith(("missing", "stopped")) for line in said)
    (equals,) = [line for line in said if line.startswith("  equals")]
    assert equals == (
        "  equals: 0.6667 ± 0.17 (n = 9); complete at the first try 0.8571 ± 0.14 (n = 7), at a later one 0 ± 0 (n = 2)"
    )
    assert any(line.startswith("all calls: 11 tries of ") and line.endswith(", $2.25") for line in said)


def test_a_notebook_shows_the_same_in_the_colours_of_its_theme() -> None:
    first, second = first_and_second()
    shown = second._repr_html_()
    assert "<th>first try</th><th>later try</th>" in shown
    assert "0.8571 ± 0.14 (n = 7)" in shown
    assert "this call: 5 kept, 3 replayed, 1 repaired (scored only)" in shown
    assert "color" not in shown
    assert "first try" not in first._repr_html_()


def test_what_others_wrote_is_text() -> None:
    def task(item: Json) -> Json:
        raise ValueError("<script>alert()</script>")

    result = evaluate(numbers(default_store(), 2), task, experiment_name="<i>", verbose=0)
    assert "<script>" not in result._repr_html_()
    assert "&lt;script&gt;" in result._repr_html_()
    assert "<script>" in result.summary()


def test_a_large_result_is_not_made_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    first_and_second()
    whole = result_of(default_store().named("e")[0].id, default_store())
    monkeypatch.setattr(result_list, "KEPT", 3)
    lazy = result_of(whole.experiment_id, default_store())
    assert isinstance(lazy.test_results, TestResults)
    made: list[object] = []
    monkeypatch.setattr(result_list, "_result", lambda *args: made.append(args))
    assert lazy.summary() == whole.summary()
    assert lazy._repr_html_() == whole._repr_html_()
    assert not made


def test_a_list_that_its_user_has_changed_is_told_as_it_is() -> None:
    _, second = first_and_second()
    del second.test_results[0]
    assert "(n = 8)" in second.summary()
    assert "first try" not in second.summary()


def test_runs_of_one_item_are_one_cluster() -> None:
    result = evaluate(
        numbers(default_store(), 4), lambda item: {"output": item["n"] % 2}, [Even()], trial_count=3, verbose=0
    )
    assert "even: 0.5 ± 0.25 (n = 12)" in result.summary()


class Even(BaseMetric):
    def __init__(self) -> None:
        super().__init__("even")

    def score(self, output: int, **_: Any) -> ScoreResult:
        return ScoreResult(self.name, float(output == 0))


def test_few_kinds_of_failures_are_listed_and_the_others_counted() -> None:
    made = Grid({"a": 40}, [failed("a", trial, error=ErrorInfo(f"E{'x' * trial}", "no", "")) for trial in range(15)])

    listed = summary.missing(FailedRuns.of(made))
    assert listed[0] == "25 never_run: never started"
    assert len(listed) == 11
    assert listed[-1] == "6 of 6 more kinds: see failures"


def test_an_interrupted_call_tells_it_too(tmp_path: Path) -> None:
    def task(item: Json) -> Json:
        if item["n"] == 0:
            raise KeyboardInterrupt
        return {"output": "x"}

    with pytest.raises(EvaluationInterrupted) as stopped:
        evaluate(numbers(default_store(), 3), task, task_threads=1, verbose=0)
    result = stopped.value.result
    assert isinstance(result, EvaluationResult)
    assert "this call: 0 kept, " in result.summary()
    assert result.summary().startswith(result.headline)
