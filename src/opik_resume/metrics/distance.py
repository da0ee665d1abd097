"""Metrics that say how far two things are apart, named and argued as Opik's own heuristics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opik_resume.base.records import ScoreResult
from opik_resume.exceptions import MetricComputationError
from opik_resume.metrics.base import BaseMetric
from opik_resume.metrics.text import cased, text_of


class LevenshteinRatio(BaseMetric):
    """How alike two texts are, from 0.0 to 1.0, when characters are inserted and deleted, not replaced.

    It is Opik's measure by this name: 1 − (insertions + deletions) / (sum of both lengths), by ``rapidfuzz`` as there.

    Args:
        case_sensitive: whether upper and lower case differ.
        name, track, project_name: see :class:`BaseMetric`.
    """

    def __init__(
        self,
        case_sensitive: bool = False,
        name: str = "levenshtein_ratio_metric",
        track: bool = True,
        project_name: str | None = None,
    ) -> None:
        # Here, not on the first score: without it, the task would be paid for and every score missing.
        try:
            from rapidfuzz.distance import Indel
        except ImportError as error:
            raise ImportError("LevenshteinRatio needs the package rapidfuzz: pip install rapidfuzz") from error
        super().__init__(name=name, track=track, project_name=project_name)
        self._case_sensitive = case_sensitive
        self._similarity = Indel.normalized_similarity

    def score(self, output: str, reference: str, **ignored_kwargs: Any) -> ScoreResult:
        """Compare ``output`` with ``reference``. Raises MetricComputationError unless both are strings."""
        left = cased(text_of(self, "output", output), self._case_sensitive)
        right = cased(text_of(self, "reference", reference), self._case_sensitive)
        return ScoreResult(self.name, self._similarity(left, right))


class SpearmanRanking(BaseMetric):
    """How alike two rankings of the same things are: 1.0 the same order, 0.0 the reverse.

    The value is Spearman's rho brought from −1 … 1 to 0 … 1; ``metadata["rho"]`` is rho itself.

    Args:
        name, track, project_name: see :class:`BaseMetric`.
    """

    def __init__(
        self, name: str = "spearman_ranking_metric", track: bool = True, project_name: str | None = None
    ) -> None:
        super().__init__(name=name, track=track, project_name=project_name)

    def score(self, output: Sequence[Any], reference: Sequence[Any], **ignored_kwargs: Any) -> ScoreResult:
        """Compare two rankings, best first.

        Raises:
            MetricComputationError: they are empty, rank something twice, or do not rank the same things.
            TypeError: they are no sequences of hashable things.
        """
        rho = self._rho(output, reference)
        value = (rho + 1) / 2
        reason = f"Spearman correlation (normalized): {value:.4f}"
        return ScoreResult(self.name, value, reason=reason, metadata={"rho": rho})

    def _rho(self, output: Sequence[Any], reference: Sequence[Any]) -> float:
        count = len(output)
        ranks = {thing: rank for rank, thing in enumerate(reference)}
        if count == 0 or len(reference) != count or len(ranks) != count or ranks.keys() != set(output):
            raise MetricComputationError(
                f"{self.name}: output and reference must rank the same things, each once, and at least one; "
                f"they rank {count} and {len(reference)}"
            )
        if count == 1:
            return 1.0
        squares = sum((rank - ranks[thing]) ** 2 for rank, thing in enumerate(output))
        return 1 - (6 * squares) / (count * (count * count - 1))
