"""The tries of one attempt: when each began, what it took, what it raised and how long was waited after it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from opik_resume.base.records import Try, utc_now
from opik_resume.base.text.tracebacks import error_info
from opik_resume.engine.retrying.policy import Pause, Retries

KEPT = 10  # of the first and of the last tries each: an attempt may have thousands
MESSAGE_LIMIT = 500  # characters kept of the message of a try that is not the last


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a provider's refusals have come to for one attempt: how many, how many of them last, and the seconds waited."""

    tries: int = 0
    in_a_row: int = 0
    waited: float = 0.0


NOT_PRESSED = Pressed()


class Tries:
    """Told of each try as it begins and ends; says how long to wait for the next. One thread at a time.

    Args:
        retries: the rules.
        clock: seconds that only go forward.
        now: the present moment.
        chance: a number from 0 to 1.
        made: those that were made before.
        pressed: what refusals had come to by then.
    """

    def __init__(
        self,
        retries: Retries,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
        chance: Callable[[], float] = random.random,
        made: Sequence[Try] = (),
        pressed: Pressed | None = None,
    ) -> None:
        self._retries = retries
        self._clock, self._now, self._chance = clock, now, chance
        self._made = list(made)
        self._number = made[-1].number if made else 0
        self._pressed = pressed or NOT_PRESSED
        self._refused = False  # the last one was, because a provider is called too often
        self._began = 0.0
        self._since = now()

    def begin(self) -> None:
        """The next try begins."""
        self._number += 1
        self._began, self._since = self._clock(), self._now()

    def failed(self, error: BaseException, *, in_vain: bool = False) -> Pause | None:
        """It raised. Returns how long to wait for the next one; None: there is none.

        ``in_vain``: the provider has been waited for long enough, by others.
        """
        told = error_info(error)
        self._keep(Try(*self._times, told.exception_type, told.message[:MESSAGE_LIMIT]))
        now, chance = self._now(), self._chance()
        so_far = self._pressed
        pause = (
            None
            if in_vain
            else self._retries.pressure(self._number, so_far.in_a_row + 1, error, now, chance, so_far.waited)
        )
        self._refused = pause is not None
        in_a_row = so_far.in_a_row + 1 if self._refused else 0
        self._pressed = Pressed(so_far.tries + self._refused, in_a_row, so_far.waited)
        return pause or self._retries.pause(self._number, error, now, chance, self._number - self._pressed.tries)

    def waited(self, seconds: float) -> None:
        """So long was waited after it."""
        if self._refused:
            self._pressed = replace(self._pressed, waited=self._pressed.waited + seconds)
        self._made[-1] = replace(self._made[-1], waited=round(seconds, 3))

    def returned(self) -> None:
        """It came back."""
        if self._made:
            self._keep(Try(*self._times))

    @property
    def pressed(self) -> Pressed:
        """What refusals have come to."""
        return self._pressed

    @property
    def made(self) -> tuple[Try, ...]:
        """Those that have ended, as far as they are kept."""
        return tuple(self._made)

    @property
    def told(self) -> tuple[Try, ...]:
        """What is kept of them: nothing of one alone, which the attempt itself tells."""
        return tuple(self._made) if len(self._made) > 1 else ()

    @property
    def _times(self) -> tuple[int, datetime, float]:
        return self._number, self._since, round(self._clock() - self._began, 6)

    def _keep(self, made: Try) -> None:
        self._made.append(made)
        if len(self._made) > 2 * KEPT:
            del self._made[KEPT]
