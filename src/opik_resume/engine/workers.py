"""Daemon threads, and when the last of them has left.

Our own: those of a ThreadPoolExecutor are joined when the process exits, and a hanging task would hang it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from opik_resume.exceptions import OutOfThreads


def start_thread(name: str, target: Callable[[], None]) -> None:
    """Start one daemon thread. Raises OutOfThreads."""
    try:
        threading.Thread(target=target, name=f"opik-resume-{name}", daemon=True).start()
    except RuntimeError as error:  # can't start new thread
        raise OutOfThreads(OutOfThreads.SENTENCE) from error


def start_workers(count: int, work: Callable[[], None], left: Callable[[], None]) -> int:
    """Run ``work`` on ``count`` threads, or as many as can be started; ``left`` is called when the last of them has left.

    Returns how many there are. Raises OutOfThreads when there is none: then ``left`` is never called.
    """
    lock = threading.Lock()  # guards the number of workers that are still there
    there = count

    def leave(workers: int) -> None:
        nonlocal there
        with lock:
            there -= workers
            last = there == 0
        if last:
            left()

    def work_and_leave() -> None:
        try:
            work()
        finally:
            leave(1)

    for number in range(count):
        try:
            start_thread(f"worker-{number}", work_and_leave)
        except OutOfThreads:
            if number == 0:
                raise
            leave(count - number)
            return number
    return count
