"""Our package as a player: see ``playing``."""

from __future__ import annotations

import sys
import threading
from typing import Any

from opik_resume import ScoreResult, evaluate, evaluate_resume, get_dataset
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.metrics import BaseMetric
from opik_resume.samplers import RandomDatasetSampler
from opik_resume.stores import default_store
from opik_resume.stores.protocol import Store
from tests.interchange.cases import DATASET
from tests.interchange.playing import Notes, Program, Task, metrics, play


def program(store: Store) -> Program:
    """In this process, on that store."""
    return Program(
        evaluate,
        evaluate_resume,
        BaseMetric,
        ScoreResult,
        RandomDatasetSampler,
        get_dataset(DATASET, store=store),
        lambda: store.flush(30),
        leave,
    )


def leave(gate: threading.Event) -> None:
    """What is on its way comes back, and the process ends as it does after Ctrl-C."""
    gate.set()
    sys.exit(130)


def resume(name: str, notes: Notes, **arguments: Any) -> EvaluationResult:
    """The experiment of that name, in this process; nothing goes wrong."""
    scoring = metrics(program(default_store()), name, notes)
    result: EvaluationResult = evaluate_resume(name, Task(name, notes), scoring, verbose=0, **arguments)
    return result


if __name__ == "__main__":
    play(program(default_store()), *sys.argv[1:])
