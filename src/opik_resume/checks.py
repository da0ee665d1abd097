"""Arguments are checked here, before anything is recorded: each message names the argument and what to pass."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from opik_resume.datasets import Dataset, DatasetVersion
from opik_resume.engine import Callables
from opik_resume.exceptions import ArgumentError, UnsupportedArgument
from opik_resume.jsontext import NOT_JSON, to_json
from opik_resume.records import Json

if TYPE_CHECKING:
    from opik_resume.stores.protocol import Store


def refuse_unsupported(function: str, **arguments: Any) -> None:
    """Raise UnsupportedArgument for the first argument that was given."""
    for name, value in arguments.items():
        if value is not None:
            raise UnsupportedArgument.of(function, name, "this version does not have it yet")


def callables(task: Any, scoring_metrics: Any, scoring_key_mapping: Any, task_threads: Any) -> Callables:
    """The user's callables, checked."""
    if not callable(task):
        raise ArgumentError(f"task must be a function of one item dict, got {type(task).__name__}")
    mapping = scoring_key_mapping
    if mapping is not None and not isinstance(mapping, dict):
        raise ArgumentError(f"scoring_key_mapping must be a dict, got {type(mapping).__name__}")
    positive("task_threads", task_threads)
    return Callables(task, metrics(scoring_metrics), mapping, task_threads)


def metrics(scoring_metrics: Any) -> tuple[Any, ...]:
    """The metrics, checked: instances with ``.name`` and ``.score``."""
    if scoring_metrics is None:
        return ()
    if not isinstance(scoring_metrics, Sequence) or isinstance(scoring_metrics, str):
        raise ArgumentError(f"scoring_metrics must be a list of metrics, got {type(scoring_metrics).__name__}")
    for position, metric in enumerate(scoring_metrics):
        _metric(f"scoring_metrics[{position}]", metric)
    return tuple(scoring_metrics)


def _metric(where: str, metric: Any) -> None:
    if isinstance(metric, type):
        raise ArgumentError(f"{where} is the class {metric.__name__}: pass an instance, {metric.__name__}()")
    if not isinstance(getattr(metric, "name", None), str) or not callable(getattr(metric, "score", None)):
        raise ArgumentError(f"{where} must have .name and .score(), {type(metric).__name__} has not")


def positive(name: str, value: Any, *, optional: bool = False) -> None:
    """Raise ArgumentError unless ``value`` is a whole number of 1 or more (or None, if optional)."""
    if optional and value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ArgumentError(f"{name} must be a whole number of 1 or more, got {value!r}")


def pinned(dataset: Any, store: Store | None) -> tuple[Store, DatasetVersion]:
    """The version to evaluate, pinned now, and its store."""
    if not isinstance(dataset, (Dataset, DatasetVersion)):
        raise ArgumentError(f"dataset must be a Dataset or a DatasetVersion, got {type(dataset).__name__}")
    if store is not None and store is not dataset.store:
        raise ArgumentError(f"store: the dataset {dataset.name!r} lives in {dataset.store!r}; leave store= out")
    version = dataset.latest() if isinstance(dataset, Dataset) else dataset
    if version is None or version.items_total == 0:
        raise ArgumentError(f"dataset {dataset.name!r} has no items: insert some first")
    return dataset.store, version


def experiment_name(name: Any, prefix: Any, dataset_name: str) -> str:
    """The name to use: the one given, else a unique one made from the prefix or the dataset's name."""
    for argument, value in (("experiment_name", name), ("experiment_name_prefix", prefix)):
        if value is not None and (not isinstance(value, str) or not value.strip()):
            raise ArgumentError(f"{argument} must be a non-empty string, got {value!r}")
    return name if name is not None else f"{prefix or dataset_name}-{uuid.uuid4().hex[:8]}"


def json_dict(name: str, value: Any) -> Json:
    """A dict that JSON can hold; an empty one for None."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ArgumentError(f"{name} must be a dict, got {type(value).__name__}")
    try:
        to_json(value)
    except NOT_JSON as error:
        raise ArgumentError(f"{name} cannot be stored as JSON: {error}") from error
    return value
