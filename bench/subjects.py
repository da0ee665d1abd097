"""What is timed, each in a process of its own: ``python -m bench.subjects SUBJECT WHAT …``.

Prints one JSON object: the seconds of the timed part, how many of them the server computed, and the peak resident
memory of the process in MB. The same task does the same work in both packages.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Seconds = tuple[float, float]  # of the clock, and of the server's processor


def items(number: int) -> list[dict[str, Any]]:
    return [{"n": n, "reference": str(n)} for n in range(number)]


def task(item: dict[str, Any]) -> dict[str, Any]:
    return {"output": str(item["n"])}


def timed(work: Callable[[], Any]) -> Seconds:
    """The time of the work. Collections of garbage count where they happen."""
    busy, began = server_seconds(), time.perf_counter()
    work()
    return time.perf_counter() - began, server_seconds() - busy


def processor_seconds(work: Callable[[], Any]) -> float:
    """Of this process: a busy machine makes them longer, not others."""
    began = time.process_time()
    work()
    return time.process_time() - began


def server_seconds() -> float:
    """What the server has computed so far; nothing where there is no /proc. (psutil would be imported beforehand.)"""
    status = Path(f"/proc/{os.environ['BENCH_SERVER']}/stat")
    if not status.exists():
        return 0.0
    user, system = status.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def imported(*names: str) -> Seconds:
    return timed(lambda: [importlib.import_module(name) for name in names])


# The package loads them when they are first used.
DOORS = ("opik_resume.evaluation.evaluator", "opik_resume.evaluation.resume")


def import_package(subject: str) -> Seconds:
    return imported("opik" if subject == "opik" else "opik_resume")


def import_doors(subject: str) -> Seconds:
    """The package, and what ``evaluate`` needs of it."""
    return imported(*(["opik.evaluation"] if subject == "opik" else DOORS))


def import_store(subject: str) -> Seconds:
    """That, and what speaks to a server."""
    if subject == "opik":
        return imported("opik.evaluation")
    return imported(*DOORS, "opik_resume.stores.opik")


def import_and_connect(subject: str) -> Seconds:
    """That, all that is imported later, when a server is first spoken to and read, and what connects to it."""
    return timed(lambda: opened(subject))


def opened(subject: str) -> tuple[Any, Any]:
    """What makes datasets, and the module of the doors. Whatever is imported later is imported now."""
    if subject == "opik":
        return importlib.import_module("opik").Opik(), importlib.import_module("opik.evaluation")
    package: Any = importlib.import_module("opik_resume")
    package.connect(os.environ["OPIK_RESUME_DB"] if subject == "embedded" else None)
    for name in (*DOORS, "numpy"):
        importlib.import_module(name)
    return package, importlib.import_module("opik_resume.evaluation")


def overhead(subject: str, number: str, threads: str, metric: str = "") -> Seconds:
    """A whole ``evaluate`` with a task that does nothing, until everything is where it belongs."""
    datasets, doors = opened(subject)
    home = "opik.evaluation.metrics" if subject == "opik" else "opik_resume.metrics"
    metrics = [importlib.import_module(home).Equals()] if metric else []
    dataset = datasets.get_or_create_dataset(f"numbers {number}")
    dataset.insert(items(int(number)))
    results: list[Any] = []
    seconds = timed(
        lambda: results.append(doors.evaluate(dataset, task, metrics, task_threads=int(threads), verbose=0))
    )
    (result,) = results
    assert len(result.test_results) == int(number)
    assert getattr(result, "undelivered", 0) == 0
    return seconds


def resume(subject: str, experiment_id: str) -> Seconds:
    """``evaluate_resume`` of what is complete, which plans and makes the result of what there is."""
    _, doors = opened(subject)
    results: list[Any] = []
    seconds = timed(lambda: results.append(doors.evaluate_resume(experiment_id, task, [], verbose=0)))
    assert results[0].test_results
    return seconds


def plan(subject: str, experiment_id: str) -> Seconds:
    """Which cells are missing. The SDK has no door for that: the parts of its ``evaluate_resume`` that find it out."""
    client, doors = opened(subject)
    plans: list[Any] = []
    if subject != "opik":
        seconds = timed(lambda: plans.append(doors.plan_resume(experiment_id)))
    else:
        resuming: Any = importlib.import_module("opik.evaluation.resume")
        evaluator: Any = importlib.import_module("opik.evaluation.evaluator")

        def pending() -> None:
            context = resuming.prepare_resume_context(client, experiment_id)
            candidates = evaluator._resolve_resume_items(context)  # noqa: SLF001  # what evaluate_resume does
            plans.append(list(resuming.build_pending_items_iterator(iter(candidates), context)))

        seconds = timed(pending)
    assert len(plans[0])
    return seconds


SUBJECTS: dict[str, Callable[..., Seconds]] = {
    "import package": import_package,
    "import doors": import_doors,
    "import store": import_store,
    "import and connect": import_and_connect,
    "overhead": overhead,
    "resume": resume,
    "plan": plan,
}


def main(subject: str, what: str, *arguments: str) -> None:
    seconds, server = SUBJECTS[what](subject, *arguments)
    print(json.dumps({"seconds": seconds, "server": server, "megabytes": peak_megabytes()}))


def peak_megabytes() -> float:
    """The most memory that this program has held. (getrusage counts what its parent held at the fork, too.)"""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
