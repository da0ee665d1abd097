"""Callable → :class:`Fingerprint`: functions, lambdas, partials, bound methods, objects that can be called, metrics."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterator
from itertools import islice
from types import FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

from opik_resume.base.text import redaction
from opik_resume.base.text.jsontext import clean
from opik_resume.experiment.fingerprints import constants, values
from opik_resume.experiment.fingerprints.attributes import (
    BEGINNING,
    ROUTINES,
    assigned_later,
    in_the_body,
    methods,
    set_on,
)
from opik_resume.experiment.fingerprints.fingerprint import MAX_TEXT, Fingerprint, digest_of
from opik_resume.experiment.fingerprints.source import is_of_a_library, source_of

logger = redaction.logger(__name__)
_Cached = type(functools.lru_cache(lambda: None))
_GIVEN_KEY = re.compile(r"((?:key|token|secret|password)\w*['\"]?\s*[=:]\s*)(['\"])[^'\"\n]{6,}\2", re.IGNORECASE)
_MOST = 60  # functions and constants of one callable
_MOST_TEXT = 100_000  # characters of all that is kept of one
_MOST_ATTRIBUTES = 2_000


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
    named = issubclass(type(of), (*ROUTINES, type))
    return clean((of if named else type(of)).__qualname__.rpartition("<locals>.")[2])


class _Reader:
    def __init__(self) -> None:
        self.parts: dict[str, str] = {}
        self.digests: dict[str, str] = {}
        self._seen: set[int] = set()
        self._names: dict[str, str] = {}  # label of a constant → its name
        self._changed: set[str] = set()
        self._settings: dict[str, str] = {}  # label of an attribute → its name
        self._assigned: set[str] = set()  # attributes
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
        elif not issubclass(kind, ROUTINES):
            self._object(of)

    def leave_out_what_changes(self) -> None:
        """What some of the functions that were read changes in place is no constant of the others, and no setting."""
        for named, changed in ((self._names, self._changed), (self._settings, self._assigned)):
            for label in [label for label, name in named.items() if name in changed]:
                self.parts.pop(label, None)
                self.digests.pop(label, None)

    def _put(self, label: str, text: str, compared: str | None = None) -> str:
        if label in self.digests:  # two functions of one name, as decorators are made of
            label = f"{label} ({sum(other.startswith(label) for other in self.digests) + 1})"
        self.parts[label] = _without_keys(clean(text))[: min(MAX_TEXT, self._room)]
        self._room -= len(self.parts[label])
        self.digests[label] = digest_of(_without_keys(text if compared is None else compared))
        return label

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
        if of.__name__ not in BEGINNING:
            self._assigned |= constants.attributes_assigned_by(of)
        for name, value in constants.read_by(of).items():
            self._around(name, value, of)

    @staticmethod
    def _defaults(of: FunctionType) -> Iterator[tuple[str, Any]]:
        positional = of.__code__.co_varnames[: of.__code__.co_argcount]
        defaults = of.__defaults__ or ()
        yield from zip(positional[len(positional) - len(defaults) :], defaults, strict=True)
        yield from (of.__kwdefaults__ or {}).items()

    def _around(self, name: str, value: Any, of: FunctionType) -> None:
        """Something that a function reads: a constant is kept, and what is defined beside it is read as well."""
        label = f"{name} in {name_of(of)}"
        if issubclass(type(value), (FunctionType, _Cached, type)) or not self._value(label, name, value, self._names):
            for each in _held(value):
                if _is_beside(each, of) or (issubclass(type(each), FunctionType) and name in of.__code__.co_freevars):
                    self._aside(each)

    def _aside(self, of: Any) -> None:
        """An object that is in use there keeps what it likes: only what it was given when it was made is a setting."""
        try:
            if issubclass(type(of), (FunctionType, _Cached, type)):
                self.read(of)
            elif id(of) not in self._seen:
                self._seen.add(id(of))
                self._object(of, given=type(of) is not SimpleNamespace)
        except Exception as error:  # of a descriptor or a __getattr__ of the user's
            logger.debug("Not all of %r could be read: %s", type(of), error)

    def _value(self, label: str, name: str, value: Any, named: dict[str, str] | None = None) -> bool:
        """Keep a constant, or read what can be called. Returns whether there is no more to it.

        ``named``: where its name is noted, if it may be one that changes.
        """
        if len(self.digests) >= _MOST:
            return True
        if issubclass(type(value), (FunctionType, functools.partial, MethodType)):
            self.read(value)
            return True
        try:
            text = values.as_constant(name, value)
        except Exception as error:  # of an __str__ of the user's
            logger.debug("%s could not be read: %s", label, error)
            return True
        if text is not None:
            label = self._put(label, text)
            if named is not None:
                named[label] = name
        return text is not None

    def _object(self, of: Any, *, given: bool = False) -> None:
        """What the class does that the user wrote, what stands in it, and what the object was set to.

        ``given``: those settings alone that it was given at its beginning.
        """
        is_class = issubclass(type(of), type)
        kind = of if is_class else type(of)
        if issubclass(kind, ModuleType):
            return
        for method in methods(kind):
            if not is_of_a_library(method.__code__):
                self.read(method)
        later = assigned_later(kind)
        settings = list(in_the_body(kind))
        if not is_class:
            self._put(f"class of {name_of(of)}", f"{kind.__module__}.{kind.__qualname__}", kind.__qualname__)
            settings += [(name_of(of), *each) for each in islice(set_on(of, given=given), _MOST_ATTRIBUTES)]
        for owner, name, value in settings:
            if name not in later:
                self._value(f"{name} of {owner}", name, value, self._settings)


def _is_beside(value: Any, of: FunctionType) -> bool:
    """Whether it, or its class, was written in the module of the function."""
    if issubclass(type(value), (FunctionType, _Cached)):
        function = inspect.unwrap(value)
        return value.__module__ == of.__module__ and not is_of_a_library(function.__code__)
    kind = value if issubclass(type(value), type) else type(value)
    return kind is SimpleNamespace or bool(kind.__module__ == of.__module__)


def _held(value: Any) -> Iterator[Any]:
    """What is in a list or a table, else the value itself."""
    if type(value) in {list, tuple, dict}:
        yield from islice(list(value.values() if type(value) is dict else value), _MOST)
    else:
        yield value


def _without_keys(text: str) -> str:
    """Neither the keys of this process nor what is written down as one."""
    return _GIVEN_KEY.sub(r"\1\2[redacted]\2", redaction.redacted(text))
