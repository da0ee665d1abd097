"""Inspect AI's of ``bench.cells.peer``, run by the Python that has it, without ours: ``fresh|retry NUMBER FAILED FOLDER``.

A retry reads this file again, so that it is a file that says whether the failures are repaired.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from inspect_ai import Task, eval, eval_retry, task  # type: ignore[import-not-found]  # noqa: A004
from inspect_ai.dataset import MemoryDataset, Sample  # type: ignore[import-not-found]
from inspect_ai.model import ModelOutput  # type: ignore[import-not-found]
from inspect_ai.scorer import exact  # type: ignore[import-not-found]
from inspect_ai.solver import solver  # type: ignore[import-not-found]

WHAT, NUMBER, FAILED, FOLDER = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
REPAIRED = FOLDER / "repaired"


@solver  # type: ignore[untyped-decorator]
def copied() -> Any:
    async def solve(state: Any, generate: Any) -> Any:
        if int(state.input_text) < FAILED and not REPAIRED.exists():
            raise RuntimeError("no answer")
        state.output = ModelOutput.from_content("mockllm/model", state.input_text)
        return state

    return solve


@task  # type: ignore[untyped-decorator]
def numbers() -> Any:
    samples = [Sample(input=str(n), target=str(n), id=n + 1) for n in range(NUMBER)]
    return Task(dataset=MemoryDataset(samples), solver=copied(), scorer=exact())


def main() -> None:
    quiet = {"log_dir": str(FOLDER / f"inspect {WHAT}"), "display": "none"}
    began = time.perf_counter()
    (log,) = eval(numbers(), model="mockllm/model", fail_on_error=False, **quiet)
    if WHAT == "retry":
        REPAIRED.touch()
        log.status = "error"  # only what has not succeeded as a whole is tried again
        began = time.perf_counter()
        (log,) = eval_retry(log, **quiet)
    seconds = time.perf_counter() - began
    assert log.status == "success", log.error
    assert log.results.completed_samples == NUMBER
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main()
