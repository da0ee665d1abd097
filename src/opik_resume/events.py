"""What ``on_event=`` is told of a run, in order: one object of one of these classes for each thing that happens.

::

    def on_event(event):
        match event:
            case RunFinished(cell, attempt):
                print(cell.item_id, cell.trial, attempt.complete, attempt.error)
            case Ended(outcome, reason):
                print(outcome, reason)

``Event`` is the union of all. There may be more of them in a later version: let those pass that you do not know.
"""

from opik_resume.engine.events import (
    BackingOff,
    Ended,
    Event,
    RecordedAgain,
    RunDropped,
    RunFinished,
    RunQueued,
    RunStarted,
    TriedAgain,
    Unrecorded,
    Waiting,
)

__all__ = [
    "BackingOff",
    "Ended",
    "Event",
    "RecordedAgain",
    "RunDropped",
    "RunFinished",
    "RunQueued",
    "RunStarted",
    "TriedAgain",
    "Unrecorded",
    "Waiting",
]
