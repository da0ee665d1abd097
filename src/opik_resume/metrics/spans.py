"""Metrics that look at the span of the task: what such a span is, only the ``opik`` package knows."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from opik_resume.exceptions import ArgumentError
from opik_resume.metrics.arguments import SPAN, wants_span
from opik_resume.metrics.base import Metric, name_of

_PACKAGE = "opik"


def require_package(where: str, metric: Metric) -> None:
    """Raise ArgumentError when it looks at the task's span and the package that makes those is not installed."""
    if wants_span(metric) and not _installed():
        raise ArgumentError(
            f"{where}: {name_of(metric)} asks for {SPAN}, which the {_PACKAGE} package makes, and it is not installed: "
            f"pip install {_PACKAGE}, or leave this one out"
        )


def _installed() -> bool:
    if _PACKAGE in sys.modules:
        return sys.modules[_PACKAGE] is not None
    return find_spec(_PACKAGE) is not None
