"""The engine: runs planned cells in the background of the process, and stops when told."""

import logging

from opik_resume.engine.cells.tracing import Tracing, Untraced
from opik_resume.engine.jobs import Callables, Job
from opik_resume.engine.loop import Run
from opik_resume.engine.running.listeners import Listener

__all__ = ["Callables", "Job", "Listener", "Run", "Tracing", "Untraced"]

# Without any handler, logging writes to stderr: from a thread, and in a notebook that is the output of some cell. What
# the engine logs is told to whoever waits for the run as well.
logging.getLogger(__name__).addHandler(logging.NullHandler())
