"""Datasets with immutable versions, and Opik's filter language over their items."""

from typing import TYPE_CHECKING

from opik_resume.base.lazy import loader

if TYPE_CHECKING:
    from opik_resume.datasets.dataset import Dataset, DatasetVersion, create_dataset, get_dataset, get_or_create_dataset

__all__ = ["Dataset", "DatasetVersion", "create_dataset", "get_dataset", "get_or_create_dataset"]

__getattr__ = loader(__name__, dict.fromkeys(__all__, "dataset"))
