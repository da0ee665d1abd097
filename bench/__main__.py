"""``make bench``: ours beside the real ``opik`` package, in one run, as ratios.

Each row runs both, one after the other, several times over; the ratio of a round is taken before the median, so that a
machine that changes its speed changes both. Ours is on the embedded store; ``opik`` talks to the stand-in server of the
tests in a process of its own, which answers at once.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.opik_server import sdk

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Row:
    """One line of the table: what is run, and whether its seconds or its megabytes are compared."""

    name: str
    arguments: tuple[str, ...]
    unit: str = "seconds"


ROWS = [
    Row("import the package", ("import",)),
    Row("import, peak memory", ("import",), "megabytes"),
    Row("import what evaluate needs", ("import doors",)),
    Row("1,000 no-op runs, 16 threads", ("overhead", "1000", "16")),
    Row("1,000 no-op runs, 16 threads, a metric", ("overhead", "1000", "16", "metric")),
    Row("1,000 no-op runs, 1 thread, a metric", ("overhead", "1000", "1", "metric")),
    Row("1,000 runs, peak memory", ("overhead", "1000", "16", "metric"), "megabytes"),
    Row("resume of 1,000 complete runs", ("plan", "1000")),
    Row("resume of 10,000 complete runs", ("plan", "10000")),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="only rows whose name contains this")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {options.rounds} rounds\n")
    print("| what | ours | opik | opik / ours | spread |")
    print("|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder, server() as url:
        for row in ROWS:
            if options.only in row.name:
                print(line(row, [both(row, url, Path(folder), f"{row.name} {n}") for n in range(options.rounds)]))


def line(row: Row, rounds: list[tuple[float, float]]) -> str:
    ours, theirs = (statistics.median(values) for values in zip(*rounds, strict=True))
    ratios = sorted(other / own for own, other in rounds)
    unit = "s" if row.unit == "seconds" else "MB"
    spread = f"{ratios[0]:.1f} to {ratios[-1]:.1f}"
    return f"| {row.name} | {ours:.3g} {unit} | {theirs:.3g} {unit} | **{statistics.median(ratios):.1f}×** | {spread} |"


def both(row: Row, url: str, folder: Path, name: str) -> tuple[float, float]:
    """One round: ours, then theirs, each in a fresh process, ours with a fresh file."""
    database = folder / f"{name}.sqlite3"
    return measured(row, "ours", url, folder, database), measured(row, "opik", url, folder, database)


def measured(row: Row, package: str, url: str, folder: Path, database: Path) -> float:
    command = [sys.executable, "-m", "bench.subjects", package, *row.arguments]
    environment = sdk.environment(url, folder, OPIK_RESUME_DB=str(database))
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{package}: {row.name} failed\n{done.stderr}")
    return float(json.loads(done.stdout.splitlines()[-1])[row.unit])


@contextmanager
def server() -> Iterator[str]:
    """The stand-in, in a process of its own, so that it takes no time from what is measured."""
    command = [sys.executable, "-m", "tests.opik_server"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate()


if __name__ == "__main__":
    main()
