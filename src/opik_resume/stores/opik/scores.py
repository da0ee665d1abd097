"""What a server keeps of a score: a number within its limits, of nine decimals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from opik_resume.base.records import Attempt, ScoreResult
from opik_resume.base.text.encoding import float_text

LIMITS = "-999999999.999999999 to 999999999.999999999"
_BEYOND = 1e9  # the first float beyond them
_DECIMALS = 1.000001e-9  # what is as near is the same: whether it rounds or cuts off, it keeps nine of them


def refusal(score: ScoreResult) -> str | None:
    """Why the server would refuse a score, and with it all that is sent along; None for one that it takes."""
    if not score.name.strip():
        return "it has no name"
    if not math.isfinite(score.value):
        return f"{float_text(score.value)} is no number there"
    if abs(score.value) >= _BEYOND:
        return f"{score.value:g} is not within its limits, {LIMITS}"
    return None


def same_value(one: float, other: float) -> bool:
    """Whether the server keeps both values as the same."""
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return math.isclose(one, other, rel_tol=1e-15, abs_tol=_DECIMALS)


def same_scores(some: Sequence[ScoreResult], others: Sequence[ScoreResult]) -> bool:
    """Whether these are the same scores but for what the server does to values."""
    return len(some) == len(others) and all(
        same_value(one.value, other.value) and replace(one, value=0.0) == replace(other, value=0.0)
        for one, other in zip(some, others, strict=True)
    )


def same_attempt(one: Attempt, other: Attempt) -> bool:
    """Whether these are the same but for what the server does to the values of scores."""
    return replace(one, scores=()) == replace(other, scores=()) and same_scores(one.scores, other.scores)
