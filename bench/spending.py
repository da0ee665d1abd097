"""``python -m bench.spending``: what watching the spending costs a run that does nothing else.

The same evaluation with it and without it in turn, by the processor's clock: what tasks print is kept, the breaker counts, and
task and metrics are fingerprinted; or none of it (nothing switches fingerprints off: here they are replaced). Ratios are
of one round, so that a machine that changes its speed changes both. The aim: at most 1.03.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

from opik_resume import connect, create_dataset, evaluate
from opik_resume.experiment.fingerprints import Version
from opik_resume.metrics import Equals


def task(item: dict[str, Any]) -> dict[str, Any]:
    return {"output": str(item["n"])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    print(
        "| no-op runs, one metric | µs a run with it | without | ratio | spread |\n|---|---:|---:|---:|---:|",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        connect(Path(folder) / "experiments.sqlite3")
        dataset = create_dataset("numbers")
        dataset.insert({"n": n, "reference": str(n)} for n in range(options.runs))
        for threads in (1, 4, 16):
            _row(dataset, threads, options.runs, options.rounds)


def _row(dataset: Any, threads: int, runs: int, rounds: int) -> None:
    pairs = [(_with_it(dataset, threads), _without(dataset, threads)) for _ in range(rounds + 1)][
        1:
    ]  # the first is warm
    ratios = sorted(a / b for a, b in pairs)
    each = [f"{1e6 * statistics.median(seconds) / runs:.0f}" for seconds in zip(*pairs, strict=True)]
    spread = f"{ratios[len(ratios) // 4]:.2f} to {ratios[-1 - len(ratios) // 4]:.2f}"  # of the middle half
    print(f"| {threads} threads | {' | '.join(each)} | **{statistics.median(ratios):.3f}** | {spread} |", flush=True)


def _with_it(dataset: Any, threads: int, **options: Any) -> float:
    began = time.process_time()
    evaluate(dataset, task, [Equals()], verbose=0, task_threads=threads, **options)
    return time.process_time() - began


def _without(dataset: Any, threads: int) -> float:
    with mock.patch.object(Version, "of", return_value=Version(None)):
        return _with_it(dataset, threads, capture=False, breaker=None)


if __name__ == "__main__":
    main()
