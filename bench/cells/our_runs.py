"""Ours of ``bench.cells.peer``: ``python -m bench.cells.our_runs fresh|retry NUMBER FAILED FOLDER``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from opik_resume import connect, create_dataset, evaluate, evaluate_resume
from opik_resume.metrics import Equals


def main(what: str, number: str, failed: str, folder: str) -> None:
    connect(Path(folder) / f"{what}.sqlite3")
    dataset = create_dataset("numbers")
    dataset.insert({"n": n, "reference": str(n)} for n in range(int(number)))
    broken = set(range(int(failed)))

    def task(item: dict[str, Any]) -> dict[str, Any]:
        if item["n"] in broken:
            raise RuntimeError("no answer")
        return {"output": str(item["n"])}

    began = time.perf_counter()
    result = evaluate(dataset, task, [Equals()], experiment_name="e", verbose=0)
    if what == "retry":
        broken.clear()
        began = time.perf_counter()
        result = evaluate_resume("e", task, [Equals()], verbose=0)
    seconds = time.perf_counter() - began
    assert result.complete
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
