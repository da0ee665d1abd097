"""Some runs of an experiment as a table, complete or not: what was asked, what came of it, what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opik_resume.base.columns.ids import Numbers
from opik_resume.base.records import Attempt, CellState, Json, why_failed

if TYPE_CHECKING:
    import pandas as pd

    from opik_resume.experiment.reading import Reading

COLUMNS = ["item_id", "position", "trial", "state", "error_type", "message"]


def run_frame(reading: Reading, cells: Numbers) -> pd.DataFrame:
    """One row for each of these cells, in their order.

    Columns: ``item_id``, ``position`` (of the item in the experiment's order), ``trial``, ``state``, ``error_type``, ``message`` (of the error, else of the first score that
    failed), then ``item.*``, ``output.*`` and ``score.*`` as far as any of them has it.

    Args:
        reading: heavy.
        cells: numbers of cells.
    """
    import pandas as pd

    grid = reading.grid
    keys = [grid.key(cell) for cell in cells.tolist()]
    items = reading.items.some([key.item_id for key in keys])
    sections: tuple[dict[str, None], ...] = ({}, {}, {})
    rows: list[Json] = []
    numbers = grid.rows(cells).tolist(), grid.states[cells].tolist()
    for key, position, state, attempt in zip(keys, *numbers, grid.attempts.at(cells), strict=True):
        cell = {"item_id": key.item_id, "position": position, "trial": key.trial, "state": CellState(state).name}
        told = {**cell, **_trouble(attempt)}
        parts = (_of_item(items[key.item_id].data), _of_output(attempt), _of_scores(attempt))
        for names, part in zip(sections, parts, strict=True):
            names.update(dict.fromkeys(part))
        rows.append({**told, **parts[0], **parts[1], **parts[2]})
    return pd.DataFrame(rows, columns=[*COLUMNS, *sections[0], *sections[1], *sections[2]])


def _trouble(attempt: Attempt | None) -> Json:
    if attempt is None:
        return {"error_type": "", "message": ""}
    if attempt.error is not None:
        return {"error_type": attempt.error.exception_type, "message": attempt.error.message}
    failed = next((score for score in attempt.scores if score.scoring_failed), None)
    info = (failed.metadata or {}).get("error_info") if failed is not None else None
    error_type = info.get("exception_type") if isinstance(info, dict) else None
    return {"error_type": error_type or "", "message": "" if failed is None else why_failed(failed) or ""}


def _of_item(data: Json) -> Json:
    return {f"item.{key}": value for key, value in data.items() if key != "id"}


def _of_output(attempt: Attempt | None) -> Json:
    output = attempt.task_output if attempt is not None else None
    return {f"output.{key}": value for key, value in (output or {}).items()}


def _of_scores(attempt: Attempt | None) -> Json:
    """Of several of one name the last that did not fail."""
    scores = sorted(attempt.scores, key=lambda score: not score.scoring_failed) if attempt is not None else []
    return {f"score.{score.name}": None if score.scoring_failed else score.value for score in scores}
