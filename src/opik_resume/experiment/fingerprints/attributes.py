"""What an object was set to, and what stands in the body of its class. Counters and caches are no settings."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, MethodType, WrapperDescriptorType
from typing import Any

from opik_resume.experiment.fingerprints import constants
from opik_resume.experiment.fingerprints.source import is_class_of_a_library

ROUTINES = (FunctionType, MethodType, BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType)
BEGINNING = ("__init__", "__post_init__", "__setstate__", "__new__")


def methods(kind: type) -> Iterator[FunctionType]:
    """The functions in Python of a class and of those that it inherits from, behind a property as well."""
    for each in kind.__mro__:
        for value in vars(each).values():
            function = value
            if isinstance(value, (staticmethod, classmethod)):
                function = value.__func__
            elif isinstance(value, property):
                function = value.fget
            elif isinstance(value, functools.cached_property):
                function = value.func
            if isinstance(function, FunctionType):
                yield function


def assigned_later(kind: type) -> set[str]:
    """The attributes that its methods assign after the beginning, or that a property keeps once it was asked."""
    later = (method for method in methods(kind) if method.__name__ not in BEGINNING)
    cached = {
        name
        for each in kind.__mro__
        for name, value in vars(each).items()
        if isinstance(value, functools.cached_property)
    }
    return cached.union(*(constants.attributes_assigned_by(method) for method in later))


def in_the_body(kind: type) -> Iterator[tuple[str, str, Any]]:
    """Class, name and value of what the user wrote there, and in those that it inherits from, besides methods."""
    for each in kind.__mro__:
        if not is_class_of_a_library(each):
            for name, value in {**vars(each), **getattr(each, "__members__", {})}.items():  # of an enum
                if not (name.startswith("_") and name.endswith("_")) and not issubclass(type(value), ROUTINES):
                    yield each.__qualname__, name, value


def set_on(of: Any, *, given: bool) -> Iterator[tuple[str, Any]]:
    """The attributes of an instance. ``given``: those alone that it was given at its beginning, and not what it made."""
    kind = type(of)
    stored = set().union(*(constants.stored_by(each) for each in methods(kind) if each.__name__ in BEGINNING))
    # Who assigns in a way of its own, as a mock and a model of torch do, keeps its books in names with an underscore.
    books = getattr(kind, "__setattr__", None) is not object.__setattr__ and not dataclasses.is_dataclass(kind)
    slots = (name for each in kind.__mro__ for name in _listed(vars(each).get("__slots__", ())))
    slotted = {
        name: getattr(of, name) for name in slots if name not in {"__dict__", "__weakref__"} and hasattr(of, name)
    }
    for name, value in [*slotted.items(), *list(getattr(of, "__dict__", {}).items())]:
        if (name in stored or not given) and not (books and name.startswith("_")):
            yield name, value


def _listed(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)
