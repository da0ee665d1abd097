"""Datasets with immutable versions, and Opik's filter language over their items."""

from typing import TYPE_CHECKING

from opik_resume.base.lazy import loader

if TYPE_CHECKING:
    from opik_resume.datasets.dataset import Dataset
    from opik_resume.datasets.opening import create_dataset, delete_dataset, get_dataset, get_or_create_dataset
    from opik_resume.datasets.version import DatasetVersion

__all__ = [
    "Dataset",
    "DatasetVersion",
    "create_dataset",
    "delete_dataset",
    "get_dataset",
    "get_or_create_dataset",
]

_HOMES = dict.fromkeys(__all__, "opening") | {"Dataset": "dataset", "DatasetVersion": "version"}

__getattr__ = loader(__name__, _HOMES)
