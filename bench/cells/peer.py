"""Inspect AI beside ours: scored no-op runs, and the retry of a few that failed. It stays in an environment of its own.

Both programs are timed by their own clocks, without the time to import them, and keep what they do in files.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.__main__ import ROOT

FRESH, RETRIED, FAILED = 1_000, 2_000, 200
_NAMES = {"fresh": f"{FRESH:,} scored no-op runs", "retry": f"{RETRIED:,} of which {FAILED} failed: run those again"}


def lines(python: str | None, folder: Path) -> Iterator[str]:
    """A small table; nothing where there is no such environment."""
    if not python:
        return
    yield "\n| what | ours, embedded | Inspect AI | ratio |\n|---|---:|---:|---:|"
    for what, name in _NAMES.items():
        number, failed = (FRESH, 0) if what == "fresh" else (RETRIED, FAILED)
        theirs = _seconds([python, str(Path(__file__).with_name("inspect_runs.py"))], what, number, failed, folder)
        ours = _seconds([sys.executable, "-m", "bench.cells.our_runs"], what, number, failed, folder)
        yield f"| {name} | {ours:.2f} s | {theirs:.2f} s | **{theirs / ours:.0f}×** |"


def _seconds(command: list[str], what: str, number: int, failed: int, folder: Path) -> float:
    arguments = [what, str(number), str(failed), str(folder)]
    done = subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {what} failed\n{done.stderr}")
    return float(json.loads(done.stdout.splitlines()[-1])["seconds"])
