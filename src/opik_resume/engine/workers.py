"""Daemon threads, and when the last of them has left.

Our own: those of a ThreadPoolExecutor are joined when the process exits, and a hanging task would hang it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


def start_thread(name: str, target: Callable[[], None]) -> None:
    """Start one daemon thread."""
    threading.Thread(target=target, name=f"opik-resume-{name}", daemon=True).start()


def start_workers(count: int, work: Callable[[], None], left: Callable[[], None]) -> None:
    """Run ``work`` on ``count`` threads; ``left`` is called when it has returned, or raised, on all of them."""
    lock = threading.Lock()  # guards the number of workers that are still there
    there = count

    def work_and_leave() -> None:
        nonlocal there
        try:
            work()
        finally:
            with lock:
                there -= 1
                last = there == 0
            if last:
                left()

    for number in range(count):
        start_thread(f"worker-{number}", work_and_leave)
