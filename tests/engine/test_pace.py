"""Calls that are spaced, for a provider that refuses even single ones: on no clock."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from opik_resume.engine.running.pressure import Pressure

SECONDS = 0.1  # that an answer takes


class Bucket:
    """Bears a call each ``seconds``, and so many at once after a rest."""

    def __init__(self, seconds: float, burst: float = 1) -> None:
        self._seconds, self._burst = seconds, burst
        self._tokens, self._since = burst, 0.0

    def __call__(self, now: float) -> bool:
        self._tokens = min(self._burst, self._tokens + (now - self._since) / self._seconds)
        self._since = now
        bears = self._tokens >= 1
        self._tokens -= bears
        return bears


def called(bears: Callable[[float], bool], runs: int) -> tuple[list[float], int]:
    """Call it until so many calls have passed, each when it may be. Returns when they had, and how many were refused."""
    rule, now, passed, refused = Pressure(16), 0.0, list[float](), 0
    while len(passed) < runs:
        now += rule.until_next(now, 0) or 0.0
        began = now
        rule.began(began)
        if bears(now):
            now += SECONDS
            rule.passed(began)
            passed.append(now)
        else:
            now += 0.003
            rule.refused(began, now, None, 1)
            refused += 1
    return passed, refused


@pytest.mark.parametrize("burst", [1, 3])
@pytest.mark.parametrize("seconds", [0.2, 1.0, 20.0])
def test_less_than_one_call_at_a_time_is_spaced_and_not_asked_for_in_vain(seconds: float, burst: int) -> None:
    passed, refused = called(Bucket(seconds, burst), 400)
    assert refused <= 0.08 * 400, "it was nearly as many as passed"
    assert passed[-1] <= 1.25 * 400 * seconds


def test_what_bears_more_later_is_called_more_often_again() -> None:
    slow, quick = Bucket(2.0), Bucket(0.2)
    passed, refused = called(lambda now: slow(now) if now < 100 else quick(now), 500)
    assert passed[-1] - passed[-100] <= 1.25 * 100 * 0.2
    assert refused <= 0.08 * 500


def test_a_pace_that_does_not_help_is_tried_ever_more_seldom() -> None:
    calls = 0

    def every_other(now: float) -> bool:
        nonlocal calls
        calls += 1
        return calls % 2 == 0

    passed, _ = called(every_other, 400)
    assert passed[-1] <= 400 * (SECONDS + 0.003) * 1.2


def test_what_is_never_refused_is_never_spaced() -> None:
    passed, refused = called(lambda now: True, 50)
    assert passed[-1] == pytest.approx(50 * SECONDS)
    assert refused == 0
