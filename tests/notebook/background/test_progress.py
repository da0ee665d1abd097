"""Counts, rate and time left."""

from __future__ import annotations

import pytest

from opik_resume.engine.events import BackingOff, Ended
from opik_resume.experiment.grid import Grid
from opik_resume.experiment.planning.plan import make_plan
from opik_resume.lifecycle.display.meter import WINDOW, Meter
from opik_resume.notebook.background.progress import IDLE
from opik_resume.notebook.background.resume import Resume


def test_there_is_no_rate_before_anything_ended() -> None:
    meter = Meter(0.0)
    meter.queued()
    assert meter.rate(5.0) is None
    assert meter.seconds_left(5.0) is None


def test_rate_and_time_left() -> None:
    meter = Meter(0.0)
    for _ in range(100):
        meter.queued()
    for second in range(1, 11):
        meter.finished(float(second), complete=second % 2 == 0)
    assert (meter.done, meter.failed, meter.total) == (10, 5, 100)
    assert meter.rate(10.0) == pytest.approx(1.0)
    assert meter.seconds_left(10.0) == pytest.approx(90.0)


def test_a_burst_at_the_very_start_promises_nothing() -> None:
    meter = Meter(0.0)
    meter.finished(0.001, complete=True)
    assert meter.rate(0.001) is None


def test_the_rate_is_of_the_recent_past() -> None:
    meter = Meter(0.0)
    for hundredth in range(1000):
        meter.finished(hundredth / 100, complete=True)
    for second in range(1, 101):
        meter.finished(10.0 + second, complete=True)
    assert meter.rate(110.0) == pytest.approx(1.0, rel=0.1)


def test_the_rate_of_slow_runs_decays_instead_of_vanishing() -> None:
    meter = Meter(0.0)
    meter.finished(60.0, complete=True)
    assert meter.rate(60.0) == pytest.approx(1 / 60)
    late = meter.rate(60.0 + 10 * WINDOW)
    assert late is not None
    assert 0 < late < 1 / 60


def test_what_holds_a_run_up_is_noted_while_it_runs() -> None:
    resume = Resume(make_plan("id", "e", Grid({"a": 3}, [])), blocking=False, publish=lambda cell, state: None)
    assert resume.progress(own=True).note is None
    resume.take(BackingOff(12.0, 4, 16))
    assert resume.progress(own=True).note == "backing off 12 s, 4 of 16 at work"
    resume.take(BackingOff(0.0, 16, 16))
    assert resume.progress(own=True).note is None
    resume.take(BackingOff(12.0, 4, 16))
    resume.take(Ended("finished", None, ()))
    assert resume.progress(own=True).note is None


def test_the_fields_are_those_of_the_protocol() -> None:
    assert set(IDLE.to_json()) == {
        "active", "stopping", "outcome", "message", "done", "total", "failed", "abandoned", "note", "rate", "seconds_left",
        "own", "undelivered", "problem", "summary",
    }  # fmt: skip
