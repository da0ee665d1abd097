"""What a function reads from around it: the constants of its module and of its closure, and the functions it calls there.

A counter, a cache or a list that grows is no constant: what some function assigns is left out, and so is what can
change in place, unless its name is in capitals.
"""

from __future__ import annotations

import dis
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from pathlib import PurePath
from types import CodeType, FunctionType
from typing import Any

_PLAIN = (str, bytes, int, float, complex, bool, type(None), type(...))
_SECRET = ("key", "token", "secret", "password", "credential", "authorization")
_DEPTH = 6  # of what lies in one another


def codes(code: CodeType) -> Iterator[CodeType]:
    """This one and those of the functions that are defined inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def read_by(function: FunctionType) -> dict[str, Any]:
    """The values by name that the function looks up around it and does not assign."""
    found: dict[str, Any] = {}
    around = _closure(function)
    for code in codes(function.__code__):
        for instruction in dis.get_instructions(code):
            name = instruction.argval
            if instruction.opname in {"LOAD_GLOBAL", "LOAD_NAME"} and name in function.__globals__:
                found[name] = function.__globals__[name]
            elif instruction.opname in {"LOAD_DEREF", "LOAD_CLASSDEREF"} and name in around:
                found[name] = around[name]
    return {name: value for name, value in found.items() if name not in assigned_by(function)}


def assigned_by(function: FunctionType) -> set[str]:
    """The names around it that the function assigns."""
    kinds = {"STORE_GLOBAL", "DELETE_GLOBAL"} | {"STORE_DEREF", "DELETE_DEREF"}
    return {
        str(instruction.argval)
        for code in codes(function.__code__)
        for instruction in dis.get_instructions(code)
        if instruction.opname in kinds
        and (instruction.opname.endswith("GLOBAL") or instruction.argval in code.co_freevars)
    }


def attributes_assigned_by(function: FunctionType) -> set[str]:
    """The names of the attributes that the function assigns, whatever they belong to."""
    return {
        str(instruction.argval)
        for code in codes(function.__code__)
        for instruction in dis.get_instructions(code)
        if instruction.opname in {"STORE_ATTR", "DELETE_ATTR"}
    }


def _closure(function: FunctionType) -> dict[str, Any]:
    around = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            around[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return around


def as_constant(name: str, value: Any) -> str | None:
    """The text of a value that counts as a constant; None for what does not, and for what is secret."""
    if any(word in name.lower() for word in _SECRET):
        return None
    changeable = isinstance(value, (list, dict, set, bytearray))
    return None if changeable and not name.isupper() else as_text(value)


def as_text(value: Any, depth: int = _DEPTH) -> str | None:
    """A value of plain ones, the same text in every process; None when something else is in it."""
    if type(value) in _PLAIN:
        return repr(value)
    if isinstance(value, (Enum, PurePath)):
        return str(value)
    if isinstance(value, re.Pattern):
        return repr((value.pattern, value.flags))
    if depth == 0:
        return None
    if isinstance(value, Mapping) and type(value).__module__ == "builtins":
        pairs = [(as_text(key, depth - 1), as_text(each, depth - 1)) for key, each in value.items()]
        return _joined([f"{key}: {each}" if key and each else None for key, each in pairs], "{}")
    if type(value) in {list, tuple}:
        return _joined([as_text(each, depth - 1) for each in value], "[]" if type(value) is list else "()")
    if type(value) in {set, frozenset}:
        parts = [as_text(each, depth - 1) for each in value]
        return None if None in parts else _joined(sorted(part for part in parts if part is not None), "{}")
    return None


def _joined(parts: Sequence[str | None], brackets: str) -> str | None:
    return None if None in parts else f"{brackets[0]}{', '.join(str(part) for part in parts)}{brackets[1]}"
