"""How a run is shown: what was asked for, else what can be seen where this process runs. Pure."""

from __future__ import annotations

from typing import Literal, get_args

from opik_resume.base.process.hosts import Place

Kind = Literal["grid", "bar", "lines"]
Display = Literal["auto", "grid", "bar", "lines"]
DISPLAYS: tuple[str, ...] = get_args(Display)


def chosen(display: Display | None, verbose: int, place: Place) -> Kind | None:
    """How to show a run; None: not at all.

    A bar draws its line again and again, which only a terminal shows as one line. The grid is for those who look at it:
    where a notebook is only executed, its output would be a picture of the beginning.
    """
    if verbose <= 0 or display is None:
        return None
    if display != "auto":
        return display
    if place.kernel:
        return "grid" if place.watched else "lines"
    return "bar" if place.terminal else "lines"
