"""What is known of dask besides that it has an executor: how to tell all its workers something, and what it runs again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

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
        f"executor: dask itself runs again, up to {allowed} times, what a worker was on that is lost, and it is paid for each "
        f"time. Set {_SETTING} to 0 where the scheduler starts (dask.config.set({{{_SETTING!r}: 0}}) before "
        "LocalCluster(), or DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES=0): such runs are interrupted then, and a resume "
        "runs them."
    )


def tell_workers(executor: Executor, function: Callable[..., None], *args: Any) -> None:
    """Have every worker of a dask cluster call this now, beside what it is on. Nothing of any other executor."""
    client = client_of(executor)
    if client is not None:
        client.run(function, *args, on_error="ignore")


def cancels_only_what_has_not_begun(executor: Executor) -> bool:
    """Whether its futures know what has begun. Those of dask and ipyparallel say pending to their end."""
    return isinstance(executor, (ProcessPoolExecutor, ThreadPoolExecutor))
