"""An evaluation in a process that may write so many bytes into a file and no more. Each answer is one line of output.

python -m tests.faults.refused evaluate|background FOLDER
"""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from typing import Any

from opik_resume import connect, evaluate, get_or_create_dataset
from opik_resume.engine.events import Event, Unrecorded
from opik_resume.engine.recording import patience, recorder
from opik_resume.evaluation import plan_resume
from opik_resume.evaluation.resume import prepare_resume
from opik_resume.metrics import Equals
from tests.experiments import unstarted

LIMIT = 400_000


def main(door: str, folder: str) -> None:
    store = connect(os.path.join(folder, "store.sqlite3"))  # noqa: PTH118
    dataset = get_or_create_dataset("numbers")
    dataset.insert({"n": n, "reference": str(n)} for n in range(60))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))
    patience.HELD_SECONDS = 0.3

    def task(item: dict[str, Any]) -> dict[str, Any]:
        time.sleep(2 * recorder.QUICK_SECONDS)
        os.write(1, f"answered {item['n']}\n".encode())
        return {"output": str(item["n"]), "long": "x" * 20_000}

    if door == "evaluate":
        evaluate(dataset, task, [Equals()], experiment_name="e", task_threads=4, verbose=0)
        return
    refused = threading.Event()

    def listener(event: Event) -> None:
        if isinstance(event, Unrecorded):
            refused.set()

    unstarted(store, "e", dataset)
    run = prepare_resume(plan_resume("e"), task, [Equals()], task_threads=4, listener=listener)
    patience.HELD_SECONDS = 600.0
    run.start()
    refused.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
