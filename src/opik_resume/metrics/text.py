"""Metrics that look at a text or compare two, named and argued as Opik's own heuristics."""

from __future__ import annotations

import json
import re
from typing import Any

from opik_resume.base.records import ScoreResult
from opik_resume.exceptions import ArgumentError, MetricComputationError
from opik_resume.metrics.base import BaseMetric


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
        """Compare ``output`` with ``reference``. Raises MetricComputationError when one of them is None."""
        if output is None or reference is None:
            raise MetricComputationError(
                f"{self.name}: output and reference must not be None, got {output!r:.100} and {reference!r:.100}"
            )
        left, right = (cased(str(text), self._case_sensitive) for text in (output, reference))
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
        """Look for ``reference`` in ``output``.

        Raises:
            ValueError: the reference is not a string, or empty.
            MetricComputationError: the output is not a string.
        """
        wanted = reference if reference is not None else self._reference
        if not isinstance(wanted, str) or not wanted:
            raise ValueError(f"{self.name}: reference must be a non-empty string, got {wanted!r:.100}")
        found = cased(wanted, self._case_sensitive) in cased(text_of(self, "output", output), self._case_sensitive)
        return ScoreResult(self.name, float(found))


class RegexMatch(BaseMetric):
    """1.0 when the regular expression is found anywhere in the output, else 0.0.

    Args:
        regex: the expression, or one that is compiled already (anything with ``search``). ``^`` and ``$`` anchor it.
        name, track, project_name: see :class:`BaseMetric`.

    Raises:
        ArgumentError: ``regex`` is no regular expression.
    """

    def __init__(
        self,
        regex: str | re.Pattern[str],
        name: str = "regex_match_metric",
        track: bool = True,
        project_name: str | None = None,
    ) -> None:
        super().__init__(name=name, track=track, project_name=project_name)
        self._pattern = _compiled(regex)

    def score(self, output: str, **ignored_kwargs: Any) -> ScoreResult:
        """Search ``output``. Raises MetricComputationError when it is not a string."""
        found = self._pattern.search(text_of(self, "output", output))
        return ScoreResult(self.name, float(found is not None))


class IsJson(BaseMetric):
    """1.0 when the output is text that strict JSON allows (no NaN, no Infinity), else 0.0, whatever it is instead.

    Args:
        name, track, project_name: see :class:`BaseMetric`.
    """

    def __init__(self, name: str = "is_json_metric", track: bool = True, project_name: str | None = None) -> None:
        super().__init__(name=name, track=track, project_name=project_name)

    def score(self, output: str, **ignored_kwargs: Any) -> ScoreResult:
        """Read ``output``. Raises nothing: what is no text, or nested too deeply to be read, is no JSON."""
        try:
            json.loads(output, parse_constant=_refuse)
        except Exception:
            return ScoreResult(self.name, 0.0)
        return ScoreResult(self.name, 1.0)


def cased(text: str, case_sensitive: bool) -> str:
    """The text as it is compared."""
    return text if case_sensitive else text.lower()


def text_of(metric: BaseMetric, argument: str, value: Any) -> str:
    """The value, which must be a string. Raises MetricComputationError."""
    if not isinstance(value, str):
        raise MetricComputationError(f"{metric.name}: {argument} must be a string, got {type(value).__name__}")
    return value


def _compiled(regex: Any) -> re.Pattern[str]:
    if callable(getattr(regex, "search", None)):
        return regex  # type: ignore[no-any-return]
    try:
        return re.compile(regex)
    except (re.error, TypeError) as error:
        raise ArgumentError(f"regex must be a regular expression, got {regex!r:.100}: {error}") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
