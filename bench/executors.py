"""``python -m bench.executors``: what a durable no-op run costs here with 1, 16, 64 threads and 1,000 awaits, and on executors.

Two processes each: a pool beside its own ``map``, and dask.distributed beside ``client.map`` (both warm, each run recorded
and synced to the disk on our side only). Ratios are of one round, so that a machine that changes its speed changes both.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from opik_resume import connect, create_dataset, evaluate


def task(item: dict[str, Any]) -> dict[str, Any]:
    return {"output": str(item["n"])}


async def coroutine(item: dict[str, Any]) -> dict[str, Any]:
    return task(item)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print("| what | ms a run | itself | ratio |\n|---|---:|---:|---:|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        connect(Path(folder) / "experiments.sqlite3")
        dataset = create_dataset("numbers")
        dataset.insert({"n": n} for n in range(options.runs))

        def ours(**options_: Any) -> float:
            return _timed(lambda: evaluate(dataset, options_.pop("task", task), [], verbose=0, **options_))

        for threads in (1, 16, 64):
            _row(f"{threads} threads", options, lambda threads=threads: ours(task_threads=threads))  # type: ignore[misc]
        _row("1,000 awaits", options, lambda: ours(task=coroutine, task_threads=1_000))
        with ProcessPoolExecutor(2) as pool:
            items = [{"n": n} for n in range(options.runs)]
            itself = lambda: _timed(lambda: list(pool.map(task, items)))  # noqa: E731
            _row("a process pool", options, lambda: ours(task_threads=64, executor=pool), itself)
        _dask(options, items, ours)


def _dask(options: Any, items: list[Any], ours: Callable[..., float]) -> None:
    distributed: Any = importlib.import_module("distributed")
    settings = {"distributed.scheduler.allowed-failures": 0}
    with (
        importlib.import_module("dask").config.set(settings),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=logging.ERROR
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.wait_for_workers(2)
        itself = lambda: _timed(lambda: client.gather(client.map(task, items, pure=False)))  # noqa: E731
        for threads in (16, 64):
            executor = client.get_executor()
            _row(f"dask, {threads} at a time", options, lambda: ours(task_threads=threads, executor=executor), itself)  # noqa: B023


def _row(what: str, options: Any, ours: Callable[[], float], itself: Callable[[], float] | None = None) -> None:
    ours()  # warm
    pairs = [(ours(), itself() if itself else 0.0) for _ in range(options.rounds)]
    each = [1000 * statistics.median(seconds) / options.runs for seconds in zip(*pairs, strict=True)]
    ratio = f"{each[1]:.2f} | {statistics.median(a / b for a, b in pairs):.1f}×" if itself else " | "
    print(f"| {what} | {each[0]:.2f} | {ratio} |", flush=True)


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
