"""How long what remains takes and what it costs: rules that hold for any history, and the truth of simulated ones."""

from __future__ import annotations

import heapq
import math
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opik_resume.experiment.grid import Grid
from opik_resume.experiment.planning.forecast import History, said_costs, said_time
from opik_resume.experiment.planning.plan import ResumePlan, make_plan
from tests.builders import NOON, attempt, complete, failed_score

NONE = np.empty(0)
SECONDS = st.lists(st.floats(0, 1e4), min_size=1, max_size=40)
RUNS = st.integers(1, 3_000)
WORKERS = st.integers(1, 40)


def history(seconds: list[float], began: list[float] | None = None) -> History:
    taken = np.array(seconds)
    return History(
        taken, np.full(len(taken), np.nan) if began is None else np.array(began), np.full(len(taken), np.nan)
    )


@st.composite
def histories(draw: st.DrawFn) -> History:
    seconds = draw(SECONDS)
    starts = draw(st.lists(st.floats(0, 1e5), min_size=len(seconds), max_size=len(seconds)))
    return history(seconds, starts if draw(st.booleans()) else None)


def of(told: History, runs: int, workers: int, **more: float) -> tuple[float, float, float]:
    forecast = told.time(runs, workers, **more)  # type: ignore[arg-type]
    assert forecast is not None
    return forecast


def no_more(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(a <= b or math.isclose(a, b, rel_tol=1e-9) for a, b in zip(one, other, strict=True))


@given(histories(), RUNS, WORKERS)
def test_low_middle_and_high_are_in_order_and_above_the_floor(told: History, runs: int, workers: int) -> None:
    low, middle, high = of(told, runs, workers, floor=0.5)
    assert runs * 0.5 <= low <= middle * (1 + 1e-9)
    assert middle <= high * (1 + 1e-9)
    assert math.isfinite(high)


@given(histories(), RUNS, WORKERS, st.integers(1, 40))
def test_more_workers_are_never_slower(told: History, runs: int, workers: int, more: int) -> None:
    assert no_more(of(told, runs, workers + more), of(told, runs, workers))


@given(histories(), RUNS, st.integers(1, 300), WORKERS)
def test_more_runs_are_never_faster(told: History, runs: int, more: int, workers: int) -> None:
    assert no_more(of(told, runs, workers), of(told, runs + more, workers))


@given(SECONDS, RUNS, WORKERS, st.sampled_from([0.25, 3.0, 60.0]))
def test_slower_runs_make_the_range_as_much_longer(seconds: list[float], runs: int, workers: int, by: float) -> None:
    slower = of(history([by * each for each in seconds]), runs, workers, floor=0.0)
    assert slower == pytest.approx(tuple(by * each for each in of(history(seconds), runs, workers, floor=0.0)))


@given(histories(), RUNS, WORKERS)
def test_the_same_history_says_the_same(told: History, runs: int, workers: int) -> None:
    again = History(told.seconds.copy(), told.began.copy(), told.cost.copy(), told.tokens.copy())
    assert of(told, runs, workers) == of(again, runs, workers)


def test_without_a_history_nobody_knows() -> None:
    assert History(NONE, NONE, NONE).time(3, 1) is None
    assert History(NONE, NONE, NONE).costs(3) is None


def simulated(seed: int, runs: int, workers: int, overhead: float) -> tuple[list[float], list[float], float]:
    """Starts and seconds of runs on workers, one after the other recorded for ``overhead``, and how long all of it took."""
    random = np.random.default_rng(seed)
    seconds = random.lognormal(0.0, 0.8, runs)
    free, began, recorder = [0.0] * workers, [], 0.0
    heapq.heapify(free)
    for took in seconds.tolist():
        start = heapq.heappop(free)
        began.append(start)
        recorder = max(recorder, start + took) + overhead
        heapq.heappush(free, recorder if overhead else start + took)
    return began, seconds.tolist(), max(free)


@pytest.mark.parametrize(("before", "after"), [(100, 100), (60, 400), (400, 30), (300, 2_000)])
@pytest.mark.parametrize(("was", "now"), [(1, 1), (4, 4), (4, 16), (16, 4), (16, 1)])
def test_the_truth_is_in_the_range_most_of_the_time(before: int, after: int, was: int, now: int) -> None:
    held = 0
    for seed in range(40):
        began, seconds, _ = simulated(seed, before, was, 0.0)
        _, _, truth = simulated(1_000 + seed, after, now, 0.0)
        low, _, high = of(history(seconds, began), after, now)
        held += low <= truth <= high
    assert held >= 32, f"{held} of 40"


@pytest.mark.parametrize("workers", [1, 4, 16])
def test_what_recording_takes_is_in_it(workers: int) -> None:
    """Runs of 50 µs that follow each other every 2 ms, as those of a task that does nothing: 41,146 take 82 s."""
    began = [number * 0.002 for number in range(2_000)]
    low, middle, high = of(history([5e-5] * 2_000, began), 41_146, workers)
    assert 80 <= low <= middle <= high <= 90


def test_recording_that_holds_up_busy_workers_is_in_it() -> None:
    """5 ms each on 16 workers, recorded one by one for 2 ms."""
    random = np.random.default_rng(0)
    began = np.cumsum(random.uniform(0.0019, 0.0021, 2_000))
    low, _, high = of(history([0.032 - 0.001] * 2_000, began.tolist()), 10_000, 16)
    assert low == pytest.approx(20, rel=0.1)
    assert high == pytest.approx(20, rel=0.1)


def test_a_night_between_two_legs_is_no_part_of_a_run() -> None:
    one = [number * 1.0 for number in range(50)]
    low, _, high = of(history([1.0] * 100, one + [start + 40_000 for start in one]), 10, 1)
    assert [low, high] == pytest.approx([10, 10], rel=0.01)


def test_the_newest_weigh_most_and_the_slowest_count() -> None:
    slower = of(history([1.0] * 300 + [4.0] * 300), 100, 1)
    faster = of(history([4.0] * 300 + [1.0] * 300), 100, 1)
    assert slower[1] > 300
    assert faster[1] < 200
    some = of(history(([1.0] * 19 + [100.0]) * 20), 200, 200)
    assert some[1] >= 100, "with a worker each, the slowest is how long it takes"


def test_only_complete_runs_tell_the_time_unless_there_are_none() -> None:
    quick = attempt("a", 0, ended_at=NOON + timedelta(seconds=0.01))
    whole = complete("b", 0, ended_at=NOON + timedelta(seconds=3))
    assert make_plan("id", "n", Grid({"a": 1, "b": 1}, [quick, whole])).seconds(1) == pytest.approx(3.0)
    assert make_plan("id", "n", Grid({"a": 1, "b": 1}, [quick])).seconds(1) == pytest.approx(0.02, abs=0.01)


def test_what_is_only_scored_takes_as_long_as_scoring() -> None:
    whole = [
        complete("a", trial, scores=(failed_score("judge"),), task_seconds=1.5, scoring_seconds=0.5)
        for trial in (0, 1, 2)
    ]
    plan = make_plan("id", "n", Grid({"a": 3}, whole))
    assert (plan.runs, plan.scores) == (0, 3)
    assert plan.time(1) == pytest.approx((1.5, 1.5))


@settings(max_examples=50)
@given(st.lists(st.floats(0, 10), min_size=1, max_size=50), RUNS, st.integers(1, 500))
def test_costs_grow_with_the_runs(costs: list[float], runs: int, more: int) -> None:
    told = History(np.ones(len(costs)), NONE, np.array(costs))
    low, high = told.costs(runs) or (0.0, 0.0)
    assert min(costs) * runs * (1 - 1e-9) <= low <= high <= max(costs) * runs * (1 + 1e-9)
    assert no_more((low, high), told.costs(runs + more) or (0.0, 0.0))


def test_a_plan_says_what_it_takes_and_what_it_costs() -> None:
    made = [complete("a", trial, ended_at=NOON + timedelta(seconds=60), cost=0.02) for trial in range(4)]
    plan = make_plan("id", "<b>", Grid({"a": 68}, made))
    assert plan.runs == 64
    assert plan.cost == pytest.approx((1.28, 1.28))
    assert plan.expected == "about 4 min at 16 threads, about $1.28"
    assert plan.expected in repr(plan)
    assert plan.expected in plan._repr_html_()
    assert "&lt;b&gt;" in plan._repr_html_()
    assert make_plan("id", "n", Grid({"a": 2}, [])).expected == ""


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.0, 0.2, "about 1 s"),
        (2.2, 4.4, "about 2 to 4 s"),
        (100, 260, "about 2 to 4 min"),
        (20, 70, "about 1 min"),
        (3_600, 10_000, "about 1 to 3 h"),
        (1e6, 2e6, "about 12 to 23 days"),
    ],
)
def test_times_are_said_in_one_unit(low: float, high: float, said: str) -> None:
    assert said_time(low, high) == said


def test_a_plan_says_how_many_tokens_it_uses_where_there_is_a_source() -> None:
    def plan_of_runs(tokens: int | None) -> ResumePlan:
        made = [complete("a", trial, ended_at=NOON + timedelta(seconds=60), tokens=tokens) for trial in range(4)]
        return make_plan("e", "e", Grid({"a": 68}, made))

    assert plan_of_runs(20).tokens == pytest.approx((1280, 1280))
    assert "about 1,280 tokens" in plan_of_runs(20).expected
    assert plan_of_runs(None).tokens is None
    assert "token" not in plan_of_runs(None).expected


def test_costs_are_said_in_dollars() -> None:
    assert said_costs(0.2, 0.35) == "about $0.20 to $0.35"
    assert said_costs(0.0021, 0.0021) == "about $0.0021"
