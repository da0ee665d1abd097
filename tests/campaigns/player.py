"""A second process, for the state machine. ``python -m tests.campaigns.player DATABASE LEDGER MODE AT``.

``finish``: resumes; ``kill``: is killed in that call of its task; ``hold``: waits in it until there is a file LEDGER.gate.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from opik_resume import connect, evaluate_resume
from tests.campaigns.acting import Judge, Task, told
from tests.waiting import until


def main(database: str, ledger: str, mode: str, at: str) -> None:
    connect(database)

    def act(item: dict[str, Any]) -> None:
        told(Path(ledger), "holding", item["n"])
        if mode == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if mode == "hold":
            until(Path(f"{ledger}.gate").exists)

    task = Task(Path(ledger), {int(at): act})
    evaluate_resume("e", task, [Judge(Path(ledger))], task_threads=1, verbose=0)


if __name__ == "__main__":
    main(*sys.argv[1:])
