"""``python -m bench.cells``: time and memory against the number of cells.

Each figure is of a process of its own; seconds are those of the processor. What was measured is written to a JSON, and
the picture of it beside that. With ``BENCH_INSPECT_PYTHON``, the path of a Python that has ``inspect_ai``, a few rows are
compared with that, by the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.__main__ import ROOT, machine
from bench.cells import peer, picture

GRID = {
    "plan": "`plan_resume`",
    "pandas plan": "the same of pandas over the same file",
    "list": "`experiments()`",
    "open": "open in the widget, first key frame",
    "html": "the grid as a plain HTML table, of pandas",
    "pandas": "`plan.to_pandas()`",
    "result": "`result.to_pandas()` and `.failures`",
    "means": "`repr(result)` and `.statistics()`",
}
RUNS = "`evaluate`, no-op runs"
SIZES = [10_000, 100_000, 1_000_000]
Row = dict[str, str | int | float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, nargs="*", default=SIZES)
    parser.add_argument("--evaluate", type=int, nargs="*", default=SIZES, help="so many no-op runs")
    parser.add_argument("--json", type=Path, default=ROOT / "bench" / "cells.json", help="what was measured goes there")
    options = parser.parse_args()
    print(f"{machine()}\n\n| what | cells | s | peak MB |\n|---|---:|---:|---:|", flush=True)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for row in measured(Path(folder), options.cells, options.evaluate):
            rows.append(row)
            print(f"| {row['what']} | {row['cells']:,} | {row['seconds']:.2f} | {row['megabytes']:.0f} |", flush=True)
        for line in peer.lines(os.environ.get("BENCH_INSPECT_PYTHON"), Path(folder)):
            print(line, flush=True)
    options.json.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n", "utf-8")
    picture.draw(rows, options.json.with_suffix(".svg"))


def measured(folder: Path, sizes: list[int], runs: list[int]) -> Iterator[Row]:
    for cells in sizes:
        path = folder / f"{cells}.sqlite3"
        _one("make", path, cells)
        for what, name in GRID.items():
            yield {"what": name, "cells": cells, **_one(what, path, cells)}
        path.unlink()  # a million cells take half a gigabyte
    for cells in runs:
        path = folder / f"{cells} evaluated.sqlite3"
        _one("items", path, cells)
        yield {"what": RUNS, "cells": cells, **_one("evaluate", path, cells)}
        path.unlink()


def _one(what: str, path: Path, cells: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.cells.one", what, str(path), str(cells)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{what} of {cells:,} failed\n{done.stderr}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    main()
