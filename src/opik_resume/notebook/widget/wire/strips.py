"""A whole experiment as one short line: a bar of its states, in item order, that shows how many there are of each.

Few cells are their own line. Many are cut into stretches, and each stretch is a stacked bar: its slots are shared among
its states in proportion, and every state that occurs in it has one at least, so that no failure disappears.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from opik_resume.base.records import CellState
from opik_resume.base.states import WORST_FIRST
from opik_resume.experiment.grid import Bytes
from opik_resume.notebook.widget.wire.runs import coded

FEW = 240
STRETCHES = 12
"""Few enough that one failure in each is far from filling the line."""
SLOTS = 500
# As the legend names them: what is done comes first, and what was never run leads over to the next stretch's.
STACKED = (CellState.completed, *WORST_FIRST[:-1])
Counts = npt.NDArray[np.int64]


def strip(states: Bytes) -> bytes:
    """The line of a row of the list, run-length coded."""
    return coded(line(states))


def line(states: Bytes, *, few: int = FEW, stretches: int = STRETCHES, slots: int = SLOTS) -> Bytes:
    """The line: the state bytes themselves of at most ``few`` cells, else ``slots`` bytes a stretch."""
    plain: Bytes = states & np.uint8(0x0F)
    return plain if len(states) <= few else stacked(counts(plain, stretches), slots)


def counts(states: Bytes, stretches: int = STRETCHES) -> Counts:
    """How many cells of each stretch are in each state: one row a stretch, one column a state."""
    parts = np.array_split(states, stretches)
    return np.array([np.bincount(part, minlength=len(CellState)) for part in parts], dtype=np.int64)


def stacked(counts: Counts, slots: int = SLOTS) -> Bytes:
    """Share the slots of each stretch among its states. What rounding leaves over is the commonest state's."""
    ordered = counts[:, list(STACKED)]
    shares = np.maximum(ordered * slots // ordered.sum(axis=1, keepdims=True), ordered > 0)
    commonest = ordered.argmax(axis=1)
    shares[np.arange(len(shares)), commonest] += slots - shares.sum(axis=1)
    return np.repeat(np.tile(np.array(STACKED, dtype=np.uint8), len(shares)), shares.ravel())
