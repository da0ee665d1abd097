"""Forks: a child has the memory of its parent, but none of its threads, and every lock as it was at that moment.

So what does not survive a fork is made anew in each process, and what must not be carried across is let go of before.
Nothing is imported at a fork: another thread of the parent may have been importing it, and a child would wait for ever.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from types import MethodType
from weakref import WeakMethod

from opik_resume.base.text import redaction

Call = Callable[[], None]
logger = redaction.logger("opik_resume")


class _Calls:
    """What is called at a fork, in the order in which it was added; a method as long as its object lives."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._found: dict[int, Callable[[], Call | None]] = {}

    def add(self, call: Call) -> None:
        number = next(self._numbers)
        if isinstance(call, MethodType):
            self._found[number] = WeakMethod(call, lambda _: self._found.pop(number, None))
        else:
            self._found[number] = lambda: call

    def make(self) -> None:
        for find in list(self._found.values()):
            call = find()
            try:
                if call is not None:
                    call()
            except Exception:  # whoever forks must not suffer, nor the others
                logger.exception("opik-resume: %r failed at a fork", call)


_before, _after, _begin = _Calls(), _Calls(), _Calls()


def in_each_process(begin: Call) -> None:
    """Call it now, and first thing in every child that is forked from this process: it makes locks and the like anew."""
    begin()
    _begin.add(begin)


def around_forks(before: Call, after: Call) -> None:
    """Before a fork call the one, and after it, in the parent, the other."""
    _before.add(before)
    _after.add(after)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before.make, after_in_parent=_after.make, after_in_child=_begin.make)
