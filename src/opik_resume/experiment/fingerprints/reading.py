"""Callable → :class:`Fingerprint`: functions, lambdas, partials, bound methods, objects that can be called, metrics."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import re
from collections.abc import Iterator
from itertools import islice
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, MethodType, ModuleType, WrapperDescriptorType
from typing import Any

from opik_resume.base.text import redaction
from opik_resume.base.text.jsontext import clean
from opik_resume.experiment.fingerprints import constants, values
from opik_resume.experiment.fingerprints.fingerprint import MAX_TEXT, Fingerprint, digest_of
from opik_resume.experiment.fingerprints.source import is_of_a_library, source_of

logger = redaction.logger(__name__)
_Cached = type(functools.lru_cache(lambda: None))
_GIVEN_KEY = re.compile(r"((?:key|token|secret|password)\w*['\"]?\s*[=:]\s*)(['\"])[^'\"\n]{6,}\2", re.IGNORECASE)
_MOST = 60  # functions and constants of one callable
_MOST_TEXT = 100_000  # characters of all that is kept of one
_MOST_ATTRIBUTES = 2_000
_ROUTINES = (FunctionType, MethodType, BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType)
_BEGINNING = ("__init__", "__post_init__", "__setstate__", "__new__")


def fingerprint(of: Any) -> Fingerprint:
    """What this task or metric is made of. Never raises: what cannot be read is left out."""
    reader = _Reader()
    try:
        reader.read(of)
    except Exception as error:  # of a descriptor or a __getattr__ of the user's
        logger.debug("Not all of %r could be read: %s", type(of), error)
    reader.leave_out_what_changes()
    return Fingerprint(name_of(of), reader.parts, reader.digests)


def name_of(of: Any) -> str:
    """``answer``, ``Judge`` for an instance, ``partial(answer)``."""
    for _ in range(_MOST):
        if not issubclass(type(of), _Cached):
            break
        of = of.__wrapped__
    if issubclass(type(of), functools.partial):
        return f"partial({name_of(of.func)})"
    named = issubclass(type(of), (*_ROUTINES, type))
    return clean((of if named else type(of)).__qualname__.rpartition("<locals>.")[2])


class _Reader:
    def __init__(self) -> None:
        self.parts: dict[str, str] = {}
        self.digests: dict[str, str] = {}
        self._seen: set[int] = set()
        self._names: dict[str, str] = {}  # label of a constant → its name
        self._changed: set[str] = set()
        self._room = _MOST_TEXT

    def read(self, of: Any) -> None:
        """One callable, and what it leads to."""
        of = of.__func__ if issubclass(type(of), (staticmethod, classmethod)) else of
        if id(of) in self._seen or len(self.digests) >= _MOST:
            return
        self._seen.add(id(of))
        kind = type(of)  # what an odd object says of its class is its own affair
        if issubclass(kind, functools.partial):
            self._partial(of)
        elif issubclass(kind, MethodType):
            self.read(of.__func__)
            self._object(of.__self__)
        elif issubclass(kind, FunctionType):
            self._function(of)
        elif issubclass(kind, _Cached):
            self.read(of.__wrapped__)
        elif not issubclass(kind, _ROUTINES):
            self._object(of)

    def leave_out_what_changes(self) -> None:
        """What some of the functions that were read changes in place is no constant of the others."""
        for label in [label for label, name in self._names.items() if name in self._changed]:
            self.parts.pop(label, None)
            self.digests.pop(label, None)

    def _put(self, label: str, text: str, compared: str | None = None) -> None:
        if label in self.digests:  # two functions of one name, as decorators are made of
            label = f"{label} ({sum(other.startswith(label) for other in self.digests) + 1})"
        self.parts[label] = _without_keys(clean(text))[: min(MAX_TEXT, self._room)]
        self._room -= len(self.parts[label])
        self.digests[label] = digest_of(_without_keys(text if compared is None else compared))

    def _partial(self, of: functools.partial[Any]) -> None:
        given = {str(position): value for position, value in enumerate(of.args)} | of.keywords
        for name, value in given.items():
            self._value(f"argument {name} of {name_of(of)}", name, value)
        self.read(of.func)

    def _function(self, of: FunctionType) -> None:
        wrapped = getattr(of, "__wrapped__", None)
        if wrapped is not None:
            self.read(wrapped)
        if is_of_a_library(of.__code__):
            if wrapped is None:
                self._put(f"function {name_of(of)}", f"{of.__module__}.{of.__qualname__}")
            return
        source = source_of(of)
        self._put(f"{source.label} of {name_of(of)}", source.text, source.compared)
        for name, value in self._defaults(of):
            self._value(f"default {name} of {name_of(of)}", name, value)
        self._changed |= constants.changed_in_place_by(of) | constants.assigned_beside(of)
        for name, value in constants.read_by(of).items():
            self._around(name, value, of)

    @staticmethod
    def _defaults(of: FunctionType) -> Iterator[tuple[str, Any]]:
        positional = of.__code__.co_varnames[: of.__code__.co_argcount]
        defaults = of.__defaults__ or ()
        yield from zip(positional[len(positional) - len(defaults) :], defaults, strict=True)
        yield from (of.__kwdefaults__ or {}).items()

    def _around(self, name: str, value: Any, of: FunctionType) -> None:
        """Something that a function reads: a function beside it is read as well, a constant is kept."""
        if issubclass(type(value), FunctionType):
            beside = value.__module__ == of.__module__ or name in of.__code__.co_freevars
            if beside and not is_of_a_library(inspect.unwrap(value).__code__):
                self.read(value)
        else:
            label = f"{name} in {name_of(of)}"
            self._names[label] = name
            self._value(label, name, value)

    def _value(self, label: str, name: str, value: Any) -> None:
        if len(self.digests) >= _MOST:
            return
        if issubclass(type(value), (FunctionType, functools.partial, MethodType)):
            self.read(value)
            return
        try:
            text = values.as_constant(name, value)
        except Exception as error:  # of an __str__ of the user's
            logger.debug("%s could not be read: %s", label, error)
            return
        if text is not None:
            self._put(label, text)

    def _object(self, of: Any) -> None:
        """What the class does that the user wrote, and the attributes that nothing assigns after the beginning.

        Counters and caches are no settings.
        """
        kind = of if isinstance(of, type) else type(of)
        if issubclass(kind, ModuleType):
            return
        for method in _methods(kind):
            if not is_of_a_library(method.__code__):
                self.read(method)
        if isinstance(of, type) or not hasattr(of, "__dict__"):
            return
        self._put(f"class of {name_of(of)}", f"{kind.__module__}.{kind.__qualname__}", kind.__qualname__)
        later = (method for method in _methods(kind) if method.__name__ not in _BEGINNING)
        assigned = _cached(kind).union(*(constants.attributes_assigned_by(method) for method in later))
        # Who assigns in a way of its own, as a mock and a model of torch do, keeps its books in names with an underscore.
        books = kind.__setattr__ is not object.__setattr__ and not dataclasses.is_dataclass(kind)
        for name, value in islice(list(vars(of).items()), _MOST_ATTRIBUTES):
            if name not in assigned and not (books and name.startswith("_")):
                self._value(f"{name} of {name_of(of)}", name, value)


def _without_keys(text: str) -> str:
    """Neither the keys of this process nor what is written down as one."""
    return _GIVEN_KEY.sub(r"\1\2[redacted]\2", redaction.redacted(text))


def _methods(kind: type) -> Iterator[FunctionType]:
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


def _cached(kind: type) -> set[str]:
    """The attributes that a property keeps once it was asked."""
    return {
        name
        for each in kind.__mro__
        for name, value in vars(each).items()
        if isinstance(value, functools.cached_property)
    }
