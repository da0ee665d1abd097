"""Counts, rate and time left."""

from __future__ import annotations

import pytest

from opik_resume.lifecycle.display.meter import WINDOW, Meter
from opik_resume.notebook.background.progress import IDLE


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


def test_the_fields_are_those_of_the_protocol() -> None:
    assert set(IDLE.to_json()) == {
        "active", "stopping", "outcome", "message", "done", "total", "failed", "abandoned", "note", "rate", "seconds_left",
        "own", "undelivered", "problem", "summary",
    }  # fmt: skip
