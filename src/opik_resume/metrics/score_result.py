"""Opik's path to a class of ours."""

from opik_resume.base.records import ScoreResult

__all__ = ["ScoreResult"]
