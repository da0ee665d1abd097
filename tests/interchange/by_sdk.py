"""What the real ``opik`` package does in these tests: ``python by_sdk.py evaluate NAME`` or ``resume EXPERIMENT_ID``."""

from __future__ import annotations

import sys
from typing import Any

import opik
from opik.evaluation import evaluate, evaluate_resume
from opik.evaluation.metrics import Equals

calls: list[int] = []


def answer(item: dict[str, Any]) -> dict[str, Any]:
    calls.append(item["n"])
    return {"output": str(item["n"])}


def fail_on_some(item: dict[str, Any]) -> dict[str, Any]:
    if item["n"] % 5 == 0:
        raise RuntimeError("no answer")
    return answer(item)


def main(what: str, which: str) -> None:
    if what == "resume":
        result = evaluate_resume(which, answer, [Equals()], verbose=0)
        print(f"called {len(calls)}, results {len(result.test_results)}")
        return
    dataset = opik.Opik().get_or_create_dataset("numbers")
    dataset.insert([{"n": n, "reference": str(n)} for n in range(20)])
    try:
        evaluate(dataset, fail_on_some, [Equals()], experiment_name=which, trial_count=2, verbose=0, task_threads=4)
    except RuntimeError as error:
        print(f"died: {error}")
    opik.flush_tracker()


if __name__ == "__main__":
    main(*sys.argv[1:])
