"""The engine: runs planned cells in the background of the process, and stops when told."""

from opik_resume.engine.loop import Callables, Job, Listener, Run

__all__ = ["Callables", "Job", "Listener", "Run"]
