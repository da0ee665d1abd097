"""The cells of an experiment as marks of text, items down and trials across: coloured where styles are shown.

A sanitizer that drops styles leaves the marks, which say the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

import numpy as np

from opik_resume.base.records import REPLAYED, CellState
from opik_resume.base.states import WORST_FIRST
from opik_resume.experiment.grid import Bytes, Grid

MARKS = {
    CellState.never_run: "·",
    CellState.queued: "□",
    CellState.running: "»",
    CellState.completed: "■",
    CellState.scores_missing: "•",
    CellState.task_failed: "×",
    CellState.scoring_failed: "/",
    CellState.interrupted: "–",
}
MOST_MARKS = 1_200
"""Each costs 55 bytes at most, and the whole picture is to stay below 100 kB."""
FEWEST_ROWS = 16
_WIDTH = 100  # of a line
_PALE = (CellState.never_run, CellState.completed, CellState.queued, CellState.running)


@cache
def colours() -> dict[str, str]:
    """By state, those of the widget in a light theme; ``mark`` is that of the marks on troubled cells."""
    light = json.loads((Path(__file__).parents[1] / "colours.json").read_text(encoding="utf-8"))["light"]
    return {**light["kinds"], "mark": light["mark"]}


def grid_html(grid: Grid) -> str:
    """The marks of all cells; of very many, each mark stands for several, and :func:`cells_a_mark` says for how many."""
    lines = _folded(grid) if cells_a_mark(grid) == 1 else _summed(grid)
    drawn = "\n".join(_line(line) for line in lines)
    style = (
        f"background:#fff;color:{colours()['completed']};padding:6px;line-height:1.15;margin:4px 0;display:inline-block"
    )
    return f'<pre style="{style}">{drawn}</pre>'


def cells_a_mark(grid: Grid) -> int:
    """How many cells a mark stands for."""
    wide = int(grid.runs.counts.max(initial=1)) * len(grid.item_ids) > 2 * MOST_MARKS  # with the gaps of uneven items
    return -(-len(grid) // MOST_MARKS) if len(grid) > MOST_MARKS or wide else 1


def mark(state: CellState, text: str | None = None) -> str:
    """One mark, or several alike, in the colour of its state."""
    colour, shown = colours()[state.name], text or MARKS[state]
    if state in _PALE:
        return f'<span style="color:{colour}">{shown}</span>'
    return f'<b style="background:{colour};color:{colours()["mark"]}">{shown}</b>'


def _folded(grid: Grid) -> Iterator[list[int | None]]:
    """Items run down, and on in the next block to the right. None is a gap."""
    trials = int(grid.runs.counts.max(initial=1))
    items, wide = len(grid.item_ids), trials + (trials > 1)
    rows = max(min(items, FEWEST_ROWS), -(-items // max(1, _WIDTH // wide)))
    states, offsets = grid.states.tolist(), grid.offsets.tolist()
    for row in range(rows):
        line: list[int | None] = []
        for item in range(row, items, rows):
            own = states[offsets[item] : offsets[item + 1]]
            line += own + [None] * (wide - len(own))
        yield line


def _summed(grid: Grid) -> Iterator[list[int | None]]:
    worst = _worst(grid.states, cells_a_mark(grid)).tolist()
    for start in range(0, len(worst), _WIDTH):
        yield worst[start : start + _WIDTH]


def _worst(states: Bytes, cells: int) -> Bytes:
    """Of each so many neighbours the worst state."""
    rank = np.empty(len(CellState), dtype=np.uint8)
    rank[list(WORST_FIRST)] = np.arange(len(CellState))
    ranks = rank[states & ~np.uint8(REPLAYED)]
    least = np.minimum.reduceat(ranks, np.arange(0, len(ranks), cells))
    return np.array(WORST_FIRST, dtype=np.uint8)[least]


def _line(line: list[int | None]) -> str:
    """Equal neighbours as one element; what is complete has the colour of the whole."""
    drawn = []
    for state, alike in groupby(line):
        count = len(list(alike))
        if state is None:
            drawn.append(" " * count)
        else:
            text = MARKS[CellState(state)] * count
            drawn.append(text if state == CellState.completed else mark(CellState(state), text))
    return "".join(drawn).rstrip()
