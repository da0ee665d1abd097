"""The user's code as bytes. cloudpickle takes what the executors' own pickle does not: functions of a notebook, closures."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, fields
from types import ModuleType
from typing import Any

from opik_resume.base.text.tracebacks import in_words
from opik_resume.engine.cells.costs import Cost
from opik_resume.engine.jobs import Callables
from opik_resume.engine.retrying.policy import Retries
from opik_resume.exceptions import ArgumentError
from opik_resume.metrics.arguments import SPAN, wants_span
from opik_resume.metrics.base import Metric, name_of
from opik_resume.metrics.scoring import KeyMapping


@dataclass(frozen=True)
class Kit:
    """All that a worker calls, named as the arguments are that it came from."""

    task: Any
    scoring_metrics: Sequence[Metric]
    scoring_key_mapping: KeyMapping | None
    cost: Cost | None
    retry_on: Retries


@dataclass(frozen=True)
class Place:
    """An executor, and what its workers are to call: ``payload`` is a pickled :class:`Kit`, ``digest`` stands for it."""

    executor: Executor
    payload: bytes
    digest: str


def placed(callables: Callables, executor: Executor) -> Place:
    """Pack the callables for the workers of this executor: once for all of a run.

    Raises:
        ArgumentError: cloudpickle is not installed, or something cannot be sent.
    """
    for metric in callables.scoring_metrics:
        if wants_span(metric):
            raise ArgumentError(
                f"executor: {name_of(metric)} asks for {SPAN}, which is only there where the run is recorded: leave the "
                "metric or executor= out, and score with it later by evaluate_experiment()"
            )
    kit = Kit(
        callables.task,
        tuple(callables.scoring_metrics),
        callables.scoring_key_mapping,
        callables.cost,
        callables.retries,
    )
    payload = _packed(kit)
    return Place(executor, payload, hashlib.sha256(payload).hexdigest())


def cloudpickle() -> ModuleType:
    """The library. Raises ArgumentError when it is not installed."""
    try:
        return importlib.import_module("cloudpickle")
    except ImportError as error:
        raise ArgumentError(
            "executor= sends task and metrics to its workers with cloudpickle, which is not installed: "
            "pip install opik-resume[dask]"
        ) from error


def _packed(kit: Kit) -> bytes:
    pickle = cloudpickle()
    try:
        packed: bytes = pickle.dumps(kit)
    except Exception as error:  # of a user's __reduce__ and __getstate__, whatever it is
        name, problem = _culprit(kit, pickle) or ("task or metrics", error)
        raise ArgumentError(
            f"executor: {name} cannot be sent to a worker: {in_words(problem)}. Make what it holds on to "
            "(a client, a lock, an open file) inside the function, where the worker calls it."
        ) from problem
    return packed


def _culprit(kit: Kit, pickle: ModuleType) -> tuple[str, Exception] | None:
    for field in fields(kit):
        try:
            pickle.dumps(getattr(kit, field.name))
        except Exception as error:
            return field.name, error
    return None
