"""Opik's path to types of ours."""

from opik_resume.experiment.results import (
    DatasetItemResults,
    EvaluationResult,
    EvaluationResultAggregatedScoresView,
    EvaluationResultGroupByDatasetItemsView,
    EvaluationResultOnDictItems,
)

__all__ = [
    "DatasetItemResults",
    "EvaluationResult",
    "EvaluationResultAggregatedScoresView",
    "EvaluationResultGroupByDatasetItemsView",
    "EvaluationResultOnDictItems",
]
