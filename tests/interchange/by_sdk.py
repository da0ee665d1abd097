"""The real ``opik`` package as a player: see ``playing``."""

from __future__ import annotations

import os
import sys
import threading

import opik
from opik.evaluation import evaluate, evaluate_resume
from opik.evaluation.metrics.base_metric import BaseMetric
from opik.evaluation.metrics.score_result import ScoreResult
from opik.evaluation.samplers import RandomDatasetSampler

from tests.interchange.cases import DATASET
from tests.interchange.playing import Program, play


def leave(gate: threading.Event) -> None:
    """As a notebook's kernel is restarted after Ctrl-C: the SDK's threads would go on for ever (B6)."""
    opik.flush_tracker()
    os._exit(130)


if __name__ == "__main__":
    dataset = opik.Opik().get_dataset(DATASET)
    play(
        Program(
            evaluate, evaluate_resume, BaseMetric, ScoreResult, RandomDatasetSampler, dataset, opik.flush_tracker, leave
        ),
        *sys.argv[1:],
    )
