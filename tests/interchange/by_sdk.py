"""The real ``opik`` package as a player: see ``playing``."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import threading
from typing import Any

import opik
from opik.evaluation import evaluate, evaluate_resume
from opik.evaluation.metrics.base_metric import BaseMetric
from opik.evaluation.metrics.score_result import ScoreResult
from opik.evaluation.resume import read_checkpoint, read_resume_state
from opik.evaluation.samplers import RandomDatasetSampler

from tests.interchange.cases import DATASET
from tests.interchange.playing import Program, play

client = opik.Opik()


def leave(gate: threading.Event) -> None:
    """As a notebook's kernel is restarted after Ctrl-C: the SDK's threads would go on for ever (B6)."""
    opik.flush_tracker()
    os._exit(130)


def read(*experiment_ids: str) -> None:
    """What the SDK reads of experiments: the resume state and the checkpoint."""
    for experiment_id in experiment_ids:
        state: Any = read_resume_state(client.get_experiment_by_id(experiment_id))
        print(json.dumps([experiment_id, [dataclasses.asdict(state), read_checkpoint(experiment_id)]]))


def program() -> Program:
    dataset = client.get_dataset(DATASET)
    names = (evaluate, evaluate_resume, BaseMetric, ScoreResult, RandomDatasetSampler)
    return Program(*names, dataset, opik.flush_tracker, leave)


if __name__ == "__main__":
    door, calls, *which = sys.argv[1:]
    if door == "read":
        read(*which)
    else:
        play(program(), door, calls, *which)
