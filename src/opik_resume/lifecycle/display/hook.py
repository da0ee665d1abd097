"""The one place where a display from above is plugged in: the live grid. Empty until ``opik_resume`` itself fills it.

No floor below the notebook knows widgets. The package, which stands above all floors, hands in what loads them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opik_resume.engine import Run
    from opik_resume.experiment.planning.plan import ResumePlan
    from opik_resume.experiment.reading import Reading
    from opik_resume.stores.protocol import Store

    Grid = Callable[[Run, ResumePlan, Reading, Store], Callable[[], None]]
    """Shows a run that is ready, before it starts, in the context of whoever called the door. Raises if it cannot.

    Returns what is to be called at the end, when nobody waits for it any more.
    """

_grid: Grid | None = None


def fill(grid: Grid | None) -> None:
    """This shows live grids from now on; None: nobody does."""
    global _grid
    _grid = grid


def grid() -> Grid | None:
    """What shows live grids, if there is such a thing."""
    return _grid
