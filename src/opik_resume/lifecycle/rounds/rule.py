"""How long is waited between two rounds, for what, and how that is said. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from enum import Enum

from opik_resume.base.records import Attempt
from opik_resume.base.text.phrases import counted
from opik_resume.experiment.failures.causes import why_missing
from opik_resume.experiment.failures.transient import is_pressure, is_transient
from opik_resume.experiment.planning.forecast import said_seconds

FIRST_SECONDS, LONGEST_SECONDS = 30.0, 600.0  # of a pause that nobody has stated
_AFTER = 0.1  # of such a pause is added to one that a provider states, so that not all come back in the same moment
_TIME = re.compile(r"Timeout|TimedOut|DeadlineExceeded")


class Why(Enum):
    """Why another round may help a run, as it is said of one and of several."""

    limited = ("was rate-limited", "were rate-limited")
    late = ("timed out", "timed out")
    passing = ("failed in passing", "failed in passing")
    elsewhere = ("was left to others", "were left to others")


def pause_after(number: int, stated: float, chance: float) -> float:
    """Seconds to wait after the ``number``-th round, counted from 1.

    Args:
        number: each pause is twice the one before, up to ten minutes.
        stated: in how many seconds a provider may be called again, as it has said; 0 or less: it has not.
        chance: from 0 to 1: half of the pause is left to it.
    """
    wait = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(number - 1, 30)) * (0.5 + chance / 2)
    return max(wait, stated + wait * _AFTER) if stated > 0 else wait


def why_again(attempt: Attempt, refused: bool | None = None) -> Why | None:
    """Why it may come to more in another round; None: it is whole, or would fail again.

    ``refused``: what the exception itself told, which is more than is kept of it: it passes by itself, and was a
    provider's refusal or not; None: nobody knows.
    """
    told = [why_missing(score) for score in attempt.scores if score.scoring_failed]
    if attempt.error is not None:
        told = [(attempt.error.exception_type, attempt.error.message)]
    why = next((_why(*each) for each in told if is_transient(*each)), None)
    if why is None and told and refused is not None:
        return Why.limited if refused else Why.passing
    return why


def _why(exception_type: str, message: str) -> Why:
    if is_pressure(exception_type, message):
        return Why.limited
    return Why.late if _TIME.search(exception_type) else Why.passing


def waiting(seconds: float, whys: Iterable[Why], number: int) -> str:
    """``waiting 2 min for 14 runs that were rate-limited (round 3)``: the round that comes then."""
    counts = Counter(whys)
    total = counted(counts.total(), "run")
    if len(counts) == 1:
        runs = f"{total} that {_said(*counts.popitem())}"
    else:
        runs = f"{total}: {', '.join(f'{count:,} {_said(why, count)}' for why, count in counts.most_common())}"
    return f"waiting {said_seconds(seconds)} for {runs} (round {number})"


def _said(why: Why, count: int) -> str:
    one, several = why.value
    return one if count == 1 else several
