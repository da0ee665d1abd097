"""What is kept of the tries of one attempt, on a fake clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from opik_resume.engine.retrying.policy import Retries
from opik_resume.engine.retrying.tries import KEPT, MESSAGE_LIMIT, Tries

SINCE = datetime(2026, 3, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def moment(self) -> datetime:
        return SINCE + timedelta(seconds=self.now)


def tries(retries: Retries, clock: Clock) -> Tries:
    return Tries(retries, clock, clock.moment, lambda: 1.0)


def test_each_try_tells_when_how_long_what_and_the_wait_after_it() -> None:
    clock = Clock()
    made = tries(Retries(3), clock)
    made.begin()
    clock.now = 0.5
    pause = made.failed(TimeoutError("slow"))
    assert pause is not None
    assert pause.seconds == 1.0
    clock.now += pause.seconds
    made.waited(pause.seconds)
    made.begin()
    clock.now += 0.25
    made.returned()
    first, last = made.told
    assert (first.number, first.started_at, first.seconds, first.error_type, first.message, first.waited) == (
        1, SINCE, 0.5, "TimeoutError", "slow", 1.0,
    )  # fmt: skip
    assert (last.number, last.started_at, last.seconds, last.error_type) == (
        2, SINCE + timedelta(seconds=1.5), 0.25, None,
    )  # fmt: skip


def test_one_alone_is_told_by_the_attempt() -> None:
    good, bad = tries(Retries(3), Clock()), tries(Retries(3), Clock())
    good.begin()
    good.returned()
    bad.begin()
    assert bad.failed(ValueError()) is None
    assert good.told == bad.told == ()


def test_of_many_the_first_and_the_last_are_kept_and_no_message_is_long() -> None:
    made = tries(Retries(10_000), Clock())
    for _ in range(1_000):
        made.begin()
        assert made.failed(TimeoutError("x" * 10_000)) is not None
    numbers = [each.number for each in made.told]
    assert numbers == [*range(1, KEPT + 1), *range(1_001 - KEPT, 1_001)]
    assert {len(each.message) for each in made.told} == {MESSAGE_LIMIT}


def test_secrets_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_API_KEY", "sk-abcdefghijklmnopqrstuvwxyz123456")
    made = tries(Retries(1), Clock())
    for _ in range(2):
        made.begin()
        made.failed(TimeoutError("refused sk-abcdefghijklmnopqrstuvwxyz123456"))
    assert "sk-abcdefghijklmnop" not in str(made.told)
