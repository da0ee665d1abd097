"""Waiting in a cell for a run of the background."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from opik_resume.base.process.doors import caller, door
from opik_resume.engine.calling import is_async
from opik_resume.exceptions import ExperimentBusy, StoreError
from opik_resume.lifecycle.registry import used_in_process

if TYPE_CHECKING:
    from opik_resume.engine import Callables
    from opik_resume.notebook.background.desk import Desk


def wait_for(experiment_id: str, desk: Desk) -> None:
    """Wait until nothing of this experiment is run by this process. An interrupt ends the wait, not the run.

    Raises:
        ExperimentBusy: its coroutines run on the event loop of whoever asks, which would wait for itself.
        StoreError: the run broke.
    """
    calls = used_in_process(experiment_id)
    if desk.active(experiment_id) is not None and calls is not None and needs(running_loop(), calls):
        raise ExperimentBusy(
            "wait() would hold up the event loop of this notebook, on which aevaluate() has the task run: "
            "await asyncio.to_thread(view.wait)"
        )
    _wait(experiment_id, desk)
    resume = desk.find(experiment_id)
    if resume is not None and resume.ended is not None and resume.ended.outcome == "broken":
        raise StoreError(f"The resume of {resume.plan.experiment_name} broke: {resume.ended.reason}")


@door
def _wait(experiment_id: str, desk: Desk) -> None:
    over = threading.Event()
    caller().when_left(over.set)
    desk.when_over(experiment_id, over.set)
    over.wait()


def needs(loop: Any, calls: Callables) -> bool:
    """Whether coroutines of task or metrics are to run on this loop."""
    on_it = calls.loop is not None and calls.loop is loop
    return on_it and (is_async(calls.task) or any(is_async(metric.score) for metric in calls.scoring_metrics))


def running_loop() -> Any:
    """The event loop that this thread runs, or None. A kernel's main thread runs one, in a cell, too."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
