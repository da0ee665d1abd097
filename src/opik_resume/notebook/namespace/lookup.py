"""Find the task and the metrics in the user's namespace, by name, at the moment they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from opik_resume.exceptions import ArgumentError, NameNotFound
from opik_resume.notebook.namespace import candidates
from opik_resume.notebook.namespace.candidates import Namespace, is_metric, is_task

_WHERE = "this notebook"


def user_namespace() -> Namespace:
    """The variables of the running IPython session; empty outside IPython."""
    from IPython import get_ipython

    shell = get_ipython()
    return {} if shell is None else dict(shell.user_ns)


def find_task(name: str, namespace: Namespace) -> Callable[..., Any]:
    """The task of that name.

    Raises:
        NameNotFound: no such variable; near matches are listed.
        ArgumentError: it cannot be called.
    """
    if name not in namespace:
        raise NameNotFound.near("task", name, _public(namespace, is_task), _WHERE)
    return checked_task(namespace[name], name)


def checked_task(task: Any, name: str) -> Callable[..., Any]:
    """The task itself, if it can be one. Raises ArgumentError with the remedy."""
    if isinstance(task, type):
        raise ArgumentError(f"{name} is a class: pass a function that takes an item and returns a dict.")
    if not callable(task):
        raise ArgumentError(
            f"{name} is of type {type(task).__name__} and cannot be called: "
            "the task is a function that takes an item and returns a dict."
        )
    return task  # type: ignore[no-any-return]


def find_function(name: str, namespace: Namespace) -> Callable[..., Any]:
    """The function of that name, whatever it takes. Raises NameNotFound, with near matches, when there is none."""
    found = namespace.get(name)
    if not callable(found):
        raise NameNotFound.near("function", name, _public(namespace, callable), _WHERE)
    return found  # type: ignore[no-any-return]


def find_metrics(names: Iterable[str], namespace: Namespace) -> list[Any]:
    """The metrics of those names: of variables first, else of the ``.name`` of some metric in the namespace.

    Raises:
        NameNotFound: no such variable and no metric of that name; near matches are listed.
        ArgumentError: it is a class, or not a metric.
    """
    return [_find_metric(name, namespace) for name in names]


def redefined(task: Callable[..., Any], namespace: Namespace) -> Callable[..., Any] | None:
    """What the user made of this function since: another one under its name, defined in the notebook or reloaded.

    A function that was made inside another one has no name of its own in the notebook and is never replaced.
    """
    name = getattr(task, "__name__", "")
    other = namespace.get(name)
    if other is None or other is task or not is_task(other) or getattr(task, "__qualname__", "") != name:
        return None
    defined_in = getattr(other, "__module__", None)
    return other if defined_in in ("__main__", getattr(task, "__module__", "")) else None


def redefined_metric(metric: Any, variable: str | None, namespace: Namespace) -> Any | None:
    """What the user made of this metric since: another one of its ``.name``, under its variable or of its class anew.

    Args:
        metric: the one that was given.
        variable: the variable that held it when it was given, if one did.
        namespace: where to look.
    """
    if any(value is metric for value in namespace.values()):
        return None
    anew: list[Any] = [other for other in candidates.metrics(namespace).values() if _anew(metric, other)]
    now: list[Any] = [namespace.get(variable)] if variable else anew
    return next((other for other in now if is_metric(other) and other.name == metric.name), None)


def variable_of(value: Any, namespace: Namespace) -> str | None:
    """The public variable that holds this very object, or None."""
    return next((name for name, other in namespace.items() if other is value and not name.startswith("_")), None)


def _anew(metric: Any, other: Any) -> bool:
    """Whether the class of one metric is a later definition of the other's."""
    was, now = type(metric), type(other)
    return was is not now and (was.__module__, was.__qualname__) == (now.__module__, now.__qualname__)


def _find_metric(name: str, namespace: Namespace) -> Any:
    if name in namespace:
        return _checked_metric(namespace[name], name)
    metrics = {value.name: value for value in candidates.metrics(namespace).values()}
    if name in metrics:
        return metrics[name]
    raise NameNotFound.near("metric", name, [*_public(namespace, is_metric), *metrics], _WHERE)


def _checked_metric(metric: Any, name: str) -> Any:
    if isinstance(metric, type):
        raise ArgumentError(f"{name} is a class: pass an instance, {name}().")
    if not is_metric(metric):
        raise ArgumentError(
            f"{name} is of type {type(metric).__name__} and not a metric: a metric has a .name and a .score() method."
        )
    return metric


def _public(namespace: Namespace, wanted: Callable[[Any], bool]) -> list[str]:
    return [name for name, value in namespace.items() if not name.startswith("_") and wanted(value)]
