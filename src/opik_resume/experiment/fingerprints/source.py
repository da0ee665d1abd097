"""The source of a function: the text that a person wrote, and the same without comments, docstrings and layout."""

from __future__ import annotations

import ast
import linecache
import sys
import sysconfig
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import NamedTuple

from opik_resume.experiment.fingerprints.fingerprint import BYTECODE
from opik_resume.experiment.fingerprints.values import as_text

_Code = tuple[str, int, bytes]
_Node = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_OURS = Path(__file__).parents[2]
_LIBRARIES = tuple(
    {str(Path(sysconfig.get_paths()[name]).resolve()) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {str(_OURS.resolve())}
)
_LONGEST = 2_000_000  # characters of a file that is read


class Source(NamedTuple):
    """``label``: what kind of text it is; ``text``: to be shown; ``compared``: what stays the same when nothing is changed."""

    label: str
    text: str
    compared: str


def source_of(function: FunctionType) -> Source:
    """The source, or what Python made of it when it cannot be read: typed at a prompt, built by ``exec``, edited since."""
    code = function.__code__
    written = "".join(_lines(code.co_filename, function))
    found = _found(written, code) if written else None
    if found is None:
        return Source(f"{BYTECODE} (Python {sys.version_info[0]}.{sys.version_info[1]})", "", _bytecode(code))
    return Source("source", ast.get_source_segment(written, found, padded=True) or "", ast.unparse(_plain(found)))


def is_of_a_library(code: CodeType) -> bool:
    """Whether it was installed and not written by the user."""
    return _is_of_a_library(code.co_filename)


def is_class_of_a_library(kind: type) -> bool:
    """Whether it is one of Python's own, or was installed."""
    if kind.__module__.partition(".")[0] in sys.stdlib_module_names:
        return True
    filename = getattr(sys.modules.get(kind.__module__), "__file__", None)  # none of a notebook's
    return filename is not None and _is_of_a_library(filename)


@lru_cache(maxsize=1024)
def _is_of_a_library(filename: str) -> bool:
    return filename.startswith("<frozen") or str(Path(filename).resolve()).startswith(_LIBRARIES)


def _lines(filename: str, function: FunctionType) -> list[str]:
    """As they were when it was imported, if that is known."""
    return linecache.getlines(filename, function.__globals__)


def _found(written: str, code: CodeType) -> _Node | None:
    """The definition that became this code: of several on one line, the one with the same instructions."""
    nodes, codes = _parsed(written, code.co_filename)
    there = nodes.get((code.co_name, code.co_firstlineno), [])
    if there and _what(code) not in codes and _what(code) not in _one_by_one(written, code.co_filename):
        return None  # the file was edited since
    if len(there) > 1:
        there = [node for node in there if _begins_at(node, code)]
    return there[0] if len(there) == 1 else None


@lru_cache(maxsize=16)
def _parsed(written: str, filename: str) -> tuple[dict[tuple[str, int], list[_Node]], frozenset[_Code]]:
    """The definitions of a file by name and first line, and what Python makes of them."""
    if len(written) > _LONGEST:
        return {}, frozenset()
    try:
        tree = ast.parse(written)
        compiled = compile(written, filename, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}, frozenset()
    nodes: dict[tuple[str, int], list[_Node]] = {}
    for node in ast.walk(tree):
        if isinstance(node, _Node):
            nodes.setdefault((getattr(node, "name", "<lambda>"), _first_line(node)), []).append(node)
    return nodes, frozenset(map(_what, _codes(compiled)))


@lru_cache(maxsize=16)
def _one_by_one(written: str, filename: str) -> frozenset[_Code]:
    """What Python makes of each statement alone, as a notebook compiles a cell: it does not know then what is imported."""
    made = (
        compile(ast.Module([each], []), filename, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        for each in ast.parse(written).body
    )
    return frozenset(_what(code) for each in made for code in _codes(each))


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _what(code: CodeType) -> _Code:
    return code.co_name, code.co_firstlineno, code.co_code


def _first_line(node: _Node) -> int:
    decorators = [] if isinstance(node, ast.Lambda) else [decorator.lineno for decorator in node.decorator_list]
    return min([node.lineno, *decorators])


def _begins_at(node: _Node, code: CodeType) -> bool:
    """Whether the body of this lambda is where the code says that its instructions stand."""
    if not isinstance(node, ast.Lambda):
        return False
    body = node.body
    where = {(line, column) for line, _, column, _ in code.co_positions() if column is not None}
    inside = {(line, column) for line, column in where if line is not None and _within(body, line, column)}
    return bool(inside) and len(inside) >= len(where) - 1


def _within(body: ast.expr, line: int, column: int) -> bool:
    ends = (body.end_lineno or body.lineno, body.end_col_offset or body.col_offset)
    return (body.lineno, body.col_offset) <= (line, column) < ends


def _plain(node: _Node) -> ast.AST:
    """Without docstrings: what is said of it does not change what it does."""
    plain = ast.parse(ast.unparse(node)).body[0]
    for each in ast.walk(plain):
        if (
            isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            and ast.get_docstring(each, clean=False) is not None
        ):
            each.body = each.body[1:] or [ast.Pass()]
    return plain


def _bytecode(code: CodeType) -> str:
    constants = [_bytecode(each) if isinstance(each, CodeType) else as_text(each) for each in code.co_consts]
    return repr((code.co_code.hex(), constants, code.co_names, code.co_varnames, code.co_freevars))
