"""What is timed, each in a process of its own: ``python -m bench.subjects ours|opik TASK NUMBER THREADS METRIC``.

Prints one JSON object: the seconds of the timed part, and the peak resident memory of the process in MB. The same task
does the same work in both packages: an evaluation of NUMBER items by a task that does nothing, or a resume of a
complete evaluation, which only plans.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def items(number: int) -> list[dict[str, Any]]:
    return [{"n": n, "reference": str(n)} for n in range(number)]


def task(item: dict[str, Any]) -> dict[str, Any]:
    return {"output": str(item["n"])}


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def import_package(package: str) -> float:
    return timed(lambda: importlib.import_module({"ours": "opik_resume", "opik": "opik"}[package]))


def import_doors(package: str) -> float:
    """The package, and what ``evaluate`` needs of it."""
    return timed(
        lambda: importlib.import_module({"ours": "opik_resume.evaluation", "opik": "opik.evaluation"}[package])
    )


def doors(package: str, number: int) -> tuple[Any, Any, Any, Any]:
    """A filled dataset, the two doors and a metric."""
    home: Any = importlib.import_module({"ours": "opik_resume.evaluation", "opik": "opik.evaluation"}[package])
    metrics: Any = importlib.import_module({"ours": "opik_resume.metrics", "opik": "opik.evaluation.metrics"}[package])
    if package == "ours":
        datasets: Any = importlib.import_module("opik_resume")
    else:
        datasets = importlib.import_module("opik").Opik()
    dataset = datasets.get_or_create_dataset(f"numbers {number}")
    dataset.insert(items(number))
    return dataset, home.evaluate, home.evaluate_resume, metrics.Equals()


def overhead(package: str, number: int, threads: int, *, metric: bool) -> float:
    dataset, evaluate, _, equals = doors(package, number)
    metrics = [equals] if metric else []
    return timed(lambda: evaluate(dataset, task, metrics, task_threads=threads, verbose=0))


def plan(package: str, number: int) -> float:
    dataset, evaluate, evaluate_resume, _ = doors(package, number)
    result = evaluate(dataset, task, [], verbose=0)
    return timed(lambda: evaluate_resume(result.experiment_id, task, [], verbose=0))


def main(package: str, what: str, number: str = "0", threads: str = "16", metric: str = "") -> None:
    seconds = {
        "import": lambda: import_package(package),
        "import doors": lambda: import_doors(package),
        "overhead": lambda: overhead(package, int(number), int(threads), metric=bool(metric)),
        "plan": lambda: plan(package, int(number)),
    }[what]()
    print(json.dumps({"seconds": seconds, "megabytes": peak_megabytes()}))


def peak_megabytes() -> float:
    """The most memory that this program has held. (getrusage counts what its parent held at the fork, too.)"""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
