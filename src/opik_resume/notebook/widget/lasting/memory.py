"""What a view asks to be remembered, so that it finds it again after a reload of the page: small, and of a fixed form."""

from __future__ import annotations

import math

from opik_resume.base.records import Json
from opik_resume.notebook.widget.requests import RequestRefused, number, text

LONGEST = 10_000  # characters of a text in it: some call a metric by its whole instructions
CLOSEST = 1e6  # zoom


def remembered(params: Json) -> Json:
    """As ``memory`` of ``docs/protocol.md``. Raises RequestRefused for anything else; what else is in it is left out."""
    return {
        "experiment": _short(params, "experiment"),
        "cell": None if params.get("cell") is None else number(params, "cell"),
        "tab": None if params.get("tab") is None else _short(params, "tab"),
        "colour": _short(params, "colour"),
        "sort": _short(params, "sort"),
        "zoom": _zoom(params.get("zoom")),
    }


def _short(params: Json, name: str) -> str:
    value = text(params, name)
    if len(value) > LONGEST:
        raise RequestRefused(f"{name} must have at most {LONGEST} characters.")
    return value


def _zoom(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise RequestRefused("zoom must be a number.")
    return min(max(1.0, float(value)), CLOSEST)
