"""Opik's path to types of ours."""

from opik_resume.experiment.results.evaluation_result import (
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
