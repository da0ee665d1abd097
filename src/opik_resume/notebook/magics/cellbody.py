"""The body of ``%%opik_resume``: run it like a cell, and see what it defined."""

# IPython's compiler has no annotations.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_NOTHING = object()


def run_body(shell: InteractiveShell, source: str) -> dict[str, Any]:
    """Run the body in the user's namespace; returns the variables that it set.

    Not with ``run_cell``, which shows an exception and goes on: what the body raises has to end the cell.
    """
    __tracebackhide__ = True  # IPython leaves our frames out of what it shows
    before = dict(shell.user_ns)
    text = shell.transform_cell(source)
    name = shell.compile.cache(text, shell.execution_count, raw_code=source)  # so that tracebacks show its lines
    tree = shell.transform_ast(shell.compile.ast_parse(text, filename=name))
    exec(shell.compile(tree, name, "exec"), shell.user_ns)  # noqa: S102  # it is the user's cell
    return {key: value for key, value in shell.user_ns.items() if before.get(key, _NOTHING) is not value}
