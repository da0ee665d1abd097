"""Opik's path to a type of ours."""

from opik_resume.experiment.results.test_results import TestResult

__all__ = ["TestResult"]
