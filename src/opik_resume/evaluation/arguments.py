"""Arguments are checked here, before anything is recorded: each message names the argument and what to pass."""

from __future__ import annotations

import inspect
import math
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from opik_resume.base.process import hosts
from opik_resume.base.process.doors import callers_loop
from opik_resume.base.records import ErrorTolerance, Json
from opik_resume.base.text import redaction
from opik_resume.base.text.jsontext import NOT_JSON, as_read_back, clean
from opik_resume.datasets.dataset import Dataset
from opik_resume.datasets.version import DatasetVersion
from opik_resume.engine import Callables
from opik_resume.engine.calling import is_async
from opik_resume.engine.elsewhere import clusters
from opik_resume.engine.elsewhere.packing import placed
from opik_resume.engine.events import Event
from opik_resume.engine.retrying.policy import MAX_WAIT, Retries
from opik_resume.exceptions import ArgumentError, UnsupportedArgument
from opik_resume.experiment.limits import Limits
from opik_resume.integrations import opik_datasets
from opik_resume.lifecycle.display.choosing import DISPLAYS
from opik_resume.lifecycle.display.watching import Watching
from opik_resume.metrics import spans
from opik_resume.metrics.base import name_of
from opik_resume.metrics.functions import ScoringFunction, of_function

if TYPE_CHECKING:
    from opik_resume.stores.protocol import Store

logger = redaction.logger("opik_resume")

OnEvent = Callable[[Event], object]
"""Is told every event of a run."""

RetryOn = type[Exception] | str | Sequence[type[Exception] | str]
"""Exceptions, by class or by a glob of their name: one or several."""


def refuse(function: str, why: str, **arguments: Any) -> None:
    """Raise UnsupportedArgument for the first argument that was given."""
    for name, value in arguments.items():
        if value is not None:
            raise UnsupportedArgument.of(function, name, why)


def callables(
    task: Any,
    scoring_metrics: Any,
    scoring_functions: Any,
    scoring_key_mapping: Any,
    task_threads: Any,
    experiment_scoring_functions: Any,
    cost: Any = None,
) -> Callables:
    """The user's callables, checked; scoring functions become metrics."""
    mapping = scoring_key_mapping
    if mapping is not None and not isinstance(mapping, dict):
        raise ArgumentError(f"scoring_key_mapping must be a dict, got {type(mapping).__name__}")
    positive("task_threads", task_threads)
    of_experiment = _listed("experiment_scoring_functions", experiment_scoring_functions)
    for position, function in enumerate(of_experiment):
        if not callable(function):
            raise ArgumentError(f"experiment_scoring_functions[{position}] must be a function of all test results")
    given = scoring(scoring_metrics, scoring_functions)
    return Callables(_task(task), given, mapping, task_threads, of_experiment, cost=_cost(cost), loop=callers_loop())


def _cost(cost: Any) -> Any:
    if cost is None:
        return None
    if not callable(cost):
        raise ArgumentError(f"cost must be a function of item and output that returns US dollars, got {cost!r}")
    # Else no run would have a cost, and max_cost would bound nothing.
    _takes("cost", cost, "two arguments, the item dict and the task's output", {}, {})
    return cost


def _task(task: Any) -> Any:
    if not callable(task):
        raise ArgumentError(f"task must be a function of one item dict, got {type(task).__name__}")
    _takes("task", task, "one argument, the item dict", {})
    return task


def _takes(argument: str, function: Callable[..., Any], words: str, *given: Any) -> None:
    """Raise ArgumentError when it cannot be called so."""
    try:
        inspect.signature(function).bind(*given)
    except TypeError as error:
        name = getattr(function, "__name__", type(function).__name__)
        raise ArgumentError(f"{argument} {name} cannot be called with {words}: {error}") from error
    except ValueError:  # a built-in that does not tell its signature: the first call will show
        pass


def optional_task(task: Any) -> Any:
    """The task, checked, if one is given."""
    return None if task is None else _task(task)


def _listed(name: str, value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ArgumentError(f"{name} must be a list, got {type(value).__name__}")
    return tuple(value)


def some_metrics(given: Callables) -> None:
    """Raise ArgumentError when there is nothing to score with."""
    if not given.scoring_metrics:
        raise ArgumentError("scoring_metrics is empty: pass the metrics to score with")


def tolerance(value: Any) -> int:
    """An ErrorTolerance, or its number."""
    try:
        return int(ErrorTolerance(value))
    except ValueError as error:
        raise ArgumentError(f"error_tolerance must be 10 or 20 (an ErrorTolerance), got {value!r}") from error


def text(name: str, value: Any) -> str | None:
    """A string, or None."""
    if value is not None and not isinstance(value, str):
        raise ArgumentError(f"{name} must be a string, got {type(value).__name__}")
    return None if value is None else clean(value)


def texts(name: str, value: Any) -> tuple[str, ...]:
    """A list of strings; empty for None."""
    listed = _listed(name, value)
    if not all(isinstance(entry, str) for entry in listed):
        raise ArgumentError(f"{name} must be a list of strings, got {value!r}")
    return tuple(map(clean, listed))


def metrics(scoring_metrics: Any) -> tuple[Any, ...]:
    """The metrics, checked: instances with ``.name`` and ``.score``."""
    listed = _listed("scoring_metrics", scoring_metrics)
    for position, metric in enumerate(listed):
        _metric(f"scoring_metrics[{position}]", metric)
    return _distinct(listed)


def scoring(scoring_metrics: Any, scoring_functions: Any) -> tuple[Any, ...]:
    """The metrics, and the scoring functions as metrics, checked."""
    listed = _listed("scoring_functions", scoring_functions)
    functions = [of_function(each, f"scoring_functions[{position}]") for position, each in enumerate(listed)]
    for position, metric in enumerate(functions):
        spans.require_package(f"scoring_functions[{position}]", metric)
    return _distinct((*metrics(scoring_metrics), *functions))


def _distinct(listed: tuple[Any, ...]) -> tuple[Any, ...]:
    """The metrics themselves, unless two have one name."""
    seen: set[str] = set()
    for metric in listed:
        name = name_of(metric)
        if name in seen:
            of_function = isinstance(metric, ScoringFunction)
            remedy = "rename the function" if of_function else f"pass {type(metric).__name__}(name=…)"
            raise ArgumentError(
                f"scoring_metrics: two of them are named {name!r}, and their scores would be mixed into one mean: "
                f"{remedy} to give one of them another name."
            )
        seen.add(name)
    return listed


def _metric(where: str, metric: Any) -> None:
    if isinstance(metric, type):
        raise ArgumentError(f"{where} is the class {metric.__name__}: pass an instance, {metric.__name__}()")
    if not isinstance(getattr(metric, "name", None), str) or not callable(getattr(metric, "score", None)):
        raise ArgumentError(f"{where} must have .name and .score(), {type(metric).__name__} has not")
    spans.require_package(where, metric)


def positive(name: str, value: Any, *, optional: bool = False) -> None:
    """Raise ArgumentError unless ``value`` is a whole number of 1 or more (or None, if optional)."""
    if optional and value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ArgumentError(f"{name} must be a whole number of 1 or more, got {value!r}")


def flag(name: str, value: Any) -> bool:
    """Raise ArgumentError unless it is True or False."""
    if not isinstance(value, bool):
        raise ArgumentError(f"{name} must be True or False, got {value!r}")
    return value


_UNITS = {"max_seconds": "seconds", "max_cost": "US dollars"}


def limits(**rules: Any) -> Limits:
    """The stop rules of a call, checked: each a number above 0, or None for no such rule."""
    for name, value in rules.items():
        if name in _UNITS:
            if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0):
                raise ArgumentError(f"{name} must be a number of {_UNITS[name]} above 0, or None, got {value!r}")
        else:
            positive(name, value, optional=True)
    return Limits(**rules)


def bounded(calls: Callables, rules: Limits) -> Callables:
    """The callables with these stop rules. Raises ArgumentError for a bound on costs that nobody would tell."""
    if rules.max_cost is not None and calls.cost is None:
        raise ArgumentError(
            "max_cost needs to know what each run costs: pass cost=, a function of item and output that returns US dollars. "
            "What an Opik server knows of costs comes minutes later than the runs, too late to stop them."
        )
    return replace(calls, limits=rules)


def retries(number: Any, timeout: Any, retry_on: Any, adaptive: Any = True, max_wait: Any = MAX_WAIT) -> Retries:
    """How often and for how long the task may be called, and what is waited for, checked."""
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ArgumentError(f"retries must be a whole number of 0 or more, got {number!r}")
    if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not timeout > 0):
        raise ArgumentError(f"timeout must be a number of seconds above 0, or None, got {timeout!r}")
    wanted = (retry_on,) if isinstance(retry_on, (str, type)) else _listed("retry_on", retry_on)
    for each in wanted:
        if not isinstance(each, str) and not (isinstance(each, type) and issubclass(each, Exception)):
            raise ArgumentError(f"retry_on must be exception classes or names (globs) of them, got {each!r}")
    if wanted and not number:
        raise ArgumentError("retry_on says what is worth another try, and retries=0 allows none: pass retries= too")
    if isinstance(max_wait, bool) or not isinstance(max_wait, (int, float)) or not 0 <= max_wait < math.inf:
        raise ArgumentError(f"max_wait must be a number of seconds of 0 or more, got {max_wait!r}")
    return Retries(number, timeout, wanted, flag("adaptive", adaptive), max_wait)


def watching(verbose: int, display: Any, on_event: Any) -> Watching:
    """Who watches a call, checked."""
    if display is not None and display not in DISPLAYS:
        named = ", ".join(f'"{name}"' for name in DISPLAYS)
        raise ArgumentError(f"display must be {named} or None, got {display!r}")
    if display == "grid" and not hosts.in_kernel():
        raise ArgumentError(
            'display="grid" needs a Jupyter kernel, and none runs in this process: leave it out, or pass "bar" or "lines"'
        )
    if on_event is not None:
        if not callable(on_event) or is_async(on_event):
            raise ArgumentError(f"on_event must be a plain function that takes an event, got {on_event!r:.200}")
        _takes("on_event", on_event, "one argument, the event", None)
    return Watching(verbose, display, on_event)


def elsewhere(calls: Callables, executor: Any) -> Callables:
    """The callables, to be called on this executor, if there is one: packed for its workers now."""
    if executor is None:
        return calls
    client = callable(getattr(executor, "get_executor", None))  # dask's: its own ``submit`` gives other futures
    if isinstance(executor, type) or client or not callable(getattr(executor, "submit", None)):
        got = f"the class {executor.__name__}" if isinstance(executor, type) else type(executor).__name__
        raise ArgumentError(
            f"executor must be a concurrent.futures.Executor such as ProcessPoolExecutor() or dask's client.get_executor(), "
            f"got {got}"
        )
    place = placed(calls, executor)
    if (warning := clusters.warning(executor)) is not None:
        logger.warning(warning)
    return replace(calls, elsewhere=place, loop=None)


def pinned(dataset: Any, store: Store | None) -> tuple[Store, DatasetVersion]:
    """The version to evaluate, pinned now, and its store. Datasets of the ``opik`` package are taken as ours."""
    found = dataset if isinstance(dataset, (Dataset, DatasetVersion)) else opik_datasets.ours(dataset, store)
    if found is None:
        raise ArgumentError(
            f"dataset must be a Dataset or a DatasetVersion, ours or the opik package's, got {type(dataset).__name__}"
        )
    if store is not None and store is not found.store:
        raise ArgumentError(f"store: the dataset {found.name!r} lives in {found.store!r}; leave store= out")
    return found.store, found.pinned() if isinstance(found, Dataset) else found


def project(name: Any, dataset: DatasetVersion) -> str | None:
    """The project of an evaluation: the dataset's, if it belongs to one, as in Opik."""
    given, its = text("project_name", name), dataset.project_name
    if its is not None and given is not None and its != given:
        logger.warning(
            "evaluate(): project_name=%r is not used, because the dataset belongs to the project %r: leave it out. "
            "It is deprecated in Opik, too.",
            given,
            its,
        )
    return its if its is not None else given


def experiment_name(name: Any, prefix: Any, dataset_name: str) -> str:
    """The name to use: the one given, else a unique one made from the prefix or the dataset's name."""
    for argument, value in (("experiment_name", name), ("experiment_name_prefix", prefix)):
        if value is not None and (not isinstance(value, str) or not value.strip()):
            raise ArgumentError(f"{argument} must be a non-empty string, got {value!r}")
    return clean(name if name is not None else f"{prefix or dataset_name}-{uuid.uuid4().hex[:8]}")


def json_dict(name: str, value: Any) -> Json:
    """A copy of a dict that JSON can hold, as it is read back; an empty one for None."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ArgumentError(f"{name} must be a dict, got {type(value).__name__}")
    try:
        kept: Json = as_read_back(value)
    except NOT_JSON as error:
        raise ArgumentError(f"{name} cannot be stored as JSON: {error}") from error
    return kept
