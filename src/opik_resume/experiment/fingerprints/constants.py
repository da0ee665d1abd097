"""What a function reads from around it: the constants of its module and of its closure, and the functions it calls there.

A counter, a cache or a list that grows is no constant: what some function assigns or changes in place is left out.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

_GLOBAL, _FREE = {"LOAD_GLOBAL", "LOAD_NAME"}, {"LOAD_DEREF", "LOAD_CLASSDEREF"}
_ASSIGNED = {"STORE_GLOBAL", "DELETE_GLOBAL", "STORE_DEREF", "DELETE_DEREF"}
_GLOBALS = {"STORE_GLOBAL", "DELETE_GLOBAL"}
_GLOBAL_CODES = frozenset(dis.opmap[name] for name in _GLOBALS)
_ATTRIBUTE = {"STORE_ATTR", "DELETE_ATTR"}
_ATTRIBUTE_CODES = frozenset(dis.opmap[name] for name in _ATTRIBUTE)
_ELEMENT = {"STORE_SUBSCR", "DELETE_SUBSCR"}
_CHANGING = {
    "append",
    "extend",
    "insert",
    "add",
    "update",
    "setdefault",
    "pop",
    "popitem",
    "clear",
    "remove",
    "discard",
}


def codes(code: CodeType) -> Iterator[CodeType]:
    """This one and those of the functions that are defined inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def read_by(function: FunctionType) -> dict[str, Any]:
    """The values by name that the function looks up around it and does not assign."""
    found: dict[str, Any] = {}
    around, assigned = _closure(function), assigned_by(function)
    for code in codes(function.__code__):
        for instruction in dis.get_instructions(code):
            name = instruction.argval
            if instruction.opname in _GLOBAL and name in function.__globals__:
                found[name] = function.__globals__[name]
            elif instruction.opname in _FREE and name in around:
                found[name] = around[name]
    return {name: value for name, value in found.items() if name not in assigned}


def assigned_by(function: FunctionType) -> set[str]:
    """The names around it that the function assigns."""
    return {
        str(instruction.argval)
        for code in codes(function.__code__)
        for instruction in dis.get_instructions(code)
        if instruction.opname in _ASSIGNED
        and (instruction.opname.endswith("GLOBAL") or instruction.argval in code.co_freevars)
    }


def assigned_beside(function: FunctionType) -> set[str]:
    """The names of its module that other functions and methods there assign: state, and no constants."""
    return set().union(*(_globals(each.__code__) for each in _beside(function)))


def _beside(function: FunctionType) -> Iterator[FunctionType]:
    for value in list(function.__globals__.values()):
        if issubclass(type(value), FunctionType):
            yield value
        elif issubclass(type(value), type) and value.__module__ == function.__module__:
            yield from (each for each in list(vars(value).values()) if issubclass(type(each), FunctionType))


@lru_cache(maxsize=4096)
def _globals(code: CodeType) -> frozenset[str]:
    """The names of its module that the code, or that of a function inside it, assigns."""
    found: set[str] = set()
    for each in codes(code):
        if not _GLOBAL_CODES.isdisjoint(each.co_code[::2]):
            found |= {str(said.argval) for said in dis.get_instructions(each) if said.opname in _GLOBALS}
    return frozenset(found)


def changed_in_place_by(function: FunctionType) -> set[str]:
    """The names around it whose values the function changes: ``X.append(…)``, ``X[…] = …``, ``X[…] += …``."""
    return {name for code in codes(function.__code__) for name in _changed(list(dis.get_instructions(code)))}


def _changed(instructions: list[dis.Instruction]) -> Iterator[str]:
    for at, instruction in enumerate(instructions):
        if instruction.opname in {"LOAD_ATTR", "LOAD_METHOD"} and instruction.argval in _CHANGING:
            holder = instructions[at - 1] if at else None
        elif instruction.opname in _ELEMENT:
            augmented = at > 0 and instructions[at - 1].opname == "SWAP"
            holder = _first_of(instructions[:at], 3 if augmented else 2)
        else:
            continue
        if holder is not None and holder.opname in _GLOBAL | _FREE:
            yield str(holder.argval)


def _first_of(instructions: list[dis.Instruction], values: int) -> dis.Instruction | None:
    """The one with which the last so many values on the stack begin."""
    there = 0
    instruction: dis.Instruction
    for instruction in reversed(instructions):
        there += dis.stack_effect(instruction.opcode, instruction.arg, jump=False)
        if there >= values:
            return instruction
    return None


def attributes_assigned_by(function: FunctionType) -> set[str]:
    """The names of the attributes that the function assigns, whatever they belong to."""
    return set().union(*(_attributes(code) for code in codes(function.__code__)))


@lru_cache(maxsize=4096)  # classes of libraries have hundreds of methods
def _attributes(code: CodeType) -> frozenset[str]:
    if _ATTRIBUTE_CODES.isdisjoint(code.co_code[::2]):
        return frozenset()
    return frozenset(str(each.argval) for each in dis.get_instructions(code) if each.opname in _ATTRIBUTE)


def stored_by(function: FunctionType) -> set[str]:
    """The attributes to which the function assigns what it was given, and not what it makes: ``self.model = model``."""
    code, stored = function.__code__, set()
    given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    loaded: list[str] = []
    for instruction in dis.get_instructions(code):
        if instruction.opname.startswith("LOAD_FAST"):  # later Pythons load two at once
            loaded += instruction.argval if isinstance(instruction.argval, tuple) else (instruction.argval,)
            continue
        if instruction.opname == "STORE_ATTR" and len(loaded) > 1 and loaded[-2] in given:
            stored.add(str(instruction.argval))
        loaded = []
    return stored


def _closure(function: FunctionType) -> dict[str, Any]:
    around = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            around[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return around
