"""``python -m bench.cells.picture``: time and memory against cells, drawn from what ``bench.cells`` has measured."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

AXES = (("seconds", "seconds of the processor"), ("megabytes", "peak memory, MB"))


def draw(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """One line a subject; on axes on which what grows in proportion is a straight line at 45°."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    lines: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        lines[str(row["what"])].append(row)
    with mpl.rc_context({"svg.hashsalt": "cells", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(10, 4.5), layout="constrained")
        for plot, (field, label) in zip(figure.subplots(1, 2), AXES, strict=True):
            for what, points in lines.items():
                style = "-" if what.startswith(("`", "open")) else "--"
                plot.plot(
                    [p["cells"] for p in points], [p[field] for p in points], style, marker=".", label=_plain(what)
                )
            plot.set(xscale="log", yscale="log", xlabel="cells", ylabel=label)
            plot.grid(alpha=0.3)
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
        figure.savefig(path, metadata={"Date": None})


def _plain(what: str) -> str:
    return what.replace("`", "")


if __name__ == "__main__":
    measured = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "cells.json")
    draw(json.loads(measured.read_text("utf-8"))["rows"], measured.with_suffix(".svg"))
