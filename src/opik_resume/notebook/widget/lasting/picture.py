"""The static picture: what a saved notebook, a text-only host or GitHub shows where the widget was.

Plain HTML of less than 100 kB that says everything without its styles, too; every text of the user's is escaped.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from opik_resume.base.records import Experiment
from opik_resume.experiment.grid import Grid
from opik_resume.experiment.reading import UNREAD
from opik_resume.notebook.widget.lasting.marks import cells_a_mark, grid_html, mark
from opik_resume.notebook.widget.looking.groups import groups_of
from opik_resume.notebook.widget.looking.payload import is_newest_first
from opik_resume.notebook.widget.looking.planes import Planes

if TYPE_CHECKING:
    from opik_resume.experiment.reading import Reading

MAX_ROWS = 12
MOST_GROUPS = 8
MOST_METRICS = 20
_LONGEST = 300  # characters of a name or a message


def experiment_text(reading: Reading) -> str:
    """One line about an experiment: its name and how many cells are in each state."""
    return f"{reading.experiment.name}: {reading.grid.done:,} of {len(reading.grid):,} done; {_counts(reading)}"


def experiment_html(reading: Reading, moment: datetime, *, whole: bool = True) -> str:
    """The picture of one experiment: its name, its cells as marks, counts, means, why runs failed.

    Not ``whole``: without the last two, which take seconds to read of a large one.
    """
    experiment, grid = reading.experiment, reading.grid
    dataset = f"{_text(experiment.dataset_name)} {_text(experiment.version_name)}"
    head = f"<b>{_text(experiment.name)}</b> · {dataset} · {grid.done:,} of {len(grid):,} runs complete"
    many, one = (
        cells_a_mark(grid),
        "items down, trials across" if grid.runs.counts.max(initial=0) > 1 else "one run each",
    )
    order = "newest first, " if is_newest_first(grid.item_ids) else ""
    caption = order + (one if many == 1 else f"each mark the worst of {many:,} runs")
    legend = " · ".join(
        f"{mark(state)} {state.name.replace('_', ' ')} <b>{count:,}</b>"
        for state, count in grid.counts().items()
        if count
    )
    told = _means(grid) + _failures(grid) if whole else ""
    return f"<div>{head}<br>{grid_html(grid)}<br>{legend}<br><small>{caption}</small>{told}<br>{_as_of(moment)}</div>"


def _means(grid: Grid) -> str:
    means = [
        f"<bdi>{_text(each['name'])}</bdi> <b>{_figure(each['mean'])}</b>{_error(each['error'])} (n = {each['n']:,})"
        for each in Planes.of(grid).scales()["scales"][:MOST_METRICS]
    ]
    return f"<br>{' · '.join(means)}" if means else ""


def _figure(value: float | None, digits: int = 3) -> str:
    if value is None:
        return "–"
    rounded = f"{value:.{digits}g}"
    return f"{float(rounded):,.0f}" if 1e3 <= abs(value) < 1e9 else rounded


def _error(error: float | None) -> str:
    return "" if error is None else f" ± {_figure(error, 2)}"


def _failures(grid: Grid) -> str:
    """Why runs failed, the largest group first."""
    groups = sorted(groups_of(grid).items(), key=lambda each: -len(each[1]))
    rows = "".join(
        f"<tr><td>{len(cells):,}</td><td>{_text(group.metric or group.kind)}</td><td>{_text(group.name)}</td></tr>"
        for group, cells in groups[:MOST_GROUPS]
    )
    rest = len(groups) - MOST_GROUPS
    more = f"<tr><td></td><td></td><td>and {rest:,} more kinds</td></tr>" if rest > 0 else ""
    head = "<tr><th>runs</th><th>what failed</th><th>why</th></tr>"
    return f"<table>{head}{rows}{more}</table>" if rows else ""


def _text(text: str) -> str:
    shown = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return html.escape(shown)


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
        + "".join(f"<td>{_text(text)}</td>" for text in (experiment.name, dataset, done, failed, state))
        + "</tr>"
    )


def _counts(reading: Reading) -> str:
    counts = [f"{count:,} {state.name}" for state, count in reading.grid.counts().items() if count]
    return ", ".join(counts) or "no cells"


def _as_of(moment: datetime) -> str:
    return f"<small>as of {moment:%Y-%m-%d %H:%M:%S} UTC</small>"
