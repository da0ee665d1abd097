"""After each cell: tell the views when what they could call has changed, so that they offer what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opik_resume.notebook.background.desk import Desk, desk
from opik_resume.notebook.namespace import candidates
from opik_resume.notebook.namespace.candidates import Namespace

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class Notice:
    """Remembers the tasks and metrics that the namespace had after the last cell."""

    def __init__(self, shell: InteractiveShell, desk: Desk = desk) -> None:
        self._shell = shell
        self._desk = desk
        self._seen = _callables(shell.user_ns)

    def after_cell(self, _result: object = None) -> None:
        """An IPython ``post_run_cell`` callback."""
        if not self._desk.watching:
            return
        now = _callables(self._shell.user_ns)
        # By identity: a cell that is run again makes new functions of the same names.
        if now.keys() != self._seen.keys() or any(now[name] is not self._seen[name] for name in now):
            self._seen = now
            self._desk.announce()


_noticing: dict[int, Notice] = {}


def notice_cells() -> None:
    """From now on, in the running IPython session if there is one."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None and id(shell) not in _noticing:
        _noticing[id(shell)] = Notice(shell)
        shell.events.register("post_run_cell", _noticing[id(shell)].after_cell)


def _callables(namespace: Namespace) -> dict[str, Any]:
    namespace = dict(namespace)
    return {**candidates.tasks(namespace), **candidates.metrics(namespace)}
