"""The static picture: what a saved notebook, a text-only host or GitHub shows where the widget was.

Plain HTML with inline styles, of bounded size; every text of the user's is escaped.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from opik_resume.base.records import REPLAYED, CellState, Experiment
from opik_resume.experiment.grid import Bytes
from opik_resume.experiment.reading import UNREAD
from opik_resume.notebook.widget.strips import line

if TYPE_CHECKING:
    from opik_resume.experiment.reading import Reading

MAX_BLOCKS = 360
BLOCKS_A_LINE = 60
MAX_ROWS = 12
# Okabe-Ito, with the lightness of done and failed apart; the words beside the colours say the same.
COLOURS = {
    CellState.never_run: "#dddddd",
    CellState.queued: "#f0e442",
    CellState.running: "#56b4e9",
    CellState.completed: "#009e73",
    CellState.scores_missing: "#e69f00",
    CellState.task_failed: "#d55e00",
    CellState.scoring_failed: "#cc79a7",
    CellState.interrupted: "#999999",
}


def experiment_text(reading: Reading) -> str:
    """One line about an experiment: its name and how many cells are in each state."""
    return f"{reading.experiment.name}: {reading.grid.done:,} of {len(reading.grid):,} done; {_counts(reading)}"


def experiment_html(reading: Reading, moment: datetime) -> str:
    """The picture of one experiment: its name, its cells as coloured blocks, a legend with counts."""
    experiment = reading.experiment
    title = f"<b>{html.escape(experiment.name)}</b> · {html.escape(experiment.dataset_name)} {html.escape(experiment.version_name)}"
    legend = " · ".join(
        f"{_block(state, 1)} {count:,} {state.name.replace('_', ' ')}"
        for state, count in reading.grid.counts().items()
        if count
    )
    return f"<div>{title}<br>{_blocks(reading.grid.states)}{legend}<br>{_as_of(moment)}</div>"


def list_text(label: str, total: int) -> str:
    """One line about the list of experiments."""
    return f"{label}: {total:,} experiment{'' if total == 1 else 's'}"


def list_html(label: str, rows: Sequence[tuple[Experiment, Reading | None]], total: int, moment: datetime) -> str:
    """The picture of the list: one line an experiment, the newest first, at most :data:`MAX_ROWS`."""
    lines = "".join(_line(experiment, reading) for experiment, reading in rows[:MAX_ROWS])
    head = "<tr><th>experiment</th><th>dataset</th><th>done</th><th>failed</th><th>state</th></tr>"
    more = f" (the newest {MAX_ROWS} are shown)" if total > MAX_ROWS else ""
    table = f"<table>{head}{lines}</table>" if lines else ""
    return f"<div><b>{html.escape(list_text(label, total))}</b>{more}{table}{_as_of(moment)}</div>"


def _line(experiment: Experiment, reading: Reading | None) -> str:
    dataset = f"{experiment.dataset_name} {experiment.version_name}"
    done = f"{reading.grid.done:,} / {len(reading.grid):,}" if reading is not None else "–"
    failed = f"{reading.grid.failed:,}" if reading is not None else "–"
    state = reading.state.replace("_", " ") if reading is not None else UNREAD
    return (
        "<tr>"
        + "".join(f"<td>{html.escape(text)}</td>" for text in (experiment.name, dataset, done, failed, state))
        + "</tr>"
    )


def _blocks(states: Bytes) -> str:
    """The cells in lines of blocks; when there are too many, each line shows its stretch of them in proportion."""
    lines_at_most = MAX_BLOCKS // BLOCKS_A_LINE
    squeezed = line(states, few=MAX_BLOCKS, stretches=lines_at_most, slots=BLOCKS_A_LINE).tobytes()
    lines = (squeezed[start : start + BLOCKS_A_LINE] for start in range(0, len(squeezed), BLOCKS_A_LINE))
    drawn = "".join(f"<div style='line-height:0;white-space:nowrap'>{_runs(line)}</div>" for line in lines)
    return f"<div style='margin:4px 0'>{drawn}</div>"


def _runs(line: bytes) -> str:
    """Equal neighbours as one element, so that the picture stays small."""
    return "".join(_block(CellState(byte & ~REPLAYED), len(list(same))) for byte, same in groupby(line))


def _block(state: CellState, count: int) -> str:
    style = f"display:inline-block;width:{count * 8}px;height:8px;margin:0 0 1px;background:{COLOURS[state]}"
    return f"<span title='{state.name}' style='{style}'></span>"


def _counts(reading: Reading) -> str:
    counts = [f"{count:,} {state.name}" for state, count in reading.grid.counts().items() if count]
    return ", ".join(counts) or "no cells"


def _as_of(moment: datetime) -> str:
    return f"<small>as of {moment:%Y-%m-%d %H:%M:%S} UTC</small>"
