"""What in a namespace can be a task or a metric: what is offered to the user, and nothing else may be called."""

from __future__ import annotations

import inspect
import sys
import sysconfig
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

Namespace = Mapping[str, Any]
_STANDARD = Path(sysconfig.get_path("stdlib")).resolve()
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def is_task(value: Any) -> bool:
    """Whether it can be called at all."""
    return callable(value) and not isinstance(value, type)


def is_metric(value: Any) -> bool:
    """Whether it is an instance with ``.name`` and ``.score()``.

    Looked up statically first: asking an object of unknown kind for an attribute may run anything, or say yes to all.
    """
    if isinstance(value, type) or not (_has(value, "score") and _has(value, "name")):
        return False
    try:
        return callable(value.score) and isinstance(value.name, str)
    except Exception:  # a property of the user's that raises
        return False


def tasks(namespace: Namespace) -> dict[str, Any]:
    """The user's own callables that one item can be given to, by variable."""
    return {
        name: value
        for name, value in _public(namespace)
        if is_task(value) and _is_users_own(value) and not is_metric(value) and _takes_one(value)
    }


def functions(namespace: Namespace) -> dict[str, Any]:
    """The user's own functions, whatever they take, by variable."""
    return {name: value for name, value in _public(namespace) if inspect.isroutine(value) and _is_users_own(value)}


def metrics(namespace: Namespace) -> dict[str, Any]:
    """The metrics of a namespace, by variable; one with several names is offered under the first."""
    found = {name: value for name, value in _public(namespace) if is_metric(value)}
    first = {id(value): name for name, value in reversed(found.items())}
    return {name: value for name, value in found.items() if first[id(value)] == name}


def _public(namespace: Namespace) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in namespace.items() if not name.startswith("_")]


def _has(value: Any, name: str) -> bool:
    try:
        inspect.getattr_static(value, name)
    except AttributeError:
        return False
    return True


def _takes_one(value: Any) -> bool:
    """Whether it has exactly one required argument, and that one may be given by position."""
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return False
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    required = [p for p in parameters if p.default is inspect.Parameter.empty and p.kind not in variable]
    return len(required) == 1 and required[0].kind in _POSITIONAL


def _is_users_own(value: Any) -> bool:
    """Whether it was defined in the notebook or in a module of the user's, not in an installed library."""
    while isinstance(value, partial):
        value = value.func
    named = inspect.isroutine(value)
    return _is_users_module(str(getattr(value if named else type(value), "__module__", "")))


def _is_users_module(name: str) -> bool:
    return name == "__main__" or (
        name.partition(".")[0] != __name__.partition(".")[0] and _is_users_file(_file_of(name))
    )


def _file_of(module: str) -> str | None:
    return getattr(sys.modules.get(module), "__file__", None)


@cache
def _is_users_file(file: str | None) -> bool:
    if file is None:
        return False
    path = Path(file).resolve()
    return not (path.is_relative_to(_STANDARD) or {"site-packages", "dist-packages"} & set(path.parts))
