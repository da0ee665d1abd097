"""Metrics that compare texts, named and argued as Opik's own heuristics."""

from __future__ import annotations

from typing import Any

from opik_resume.metrics.base import BaseMetric
from opik_resume.records import ScoreResult


class Equals(BaseMetric):
    """1.0 when the output equals the reference, both taken as text, else 0.0.

    Args:
        case_sensitive: whether upper and lower case differ.
        name, track, project_name: see :class:`BaseMetric`.
    """

    def __init__(
        self,
        case_sensitive: bool = False,
        name: str = "equals_metric",
        track: bool = True,
        project_name: str | None = None,
    ) -> None:
        super().__init__(name=name, track=track, project_name=project_name)
        self._case_sensitive = case_sensitive

    def score(self, output: Any, reference: Any, **ignored_kwargs: Any) -> ScoreResult:
        """Compare ``output`` with ``reference``. Raises ValueError when one of them is None."""
        if output is None or reference is None:
            raise ValueError(f"{self.name}: output and reference must not be None, got {output!r} and {reference!r}")
        left, right = (_cased(str(text), self._case_sensitive) for text in (output, reference))
        return ScoreResult(self.name, float(left == right))


class Contains(BaseMetric):
    """1.0 when the output contains the reference, else 0.0.

    Args:
        case_sensitive: whether upper and lower case differ.
        reference: used when ``score()`` is given none.
        name, track, project_name: see :class:`BaseMetric`.
    """

    def __init__(
        self,
        case_sensitive: bool = False,
        reference: str | None = None,
        name: str = "contains_metric",
        track: bool = True,
        project_name: str | None = None,
    ) -> None:
        super().__init__(name=name, track=track, project_name=project_name)
        self._case_sensitive = case_sensitive
        self._reference = reference

    def score(self, output: str, reference: str | None = None, **ignored_kwargs: Any) -> ScoreResult:
        """Look for ``reference`` in ``output``. Raises ValueError unless both are strings, the reference not empty."""
        wanted = reference if reference is not None else self._reference
        if not isinstance(wanted, str) or not wanted:
            raise ValueError(f"{self.name}: reference must be a non-empty string, got {wanted!r}")
        if not isinstance(output, str):
            raise ValueError(f"{self.name}: output must be a string, got {type(output).__name__}")
        found = _cased(wanted, self._case_sensitive) in _cased(output, self._case_sensitive)
        return ScoreResult(self.name, float(found))


def _cased(text: str, case_sensitive: bool) -> str:
    return text if case_sensitive else text.lower()
