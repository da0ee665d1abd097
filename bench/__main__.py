"""``make bench``: ours beside the real ``opik`` package, in one run, as ratios.

Each row runs its subjects one after the other, several times over; the ratio of a round is taken before the median, so
that a machine that changes its speed changes both. All of them talk to the stand-in server of the tests, in a process
of its own, anew for each row. Seconds in brackets are those that the server computed, meanwhile.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.rows import ALL, Row, rows
from tests.opik_server import sdk

ROOT = Path(__file__).parents[1]
UNITS = {"seconds": "s", "megabytes": "MB"}
HEAD = ["what", *("ours, embedded", "ours", "opik"), "opik / ours", "spread"]


@dataclass(frozen=True)
class Server:
    """A stand-in that runs: where, as which process, and the experiment that it has from the start, if any."""

    url: str
    pid: int
    experiment_id: str | None


Round = dict[str, dict[str, float]]  # what each subject printed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of each row; the long ones get a third")
    parser.add_argument("--only", default="", help="only rows whose name contains this")
    options = parser.parse_args()
    print(f"{machine()}; {options.rounds} rounds, a third of that in rows of 10,000 runs\n", flush=True)
    print("| " + " | ".join(HEAD) + " |\n|---|" + "---:|" * (len(HEAD) - 1))
    compileall.compile_dir(ROOT / "src", quiet=1)  # as what is installed is
    with tempfile.TemporaryDirectory() as folder:
        for row in rows():
            if options.only in row.title:
                number = -(-options.rounds // 3) if row.long else options.rounds
                print(line(row, measured(row, number, Path(folder))), flush=True)


def machine() -> str:
    models = [line for line in _cpu_lines() if line.startswith("model name")]
    model = models[0].partition(":")[2].strip() if models else platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"`opik` {version('opik')}, CPython {platform.python_version()}, {platform.system()}, {cores} cores ({model})"
    )


def _cpu_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def line(row: Row, rounds: Sequence[Round]) -> str:
    cells = [row.title, *(_cell(row, subject, rounds) for subject in ALL)]
    if "opik" in row.subjects:
        ratios = sorted(each["opik"][row.unit] / each["ours"][row.unit] for each in rounds)
        spread = f"{ratios[0]:.1f} to {ratios[-1]:.1f}" if len(ratios) > 1 else "1 round"
        cells += [f"**{statistics.median(ratios):.1f}×**", spread]
    else:
        cells += ["", ""]
    return "| " + " | ".join(cells) + " |"


def _cell(row: Row, subject: str, rounds: Sequence[Round]) -> str:
    if subject not in row.subjects:
        return ""
    median = statistics.median(each[subject][row.unit] for each in rounds)
    busy = statistics.median(each[subject]["server"] for each in rounds)
    server = f" ({busy:.2g})" if row.unit == "seconds" and busy else ""
    return f"{median:.3g} {UNITS[row.unit]}{server}"


def measured(row: Row, rounds: int, folder: Path) -> list[Round]:
    """Each round: every subject in a fresh process, ours with a fresh file.

    What they read has been read once before, so that the server has it made: see ``tests.opik_server.serving.remembering``.
    """
    with served(row) as server:
        for subject in row.subjects if row.experiment is not None else ():
            _run(row, subject, server, folder)
        return [{subject: _run(row, subject, server, folder) for subject in row.subjects} for _ in range(rounds)]


def _run(row: Row, subject: str, server: Server, folder: Path) -> dict[str, float]:
    arguments = [*row.arguments, *([server.experiment_id] if server.experiment_id else [])]
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".sqlite3") as database:
        environment = sdk.environment(server.url, folder, OPIK_RESUME_DB=database.name, BENCH_SERVER=str(server.pid))
        command = [sys.executable, "-m", "bench.subjects", subject, *arguments]
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{subject}: {row.title} failed\n{done.stderr}")
    printed: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return printed


@contextmanager
def served(row: Row) -> Iterator[Server]:
    """The stand-in, in a process of its own, so that it takes no time from what is measured."""
    command = [sys.executable, "-m", "tests.opik_server", "--latency", str(row.delay)]
    if row.experiment is not None:
        command += ["--remember", "--experiment", *map(str, row.experiment)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        experiment_id = process.stdout.readline().strip() if row.experiment is not None else None
        yield Server(url, process.pid, experiment_id)
        process.communicate()


if __name__ == "__main__":
    main()
