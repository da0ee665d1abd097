"""A process that wants a lease, for tests that watch, stop, fork and kill it.

python -m tests.stores.file.holder DATABASE [WHAT IT IS LIKE …]

It prints ``held``, or ``busy: …``, and lives until its input ends.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from errno import ENOTSUP
from pathlib import Path

import psutil

from opik_resume.base.ids import new_id
from opik_resume.exceptions import ExperimentBusy
from opik_resume.stores.file.lease import alive, processes
from opik_resume.stores.local import LocalStore


def stepped_clock() -> None:
    """All clocks were set by some seconds since the others have looked."""
    boot, started, now = psutil.boot_time, psutil.Process.create_time, time.time
    psutil.boot_time = lambda: boot() + 3
    psutil.Process.create_time = lambda self: started(self) + 3  # type: ignore[method-assign]
    time.time = lambda: now() + 3


def own_namespace() -> None:
    """In a container of its own it sees no process but itself, under a small number."""

    class Alone(psutil.Process):
        def __init__(self, pid: int | None = None) -> None:
            if pid not in (None, 7):
                raise psutil.NoSuchProcess(pid or 0)
            super().__init__(real)

    real = os.getpid()
    psutil.Process = Alone  # type: ignore[misc]
    os.getpid = lambda: 7
    processes._PROC = Path("/nowhere")


def another_host() -> None:
    processes.socket.gethostname = lambda: "elsewhere"  # type: ignore[attr-defined]
    processes._boot_id = lambda: "another kernel"


def without_locks() -> None:
    def refuse(descriptor: int, *, shared: bool = False) -> bool:
        raise OSError(ENOTSUP, "no locks here")

    alive._try_lock = refuse


LIKE: dict[str, Callable[[], None]] = {
    each.__name__: each for each in (stepped_clock, own_namespace, another_host, without_locks)
}


def main(database: str, *like: str) -> None:
    for name in like:
        if name in LIKE:
            LIKE[name]()
    store = LocalStore(Path(database))
    try:
        store.leases.acquire("experiment", new_id())
        print("held", flush=True)
    except ExperimentBusy as error:
        print(f"busy: {error}", flush=True)
    if "forked" in like:
        child = os.fork()
        if not child:
            time.sleep(600)
        print(child, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
