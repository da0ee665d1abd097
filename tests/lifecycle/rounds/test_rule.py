"""How long is waited between two rounds, and how that is said: on no clock at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume.base.records import Attempt, CellKey, ErrorInfo, ScoreResult
from opik_resume.engine.events import RunDropped, RunFinished
from opik_resume.lifecycle.prepare import DONE_ELSEWHERE
from opik_resume.lifecycle.rounds.pending import Pending
from opik_resume.lifecycle.rounds.rule import FIRST_SECONDS, LONGEST_SECONDS, Why, pause_after, waiting, why_again
from opik_resume.metrics.scoring import failed_score
from tests.builders import attempt, complete

CHANCES = st.floats(0, 1)


@given(st.integers(1, 10_000), CHANCES)
def test_pauses_double_up_to_ten_minutes_and_half_of_each_is_chance(number: int, chance: float) -> None:
    whole = min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(number - 1, 50))
    assert whole / 2 <= pause_after(number, 0.0, chance) <= whole
    assert pause_after(number, 0.0, chance) <= pause_after(number + 1, 0.0, chance)


@given(st.integers(1, 10_000), CHANCES, st.floats(0.001, 1e6))
def test_a_stated_moment_is_slept_through_and_makes_no_pause_shorter(number: int, chance: float, stated: float) -> None:
    pause = pause_after(number, stated, chance)
    assert pause > stated
    assert pause_after(number, float("-inf"), chance) <= pause <= stated + LONGEST_SECONDS


def failing(kind: str, message: str = "") -> Attempt:
    return attempt(error=ErrorInfo(kind, message, ""))


def scored(kind: str) -> Attempt:
    return complete(scores=(ScoreResult("good", 1.0), failed_score("judge", ErrorInfo(kind, "no", ""))))


@pytest.mark.parametrize(
    ("ended", "why"),
    [
        (complete(), None),
        (attempt(), None),
        (failing("ValueError", "no"), None),
        (failing("RateLimitError", "insufficient_quota"), None),
        (failing("HTTPStatusError", "Client error '403 Forbidden' for url 'x'"), None),
        (failing("RateLimitError", "slow down"), Why.limited),
        (failing("HTTPStatusError", "Client error '429 Too Many Requests' for url 'x'"), Why.limited),
        (failing("HTTPError", "HTTP Error 429: Too Many Requests"), Why.limited),
        (failing("ClientResponseError", "429, message='Too Many Requests', url='x'"), Why.limited),
        (failing("HTTPError", "503 Server Error: Service Unavailable for url: x"), Why.passing),
        (failing("ValueError", "503 items"), None),
        (failing("TaskTimedOut", "too slow"), Why.late),
        (failing("APIConnectionError", "gone"), Why.passing),
        (scored("RateLimitError"), Why.limited),
        (scored("ValueError"), None),
    ],
)
def test_another_round_is_for_what_passes_by_itself(ended: Attempt, why: Why | None) -> None:
    assert why_again(ended) is why


def test_what_is_left_by_a_round() -> None:
    pending, keys = Pending(), [CellKey(str(number), 0) for number in range(4)]
    for event in (
        RunFinished(keys[0], failing("RateLimitError")),
        RunFinished(keys[1], complete()),
        RunDropped(keys[2], DONE_ELSEWHERE),
        RunDropped(keys[3], "a task of an ended run is on it"),
    ):
        pending(event)
    assert list(pending.whys.values()) == [Why.limited, Why.elsewhere]


@pytest.mark.parametrize(
    ("whys", "said"),
    [
        ([Why.limited] * 14, "for 14 runs that were rate-limited"),
        ([Why.limited], "for 1 run that was rate-limited"),
        ([Why.late, Why.limited, Why.limited], "for 3 runs: 2 were rate-limited, 1 timed out"),
    ],
)
def test_the_line_says_how_long_for_what_and_which_round(whys: list[Why], said: str) -> None:
    assert waiting(120.0, whys, 3) == f"waiting 2 min {said} (round 3)"
