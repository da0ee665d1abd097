"""Why runs failed: the groups of an experiment's failures, the largest first (``docs/protocol.md``: Group)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from opik_resume.base.columns.ids import Numbers
from opik_resume.base.records import LIGHT_MESSAGE, CellState, Json, ScoreResult
from opik_resume.experiment.failures import causes
from opik_resume.experiment.failures.failure_groups import pattern
from opik_resume.experiment.grid import Bytes, Grid
from opik_resume.notebook.widget.requests import Answer

MOST_GROUPS = 50
MOST_CELLS = 200_000
"""Cells that one reply names, over all groups: what is larger may be dropped on its way to the browser."""


class Group(NamedTuple):
    """What failed (``task``, ``scoring``, ``metric``, ``interrupted``), which metric if one did, and how."""

    kind: str
    metric: str
    type: str
    message: str

    @property
    def name(self) -> str:
        """As ``failure_group`` names it."""
        return ": ".join(filter(None, (self.type, self.message)))


def groups_answer(grid: Grid, states: Bytes | None = None) -> Answer:
    """The result and the buffer of ``groups``. ``states``: those of the cells, if more is known than the grid tells."""
    found = groups_of(grid, states)
    shown = sorted(found.items(), key=lambda each: (-len(each[1]), each[0]))[:MOST_GROUPS]
    listed, named, start = [], [], 0
    for group, cells in shown:
        some = cells[: MOST_CELLS - start]
        listed.append(_json(group, len(cells), start, len(some)))
        named.append(some.astype("<u4").tobytes())
        start += len(some)
    return {"groups": listed, "total": len(found)}, [b"".join(named)]


def groups_of(grid: Grid, states: Bytes | None = None) -> dict[Group, Numbers]:
    """The cells of each group. One whose metrics failed in several ways is in several groups."""
    found: defaultdict[Group, list[int]] = defaultdict(list)
    for cell, group in _all(grid, grid.states if states is None else states):
        found[group].append(cell)
    return {group: np.array(cells, dtype=np.int64) for group, cells in found.items()}


def _all(grid: Grid, states: Bytes) -> Iterator[tuple[int, Group]]:
    yield from _of_errors(grid, CellState.task_failed, "task")
    yield from _of_errors(grid, CellState.scoring_failed, "scoring")
    yield from _of_scores(grid)
    for cell in _in(states, CellState.interrupted).tolist():
        yield cell, Group("interrupted", "", "", causes.STOPPED)


def _of_errors(grid: Grid, state: CellState, kind: str) -> Iterator[tuple[int, Group]]:
    cells = _in(grid.states, state)
    made: dict[tuple[str, str], Group] = {}  # messages repeat, and folding one takes longer than looking it up
    if len(cells):
        errors = grid.columns.source.errors(grid.columns.row[grid.filled[cells]])
        for cell, error in zip(cells.tolist(), errors, strict=True):
            if error not in made:
                made[error] = Group(kind, "", error[0], pattern(error[1][:LIGHT_MESSAGE]))
            yield cell, made[error]


def _of_scores(grid: Grid) -> Iterator[tuple[int, Group]]:
    cells = _in(grid.states, CellState.scores_missing)
    if not len(cells):
        return
    places = grid.filled[cells]
    scores = grid.columns.source.scores(grid.columns.row[places])
    said = grid.columns.said[places].tolist()
    for cell, code, of_cell in zip(cells.tolist(), said, scores, strict=True):
        told = {score.name: score for score in of_cell if score.scoring_failed}
        metrics = grid.columns.metrics[code]
        for name in dict.fromkeys(metrics.failed):
            yield cell, _raised(name, told.get(name))
        for name in dict.fromkeys(metrics.missing):
            yield cell, Group("metric", name, "", causes.NOT_GIVEN)


def _raised(metric: str, score: ScoreResult | None) -> Group:
    cause = causes.of_score(score) if score is not None else None
    return Group(
        "metric", metric, *((cause.error_type, pattern(cause.message)) if cause is not None else ("", "raised"))
    )


def _in(states: Bytes, state: CellState) -> Numbers:
    return np.flatnonzero(states == state)


def _json(group: Group, count: int, start: int, length: int) -> Json:
    return {
        **group._asdict(),
        "group": group.name,
        "metric": group.metric or None,
        "count": count,
        "cells": [start, length],
    }
