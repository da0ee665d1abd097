"""What this process has run, and who is told of its runs, whichever door they came through."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from opik_resume.base.process.forks import in_each_process
from opik_resume.engine import Callables, Listener, Run
from opik_resume.experiment.limits import Limits
from opik_resume.experiment.planning.plan import ResumePlan

_REMEMBERED = 200  # experiments whose callables this process remembers

Observer = Callable[[Run, ResumePlan], Listener]
"""Told of a run that is ready, with the plan that was shown, before it starts; returns who hears its events."""


class Waiting(Protocol):
    """Told of the pauses between two runs of one call."""

    def __call__(self, experiment_id: str, sentence: str | None, *, stopped: bool = False) -> None:
        """What it waits for; None: it does not any more. ``stopped``: since whoever called has left, and no run follows."""


_used: OrderedDict[str, Callables] = OrderedDict()
_waiting: tuple[Waiting, ...] = ()
_observers: tuple[Observer, ...] = ()  # replaced as a whole, so that it can be read from any thread


def _begin() -> None:
    """Nobody looks at what runs in a forked child, and whoever looks at its parent's runs has threads there."""
    global _observers, _waiting
    _observers, _waiting = (), ()


in_each_process(_begin)


def observe(observer: Observer) -> None:
    """Tell this observer of every run of this process from now on, whichever door it came through."""
    global _observers
    _observers = (*_observers, observer)


def unobserve(observer: Observer | Waiting) -> None:
    """Tell it of no further run, or pause."""
    global _observers, _waiting
    _observers = tuple(other for other in _observers if other != observer)
    _waiting = tuple(other for other in _waiting if other != observer)


def observe_waiting(told: Waiting) -> None:
    """Tell this one of every pause of a call that blocks."""
    global _waiting
    _waiting = (*_waiting, told)


def waits(experiment_id: str, sentence: str | None, *, stopped: bool = False) -> None:
    """A call waits for its next run of this experiment, or does not any more."""
    for told in _waiting:
        told(experiment_id, sentence, stopped=stopped)


def announce(run: Run, shown: ResumePlan, callables: Callables) -> None:
    """This run is ready: remember what it calls, and let every observer listen to it."""
    if not callables.rescoring:
        _used[run.experiment_id] = replace(
            callables, limits=Limits(), elsewhere=None, spent=None, retries=replace(callables.retries, patient=False)
        )
        _used.move_to_end(run.experiment_id)
    while len(_used) > _REMEMBERED:
        _used.popitem(last=False)
    for observer in _observers:
        run.listen(observer(run, shown))


def used_in_process(experiment_id: str) -> Callables | None:
    """What this process last ran the experiment with, or None."""
    return _used.get(experiment_id)
