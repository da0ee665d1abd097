"""Which failures of a task are worth another try, and how long to wait before it. Pure.

The schedule is our own and not tenacity's: its loop sleeps where ours waits for a stop or awaits, and the one line of
arithmetic that is left is not worth its import.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from opik_resume.engine.retrying import stated
from opik_resume.experiment.failures.transient import is_exhausted, is_pressure, is_transient

FIRST_SECONDS = 1.0
PRESSED = 0.25
"""So much of such a wait after a refusal: the run knows how many may be at work, and lets those go first that were refused."""
LONGEST_SECONDS = 60.0  # of a wait that nobody has stated
LONGEST_STATED = 300.0
"""Of one that the provider states: if it is longer, the run fails now and says so, and a later resume runs it."""
_REFUSED = frozenset({401, 402, 403})
_PASSES = frozenset({408, 425, 429})
UNAVAILABLE = 503
_PRESSES = frozenset({429, 529})
MAX_WAIT = 300.0  # seconds that one run waits for a provider that refuses it


@dataclass(frozen=True, slots=True)
class Pause:
    """So many seconds are waited before the ``number``-th try, and why."""

    seconds: float
    why: str
    number: int


@dataclass(frozen=True, slots=True)
class Retries:
    """How a task is called: again at most ``retries`` times, each time for at most ``timeout`` seconds.

    ``retry_on``: exceptions that are worth it besides those that pass by themselves: classes, or globs of their names,
    with or without the module (``openai.*``, ``*Overloaded*``). ``adaptive``: what a provider refuses because it is called too
    often is waited for, at most ``max_wait`` seconds a run, and does not count as one of the ``retries``. ``patient``: a moment
    that the provider states is waited for, however late it is; what it refuses after that fails.
    """

    retries: int = 0
    timeout: float | None = None
    retry_on: tuple[type[BaseException] | str, ...] = ()
    adaptive: bool = True
    max_wait: float = MAX_WAIT
    patient: bool = False

    @property
    def longest(self) -> float:
        """Seconds that a provider may state, for any run to wait so long."""
        return math.inf if self.patient else max(self.max_wait, LONGEST_STATED)

    @property
    def plain(self) -> bool:
        """Whether the task is simply called."""
        return self.retries == 0 and self.timeout is None and not self.adaptive

    def passes(self, error: BaseException) -> bool:
        """Whether the same call may succeed in a while: what interrupts does not, and an exhausted quota does not."""
        if not isinstance(error, Exception):
            return False
        named = self._named(error)
        return _heard(error, lambda each: named or self._passes_of(each))

    def _passes_of(self, error: BaseException) -> bool:
        members = stated.members(error)
        return all(map(self.passes, members)) if members else _passes(error)

    def pressure(
        self, number: int, pressed: int, error: BaseException, now: datetime, chance: float, waited: float = 0.0
    ) -> Pause | None:
        """The same after a refusal, the ``pressed``-th in a row; None when it is none, or there is no more waiting.

        Args:
            number, error, now, chance: as in :meth:`pause`.
            pressed: counted from 1.
            waited: how many seconds the run has waited for refusals.
        """
        if not self.adaptive or not presses(error):
            return None
        pause = _paused(number, pressed, error, now, chance, PRESSED)
        if waited + pause.seconds <= self.max_wait:
            return pause
        stated_late = self.patient and waited < self.max_wait and stated.seconds_until(error, now) is not None
        return pause if stated_late else None

    def pause(
        self, number: int, error: BaseException, now: datetime, chance: float, failed: int | None = None
    ) -> Pause | None:
        """What to wait after the ``number``-th try failed; None when there is to be no other.

        Args:
            number: counted from 1.
            error: what it raised.
            now: the present moment.
            chance: from 0 to 1: half of the wait is left to it, so that those who were refused together do not come
                back together.
            failed: how many of the tries count: those that were refused may not. None: all of them.
        """
        failed = number if failed is None else failed
        if failed > self.retries or not self.passes(error):
            return None
        told = stated.seconds_until(error, now)
        return None if told is not None and told > LONGEST_STATED else _paused(number, failed, error, now, chance)

    def _named(self, error: Exception) -> bool:
        names = [name for kind in type(error).__mro__ for name in (kind.__name__, f"{kind.__module__}.{kind.__name__}")]
        return any(
            any(fnmatchcase(name, wanted) for name in names) if isinstance(wanted, str) else isinstance(error, wanted)
            for wanted in self.retry_on
        )


def presses(error: BaseException) -> bool:
    """Whether a provider says with it that it is called too often: not a quota that is used up, nor a refused key."""
    return isinstance(error, Exception) and _heard(error, _presses)


def _heard(error: Exception, rule: Callable[[BaseException], bool]) -> bool:
    """Whether the rule holds of what is told with it, before anything says that a quota is used up."""
    for each in stated.told_by(error):
        if is_exhausted(_said(each)):
            return False
        if rule(each):
            return True
    return False


def _presses(error: BaseException) -> bool:
    members = stated.members(error)
    if members:
        return any(map(presses, members)) and all(map(Retries().passes, members))
    said, number = _said(error), stated.status(error)
    if number in _REFUSED:
        return False
    if number in _PRESSES or (number == UNAVAILABLE and "overloaded" in said.lower()):
        return True
    return is_pressure(_names(error), said)


def _paused(number: int, failed: int, error: BaseException, now: datetime, chance: float, share: float = 1.0) -> Pause:
    """What to wait after the ``failed``-th failure: longer each time, or what is stated."""
    wait = min(LONGEST_SECONDS, share * FIRST_SECONDS * 2.0 ** min(failed - 1, 30)) * (0.5 + chance / 2)
    told = stated.seconds_until(error, now)
    if told is None:
        return Pause(wait, type(error).__name__, number + 1)
    return Pause(told + wait * 0.1, f"{type(error).__name__}, as the provider asks", number + 1)


def _kinds(error: BaseException) -> str:
    return " ".join(kind.__name__ for kind in type(error).__mro__ if kind not in (Exception, BaseException, object))


def _passes(error: BaseException) -> bool:
    number = stated.status(error)
    if number is not None:
        if number in _REFUSED:
            return False
        if number in _PASSES or number >= 500:
            return True
    return is_transient(_names(error), _said(error))


def _names(error: BaseException) -> str:
    return f"{' '.join(map(_kinds, stated.chain(error)))} {stated.codes(error)}"


def _said(error: BaseException) -> str:
    """With what it was raised from, and what is in a group: a user's own exception may say less than the client's."""
    told = [*stated.chain(error), *stated.members(error)]
    return f"{' '.join(map(stated.text_of, told))} {' '.join(map(stated.codes, [error, *stated.members(error)]))}"
