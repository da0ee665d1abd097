"""What a progress line says, and when a line is said, on a fake clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from opik_resume.base.records import Attempt, CellKey, utc_now
from opik_resume.engine.events import BackingOff, Ended, RunDropped, RunFinished, RunQueued, RunStarted, Waiting
from opik_resume.lifecycle.display.lines import EVERY_SECONDS, Lines
from opik_resume.lifecycle.display.standing import Standing
from tests.builders import complete, failed


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def finished(attempt: Attempt) -> RunFinished:
    return RunFinished(CellKey(attempt.item_id, 0), attempt)


def paid(item: str, cost: float, *, ago: float = 0.0) -> RunFinished:
    return finished(replace(complete(item), cost=cost, started_at=utc_now() - timedelta(seconds=ago)))


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_counts_failures_rate_and_time_left(clock: Clock) -> None:
    standing = Standing("e", 100, clock)
    assert standing.sentence() == "e: 0 of 100 runs"
    for n in range(100):
        standing(RunQueued(CellKey(str(n), 0)))
    for n in range(20):
        clock.now += 0.25
        standing(RunStarted(CellKey(str(n), 0)))
        standing(finished(failed(str(n)) if n % 10 == 0 else complete(str(n))))
    assert standing.sentence() == "e: 20 of 100 runs, 2 failed, 4 runs/s, 20 s left"


def test_slow_runs_are_told_by_their_seconds(clock: Clock) -> None:
    standing = Standing("e", 10, clock)
    for n in range(2):
        clock.now += 10
        standing(finished(complete(str(n))))
    assert standing.sentence() == "e: 2 of 10 runs, 10 s/run, 1.3 min left"


def test_what_is_left_out_counts_as_done_and_takes_no_time(clock: Clock) -> None:
    standing = Standing("e", 10, clock)
    for n in range(8):
        standing(RunDropped(CellKey(str(n), 0), "no longer missing"))
    clock.now += 5
    standing(finished(complete("8")))
    assert (standing.done, standing.total) == (9, 10)
    assert standing.sentence() == "e: 9 of 10 runs, 5 s/run, 5 s left"


def test_the_cost_is_of_what_was_paid_in_this_run(clock: Clock) -> None:
    standing = Standing("e", 3, clock)
    assert standing.troubles() == []
    standing(paid("a", 0.25))
    standing(paid("b", 0.5))
    standing(paid("c", 7.0, ago=3600))  # only scored again: what it cost then was another run's
    assert standing.troubles() == ["$0.75"]


def test_backing_off_is_said_beside_the_rest(clock: Clock) -> None:
    standing = Standing("e", 3, clock)
    standing(finished(failed("a")))
    standing(Waiting(CellKey("b", 0), 12.0, "RateLimitError"))
    clock.now += 2
    assert standing.troubles() == ["1 failed", "backing off 10 s"]


def test_a_provider_that_refuses_is_said_until_all_are_at_work_again(clock: Clock) -> None:
    standing = Standing("e", 30, clock)
    standing(Waiting(CellKey("b", 0), 40.0, "RateLimitError"))
    standing(BackingOff(12.0, 4, 16))
    clock.now += 2
    assert standing.troubles() == ["backing off 10 s, 4 of 16 at work"]
    clock.now += 20
    assert standing.troubles() == ["backing off, 4 of 16 at work"]
    standing(BackingOff(0.0, 16, 16))
    assert standing.troubles() == ["backing off 18 s"], "the one cell still waits"


def test_nobody_is_backing_off_when_it_has_ended(clock: Clock) -> None:
    standing = Standing("e", 30, clock)
    standing(Waiting(CellKey("b", 0), 40.0, "RateLimitError"))
    standing(BackingOff(12.0, 4, 16))
    standing(Ended("stopped"))
    assert standing.troubles() == []


def test_a_line_each_30_seconds_and_one_at_the_end(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(Standing("e", 300, clock), clock=clock)
    for n in range(299):
        clock.now += 1
        lines(finished(complete(str(n))))
        for _ in range(3):
            lines.tick()
    lines(Ended("stopped"))
    lines.close()
    lines.close()
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 299 // EVERY_SECONDS + 1
    assert said[0] == "e: 30 of 300 runs, 1 runs/s, 4.5 min left"
    assert said[-1] == "e: 299 of 300 runs, in 5 min"


def test_a_line_comes_when_nothing_happens(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(Standing("e", 5, clock), clock=clock)
    clock.now += EVERY_SECONDS - 1
    lines.tick()
    assert capsys.readouterr().err == ""
    clock.now += 1
    lines.tick()
    assert capsys.readouterr().err == "e: 0 of 5 runs\n"


def test_a_brief_one_says_the_end_only_of_what_took_long(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    quick, slow = (Lines(Standing("e", 5, clock), brief=True, clock=clock) for _ in range(2))
    quick.close()
    assert capsys.readouterr().err == ""
    clock.now += EVERY_SECONDS
    slow.tick()
    slow.close()
    assert len(capsys.readouterr().err.splitlines()) == 2
