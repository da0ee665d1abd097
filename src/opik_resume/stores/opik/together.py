"""Requests that do not wait for each other's answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any


def side_by_side(calls: Sequence[Callable[[], Any]]) -> None:
    """Make all of these calls at the same time, and return when all have ended.

    On daemon threads: those of an executor are joined when the process exits, and a request that hangs would hang it.

    Raises:
        Exception: what the first of them, in their order, has raised.
    """
    problems: dict[int, Exception] = {}

    def make(number: int) -> None:
        try:
            calls[number]()
        except Exception as error:
            problems[number] = error

    threads = [
        threading.Thread(target=make, args=(number,), name=f"opik-resume-request-{number}", daemon=True)
        for number in range(1, len(calls))
    ]
    for thread in threads:
        thread.start()
    if calls:
        make(0)
    for thread in threads:
        thread.join()
    if problems:
        raise problems[min(problems)]
