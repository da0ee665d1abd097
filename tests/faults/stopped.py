"""A kernel whose run was stopped while its tasks were under way, and ignore it; for tests of what others may do then.

python -m tests.faults.stopped DATABASE CALLS

It prints ``ended`` once the run has given its lease back, waits for a line, lets the tasks return, prints ``recorded``
and lives until its input ends.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from opik_resume import connect
from opik_resume.engine.claims import stopping
from opik_resume.engine.running import keeper
from opik_resume.evaluation import plan_resume
from opik_resume.evaluation.resume import prepare_resume
from opik_resume.metrics import Equals
from tests.builders import numbers
from tests.experiments import unstarted
from tests.waiting import until

ITEMS, THREADS = 12, 4


def main(database: str, calls: str) -> None:
    keeper.GRACE_SECONDS = 0.2  # type: ignore[attr-defined]
    store = connect(database)
    unstarted(store, "e", numbers(store, ITEMS))
    file = os.open(calls, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    called, let_go = threading.Semaphore(0), threading.Event()

    def task(item: dict[str, Any]) -> dict[str, Any]:
        os.write(file, f"called {item['n']}\n".encode())
        called.release()
        let_go.wait()
        return {"output": str(item["n"])}

    run = prepare_resume(plan_resume("e"), task, [Equals()], task_threads=THREADS)
    run.start()
    for _ in range(THREADS):
        called.acquire()
    run.stop()
    run.wait()
    cells = [stopping.RunningCell(run.experiment_id, key) for key in run.on_the_way]
    print("ended", flush=True)
    sys.stdin.readline()
    let_go.set()
    until(lambda: not any(map(stopping.is_running, cells)))
    print("recorded", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
