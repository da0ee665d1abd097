"""What a saved copy of the widget shows, which has no kernel to ask: Saved of ``docs/protocol.md``. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from opik_resume.base.records import Experiment, Json
from opik_resume.experiment.reading import UNREAD
from opik_resume.notebook.widget.lasting import picture
from opik_resume.notebook.widget.looking.groups import groups_answer
from opik_resume.notebook.widget.looking.payload import head_json, row_json, unread_row_json
from opik_resume.notebook.widget.looking.planes import Planes
from opik_resume.notebook.widget.wire.runs import coded

if TYPE_CHECKING:
    from opik_resume.experiment.reading import Reading

MOST_BYTES = 30_000
"""Of the cells: they are in every saved notebook."""
_QUICK = 20_000  # cells: of more, scores and failures are read only by who has the time


class Lasting(NamedTuple):
    """What stays of a view: a line, a page, and what its own front end shows. ``whole``: nothing was left out."""

    plain: str
    page: str | None
    saved: Json
    whole: bool = True

    def bundle(self) -> Json:
        """For a host without widgets."""
        return {"text/plain": self.plain, **({"text/html": self.page} if self.page is not None else {})}


def of_experiment(reading: Reading, moment: datetime, *, hurried: bool) -> Lasting:
    """Of one experiment. ``hurried``: of a large one without means and failures, which take seconds to read."""
    whole = not hurried or len(reading.grid) <= _QUICK
    page = picture.experiment_html(reading, moment, whole=whole)
    counts = {state.name: count for state, count in reading.grid.counts().items()}
    saved = {"as_of": _minute(moment), "head": head_json(reading), "counts": counts, **_cells(reading)}
    if whole:
        groups, _ = groups_answer(reading.grid)
        named = [{**group, "cells": [0, 0]} for group in (groups or {"groups": []})["groups"][: picture.MOST_GROUPS]]
        saved |= {"groups": named, **Planes.of(reading.grid).scales()}
    return Lasting(picture.experiment_text(reading), page, saved, whole)


def of_list(label: str, rows: Sequence[tuple[Experiment, Reading | None]], total: int, moment: datetime) -> Lasting:
    """Of the list of experiments."""
    listed = [
        {**(row_json(reading) if reading is not None else unread_row_json(experiment, UNREAD)), "strip": [0, 0]}
        for experiment, reading in rows[: picture.MAX_ROWS]
    ]
    saved = {"as_of": _minute(moment), "rows": listed, "total": total}
    return Lasting(picture.list_text(label, total), picture.list_html(label, rows, total, moment), saved)


def _cells(reading: Reading) -> Json:
    """The state bytes, run-length coded, and the number of runs of each item where they differ; neither of too many."""
    grid = reading.grid
    states, runs = coded(grid.states), np.diff(grid.offsets).astype("<u2").tobytes()
    uniform = head_json(reading)["uniform"]
    if len(states) + (0 if uniform else len(runs)) > MOST_BYTES:
        return {}
    return {"states": states} if uniform else {"states": states, "runs": runs}


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
