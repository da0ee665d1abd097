"""An evaluation in a process of its own, for tests that kill it. Every task call is one line of a file.

python script.py evaluate|resume DATABASE CALLS [SECONDS_PER_TASK]
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from opik_resume import connect, evaluate, evaluate_resume, get_or_create_dataset
from opik_resume.metrics import Equals

ITEMS, TRIALS, THREADS = 60, 2, 4


def main(door: str, database: str, calls: str, seconds: str = "0.01") -> None:
    connect(database)
    dataset = get_or_create_dataset("numbers")
    dataset.insert({"n": n, "reference": str(n)} for n in range(ITEMS))
    file = os.open(calls, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def task(item: dict[str, Any]) -> dict[str, Any]:
        os.write(file, f"called {item['n']}\n".encode())
        time.sleep(float(seconds))  # a model takes its time
        os.write(file, f"answered {item['n']}\n".encode())
        return {"output": str(item["n"])}

    options: dict[str, Any] = {"task_threads": THREADS, "verbose": 0}
    if door == "evaluate":
        result = evaluate(dataset, task, [Equals()], experiment_name="e", trial_count=TRIALS, **options)
    else:
        result = evaluate_resume("e", task, [Equals()], **options)
    print(result.headline)


if __name__ == "__main__":
    main(*sys.argv[1:])
