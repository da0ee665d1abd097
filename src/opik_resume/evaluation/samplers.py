"""Opik's path to our samplers."""

from opik_resume.samplers import BaseDatasetSampler, DatasetItem, RandomDatasetSampler

__all__ = ["BaseDatasetSampler", "DatasetItem", "RandomDatasetSampler"]
