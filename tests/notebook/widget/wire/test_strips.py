"""A whole experiment as one line: in proportion, and no failure disappears."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from opik_resume.base.records import CellState
from opik_resume.notebook.widget.wire.strips import FEW, SLOTS, STACKED, STRETCHES, line, strip
from tests.notebook.helpers import decoded

FAILED, DONE = CellState.task_failed, CellState.completed
PLACES = np.argsort(STACKED)
MANY = st.lists(st.tuples(st.sampled_from(list(CellState)), st.integers(1, 200)), min_size=1, max_size=60)


def states_of(runs: list[tuple[CellState, int]], least: int = FEW + 1) -> np.ndarray:
    return np.resize(np.repeat([state for state, _ in runs], [length for _, length in runs]), least).astype(np.uint8)


def shares(states: np.ndarray) -> np.ndarray:
    return np.bincount(states, minlength=len(CellState)) / len(states)


def of(states: np.ndarray, state: CellState) -> float:
    return float((states == state).mean())


def test_few_cells_are_their_own_line() -> None:
    states = np.resize(np.arange(8, dtype=np.uint8), FEW)
    assert decoded(strip(states)).tolist() == states.tolist()
    assert strip(np.zeros(0, dtype=np.uint8)) == b""


def test_what_has_failed_takes_its_share_and_not_the_whole_line() -> None:
    """1.5 % failed, anywhere: the worst of each stretch was a failure, so the whole strip was orange."""
    states = np.where(np.random.default_rng(3).random(1_000_000) < 0.015, FAILED, DONE).astype(np.uint8)
    shown = line(states)
    assert abs(of(shown, FAILED) - 0.015) < 0.005
    assert of(shown, DONE) > 0.98


def test_one_failure_in_a_million_is_there_at_its_place() -> None:
    states = np.full(1_000_000, DONE, dtype=np.uint8)
    states[654_321] = FAILED
    (place,) = np.flatnonzero(line(states) == FAILED)
    assert place // SLOTS == 654_321 * STRETCHES // 1_000_000


@given(MANY, st.integers(FEW + 1, 5_000))
def test_each_stretch_shows_every_state_in_it_in_proportion(runs: list[tuple[CellState, int]], cells: int) -> None:
    states = states_of(runs, cells)
    shown = line(states)
    assert len(shown) == STRETCHES * SLOTS
    for part, bar in zip(np.array_split(states, STRETCHES), np.split(shown, STRETCHES), strict=True):
        there, seen = shares(part), shares(bar)
        assert ((there > 0) == (seen > 0)).all()
        assert abs(there - seen).max() <= len(CellState) / SLOTS
        assert (np.diff(PLACES[bar]) >= 0).all()


@given(MANY, st.integers(FEW + 1, 5_000))
def test_a_strip_is_small(runs: list[tuple[CellState, int]], cells: int) -> None:
    states = states_of(runs, cells)
    assert decoded(strip(states)).tolist() == line(states).tolist()
    assert len(strip(states)) <= 2 * STRETCHES * len(CellState)


def test_with_few_slots_every_state_still_has_one() -> None:
    states = np.resize(np.repeat(np.arange(8), [400, 1, 1, 1, 1, 1, 1, 1]), 24 * 407).astype(np.uint8)
    for bar in np.split(line(states, slots=15), STRETCHES):
        assert set(bar) == set(range(8))
