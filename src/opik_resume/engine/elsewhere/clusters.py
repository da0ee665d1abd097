"""What is known of dask besides that it has an executor: how to tell all its workers something, and what it runs again."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import cache
from typing import Any

from opik_resume.engine.elsewhere.packing import cloudpickle

_SETTING = "distributed.scheduler.allowed-failures"


def client_of(executor: Executor) -> Any:
    """The dask client behind an executor; None of any other kind."""
    of_dask = type(executor).__module__.startswith("distributed.")
    return getattr(executor, "_client", None) if of_dask else None


def warning(executor: Executor) -> str | None:
    """What is to be said before anything runs, if dask may run again what a lost worker was on."""
    client = client_of(executor)
    if client is None:
        return None
    try:
        allowed = client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.allowed_failures)
    except Exception as error:  # it is only asked
        return f"executor: dask could not be asked for {_SETTING}, and may run again what a lost worker was on: {error}"
    if allowed == 0:
        return None
    return (
        f"executor: dask itself begins again, up to {allowed} times, what a worker was on that is lost. Our runs refuse that, "
        f"and are known as interrupted only then. Set {_SETTING} to 0 where the scheduler starts (dask.config.set({{{_SETTING!r}: 0}}) before "
        "LocalCluster(), or DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES=0)."
    )


def tell_workers(executor: Executor, function: Callable[..., None], *args: Any) -> None:
    """Have every worker of a dask cluster call this now, beside what it is on. Nothing of any other executor."""
    client = client_of(executor)
    if client is not None:
        client.run(function, *args, on_error="ignore")


def first_time(run_id: str, ticket: str) -> bool:
    """Whether no worker of this dask cluster has begun with this call before. Yes, on any other executor.

    A cluster runs again what a worker was on that is lost, and what it had done if nobody had fetched it yet, for which
    there is no switch. So its scheduler is asked, right before the user's code is called: a millisecond.
    """
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return True
    try:
        worker = distributed.get_worker()
    except ValueError:  # the module is only imported here
        return True
    reply = distributed.utils.sync(
        worker.loop, worker.scheduler.run_function, function=_packed_claim(), args=pickle.dumps((run_id, ticket))
    )
    if reply["status"] != "OK":
        raise RuntimeError("dask's scheduler does not say whether this run has begun before")
    return bool(reply["result"])


def forget(executor: Executor, run_id: str) -> None:
    """The scheduler need not know any more what has begun of this run."""
    client = client_of(executor)
    if client is not None:
        client.run_on_scheduler(lambda dask_scheduler: getattr(dask_scheduler, "opik_resume", {}).pop(run_id, None))


@cache
def _packed_claim() -> bytes:
    """By value: a scheduler may run without this package."""

    def claim(run_id: str, ticket: str, dask_scheduler: Any) -> bool:
        runs = dask_scheduler.__dict__.setdefault("opik_resume", {})
        begun = runs.setdefault(run_id, set())
        first = ticket not in begun
        begun.add(ticket)
        return first

    packed: bytes = cloudpickle().dumps(claim)
    return packed


def cancels_only_what_has_not_begun(executor: Executor) -> bool:
    """Whether its futures know what has begun. Those of dask and ipyparallel say pending to their end."""
    # To import it takes its time, and it is there if there is a pool of it.
    processes = sys.modules.get("concurrent.futures.process")
    return isinstance(executor, ThreadPoolExecutor) or (
        processes is not None and isinstance(executor, processes.ProcessPoolExecutor)
    )
