"""Records → the JSON of ``docs/protocol.md``: Row, Head, Plan, Cell. Pure."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from opik_resume.base.columns.ids import Ids
from opik_resume.base.records import (
    REPLAYED,
    Attempt,
    CellState,
    ErrorInfo,
    Experiment,
    Json,
    ScoreResult,
    Try,
    why_failed,
)
from opik_resume.base.text.encoding import float_text
from opik_resume.experiment.grid import Bytes, state_of
from opik_resume.experiment.planning.plan import ResumePlan
from opik_resume.notebook.widget.looking.details import error_json
from opik_resume.notebook.widget.looking.planes import Planes

if TYPE_CHECKING:
    from opik_resume.experiment.reading import Reading
    from opik_resume.notebook.namespace.choosing import Picked

T = TypeVar("T")
MOST_ATTEMPTS = 50
_ERROR_FIELDS = ("exception_type", "message", "traceback")
_MOST_SCORED = 50_000  # to read them takes as long as to read the runs
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_DONE = (CellState.completed, CellState.scores_missing)


def settled_state(states: Bytes) -> str:
    """The state of an experiment of which nothing runs, by its state bytes."""
    done = np.isin(states & ~np.uint8(REPLAYED), _DONE).all()
    return "complete" if done else "resumable"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def wire_safe(value: T) -> T:
    """The same JSON, with any half of a surrogate pair (which a Python string may hold, and no message) replaced."""
    safe: T = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    return safe


def _identity(experiment: Experiment) -> Json:
    return {
        "id": experiment.id,
        "name": experiment.name,
        "dataset": experiment.dataset_name,
        "version": experiment.version_name,
        "created_at": _time(experiment.created_at),
    }


def row_json(reading: Reading) -> Json:
    """One line of the list, without its strip. Of many runs the scores are not read for it."""
    obstacle = reading.obstacle
    scores = Planes.of(reading.grid).scales()["scales"] if len(reading.grid) <= _MOST_SCORED else []
    return {
        **_identity(reading.experiment),
        "state": reading.state,
        "done": reading.grid.done,
        "expected": len(reading.grid),
        "failed": reading.grid.failed,
        "scores": wire_safe(scores),
        "reason": str(obstacle) if obstacle is not None else None,
    }


def unread_row_json(experiment: Experiment, state: str, reason: str | None = None) -> Json:
    """One line of the list, of an experiment whose cells are not known."""
    counts: Json = {"done": None, "expected": experiment.expected, "failed": 0, "scores": []}
    return {**_identity(experiment), "state": state, **counts, "reason": reason}


def head_json(reading: Reading) -> Json:
    """What describes an experiment's grid."""
    runs = np.diff(reading.grid.offsets)
    return {
        **wire_safe(_identity(reading.experiment)),
        "state": reading.state,
        "items": len(runs),
        "trials": int(runs.max(initial=0)),
        "cells": len(reading.grid),
        "uniform": bool((runs == runs[0]).all()) if len(runs) else True,
        "newest_first": is_newest_first(reading.grid.item_ids),
        "note": reading.note,
    }


def is_newest_first(ids: Ids) -> bool:
    """By what ids tell of the moment they were made at; only those of version 7 tell it."""
    made = len(ids) > 1 and all(_UUID7.fullmatch(each) for each in (ids[0], ids[len(ids) - 1]))
    return made and bool((ids.texts[:-1] > ids.texts[1:]).all())


def plan_json(
    plan_id: str,
    plan: ResumePlan | None,
    picked: Picked,
    *,
    obstacle: str | None,
    choosable: bool = True,
    threads: int | None = None,
) -> Json:
    """What a resume would do; ``plan`` is None when it cannot be said (``obstacle`` then says why)."""
    threads = threads or picked.threads
    return {
        "id": plan_id,
        "run": plan.runs if plan is not None else 0,
        "score": plan.scores if plan is not None else 0,
        "kept": plan.kept if plan is not None else 0,
        "left": plan.left if plan is not None else 0,
        "seconds": plan.time(threads) if plan is not None else None,
        "threads": threads,
        "cost": plan.cost if plan is not None and plan.runs else None,
        "task": picked.task[0] if picked.task is not None else None,
        "metrics": [label for label, _ in picked.metrics],
        "offered": picked.offered if choosable else {"tasks": [], "metrics": []},
        "chosen": picked.chosen,
        "obstacle": obstacle,
        "drift": plan.warning if plan is not None else None,
        "differs": plan is not None and bool(plan.drift),
    }


def cell_json(reading: Reading, cell: int, attempt: Attempt | None, shown: int | None) -> Json:
    """One cell, whole.

    Args:
        reading: of its experiment.
        cell: its number.
        attempt: the heavy attempt that fills it, if any.
        shown: its state byte in the feed, which knows what is queued or running; None when that is not at hand.
    """
    key = reading.grid.key(cell)
    read = CellState.never_run if attempt is None else state_of(attempt)
    live = CellState(shown & ~REPLAYED) if shown is not None else read
    state = live if live in (CellState.queued, CellState.running) else read
    item = reading.items.get(key.item_id)
    return {
        "cell": cell,
        "item_id": key.item_id,
        "position": reading.grid.item_ids.index(key.item_id),
        "trial": key.trial,
        "state": state.name,
        "item": item.data if item is not None else {},
        **_outcome(attempt),
        **_history(reading, cell, attempt),
    }


def _history(reading: Reading, cell: int, attempt: Attempt | None) -> Json:
    """Every attempt at the cell, newest first; of very many the newest."""
    made = reading.grid.tries(cell)
    shown = attempt.id if attempt is not None else None
    return {"attempts": len(made), "history": [_past_json(each, shown) for each in made[:MOST_ATTEMPTS]]}


def _past_json(attempt: Attempt, shown: str | None) -> Json:
    error = attempt.error
    line = ": ".join(filter(None, (error.exception_type, error.message.split("\n", 1)[0]))) if error else None
    return {
        "state": state_of(attempt).name,
        "error": line,
        "seconds": _seconds(attempt),
        "started_at": _time(attempt.started_at),
        "shown": attempt.id == shown,
    }


def _seconds(attempt: Attempt) -> float | None:
    return (attempt.ended_at - attempt.started_at).total_seconds() if attempt.ended_at is not None else None


def _outcome(attempt: Attempt | None) -> Json:
    """What an attempt left behind."""
    return {
        "output": attempt.task_output if attempt is not None else None,
        "scores": _scores_json(attempt) if attempt is not None else [],
        "error": _error_json(attempt) if attempt is not None else None,
        "seconds": _seconds(attempt) if attempt is not None else None,
        "started_at": _time(attempt.started_at) if attempt is not None else None,
        "notes": list(attempt.notes) if attempt is not None else [],
        "prints": attempt.prints if attempt is not None else None,
        "tries": [_try_json(made) for made in attempt.tries] if attempt is not None else [],
    }


def _try_json(made: Try) -> Json:
    return {
        "number": made.number,
        "seconds": made.seconds,
        "type": made.error_type,
        "message": made.message,
        "waited": made.waited,
    }


def _error_json(attempt: Attempt) -> Json | None:
    """The error of the attempt, else of its first metric that raised."""
    if attempt.error is not None:
        return error_json(attempt.error)
    infos = ((score.metadata or {}).get("error_info") for score in attempt.scores if score.scoring_failed)
    info = next((info for info in infos if isinstance(info, dict)), None)
    return info and error_json(ErrorInfo(*(info.get(name) or "" for name in _ERROR_FIELDS)))


def _scores_json(attempt: Attempt) -> list[Json]:
    """Its scores, then those of metrics that were not given to it."""
    absent = [
        {"name": name, "value": None, "reason": "was not given", "failed": False} for name in attempt.missing_metrics
    ]
    return [*map(_score_json, attempt.scores), *absent]


def _score_json(score: ScoreResult) -> Json:
    value = score.value if math.isfinite(score.value) else float_text(score.value)  # JSON has no NaN
    reason = why_failed(score) if score.scoring_failed else score.reason
    return {"name": score.name, "value": value, "reason": reason or None, "failed": score.scoring_failed}
