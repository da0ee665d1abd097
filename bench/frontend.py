"""``python -m bench.frontend``: the widget's front end in a real browser, at a hundred thousand and a million cells.

Key frames are those that the kernel would send. Beside it, as far as it survives, a plain HTML table of the same cells.
"""

from __future__ import annotations

import argparse
import base64
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from playwright.sync_api import Page

from bench.__main__ import ROOT, machine
from opik_resume.base.records import CellState
from opik_resume.notebook.widget.wire.frames import Board, Frames, Message
from tools import browser
from tools.lab import chromium

PROGRESS = {
    "active": False,
    "stopping": False,
    "outcome": None,
    "done": 0,
    "total": 0,
    "failed": 0,
    "undelivered": None,
}
CHANGES = 1_000
HEAD = [
    "what",
    "bytes a cell",
    "handler",
    "later handlers",
    "first paint",
    "frames p50",
    "p95",
    "hover, handler p95",
    "all p50",
    "p95",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of patches, 20 a second")
    options = parser.parse_args()
    print(f"{machine()}; milliseconds\n\n| {' | '.join(HEAD)} |\n|---|{'---:|' * (len(HEAD) - 1)}")
    with chromium(browser.find_or_install()) as chrome:
        for title, states, runs in grids():
            page = opened(chrome.new_page())
            key = key_frame(states, runs)
            buffers = [base64.b64encode(each).decode() for each in key.buffers]
            told = page.evaluate(
                "([key, buffers, seconds, changes]) => measured.ours(key, buffers, seconds, changes)",
                [key.content, buffers, options.seconds, CHANGES],
            )
            print(line(title, told, sum(map(len, key.buffers)) / len(states)), flush=True)
            page.close()
        print(ways(opened(chrome.new_page())), flush=True)
        for cells in (10_000, 100_000):
            page = opened(chrome.new_page())
            told = page.evaluate("([...all]) => measured.table(...all)", [cells, options.seconds, CHANGES])
            print(line(f"an HTML table of {cells:,}", told), flush=True)
            page.close()


def grids() -> Iterator[tuple[str, np.ndarray, np.ndarray | None]]:
    for cells in (100_000, 1_000_000):
        yield f"{cells:,}, 1.5 % failed", failing(cells, 0.015), None
    yield "1,000,000, 10 % failed", failing(1_000_000, 0.1), None
    yield "1,000,000, half never run", np.repeat([CellState.completed, CellState.never_run], 500_000), None
    yield "1,000,000, every state at random", np.random.default_rng(1).integers(0, 8, 1_000_000), None
    runs = np.random.default_rng(2).integers(1, 6, 333_333).astype(np.uint16)
    yield "1,000,000, uneven, 1.5 % failed", failing(int(runs.sum()), 0.015), runs


def failing(cells: int, share: float) -> np.ndarray:
    failed = np.random.default_rng(0).random(cells) < share
    return np.where(failed, CellState.task_failed, CellState.completed)


def key_frame(states: np.ndarray, runs: np.ndarray | None) -> Message:
    items = len(states) // 4 if runs is None else len(runs)
    head = {"id": "e", "name": "e", "dataset": "d", "version": "v1", "created_at": "2026-01-01T00:00:00+00:00",
            "state": "resumable", "items": items, "trials": 4 if runs is None else int(runs.max()),
            "cells": len(states), "uniform": runs is None, "newest_first": False, "note": None}  # fmt: skip
    frames = Frames()
    frames.show(Board(head, states.astype(np.uint8), runs), 0.0)
    (key,) = frames.take(0.0, PROGRESS)
    return key


def opened(page: Page) -> Page:
    page.set_viewport_size({"width": 1132, "height": 720})
    page.set_content("<!doctype html><body data-jp-theme-light='true'></body>")
    page.add_style_tag(path=ROOT / "js/src/style.css")
    page.add_script_tag(content=bundled())
    return page


def bundled() -> str:
    command = [str(ROOT / "js/node_modules/.bin/esbuild"), "dev/measure.ts", "--bundle", "--minify"]
    return subprocess.run(command, cwd=ROOT / "js", capture_output=True, text=True, check=True).stdout


def ways(page: Page) -> str:
    """How a key frame of a million cells could be taken in. What blocks the page, and when the cells are there."""
    (coded, *_) = key_frame(failing(1_000_000, 0.015), None).buffers
    told = page.evaluate(
        "([coded, cells]) => measured.ways(coded, cells)", [base64.b64encode(coded).decode(), 1_000_000]
    )
    first, *later = told["worker"]
    block, total = (statistics.median(each[name] for each in later) for name in ("block", "total"))
    return (
        f"\nA million cells decoded and counted: at once {told['once']:.1f}, later {statistics.median(told['again']):.1f}; "
        f"in slices {told['sliced']['total']:.1f}, of which at most {told['sliced']['block']:.1f} in one; in a worker from a "
        f"Blob {first['total']:.1f} the first time ({first['block']:.1f} of the page's), later {total:.1f} ({block:.1f}).\n"
    )


def line(title: str, told: dict[str, Any], wire: float | None = None) -> str:
    first, later, hovers = told["first"], told.get("later"), told.get("hovers")
    cells = [
        title,
        f"{wire:.2f}" if wire is not None else "",
        f"{first['handler']:.1f}",
        f"{statistics.median(each['handler'] for each in later):.1f}" if later else "",
        f"{first['paint']:.0f}",
        *percentiles(told["frames"], 1),
        *(hovering(hovers) if hovers else [""] * 3),
    ]
    return "| " + " | ".join(cells) + " |"


def hovering(hovers: Sequence[dict[str, float]]) -> list[str]:
    handler, whole = ([each[name] for each in hovers] for name in ("handler", "all"))
    return [percentiles(handler, 2)[1], *percentiles(whole, 2)]


def percentiles(times: Sequence[float], digits: int) -> list[str]:
    return [f"{np.percentile(times, share):.{digits}f}" for share in (50, 95)]


if __name__ == "__main__":
    main()
