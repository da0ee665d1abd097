"""Which attempt fills a cell: examples for each clause of the rule, and properties over random histories."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume.base.records import Attempt, CellKey, CellState, ErrorInfo
from opik_resume.experiment.grid import Grid, state_of
from tests.builders import attempt, complete, failed, failed_score
from tests.experiment.plain import Placement, PlainGrid


def place(attempts: list[Attempt], expected: int) -> Placement:
    """Where the attempts of one item go."""
    grid = Grid({"item": expected}, attempts)
    return Placement(tuple(grid.attempts), tuple(grid.history), tuple(grid.surplus))


def test_the_first_complete_attempt_of_a_cell_wins_for_ever() -> None:
    first, second = complete(trial=1), complete(trial=1)
    placement = place([second, first], expected=2)
    assert placement.slots == (None, first)
    assert placement.surplus == (second,)


def test_a_later_failure_does_not_undo_a_complete_attempt() -> None:
    done, later = complete(trial=0), failed(trial=0)
    assert place([done, later], expected=1).slots == (done,)


def test_foreign_complete_attempts_take_the_lowest_trials_without_a_complete_one() -> None:
    ours, foreign = complete(trial=0), [complete(trial=None) for _ in range(2)]
    assert place([*foreign, ours], expected=3).slots == (ours, *foreign)


def test_foreign_complete_attempts_go_before_our_incomplete_one() -> None:
    broken, foreign = failed(trial=0), complete(trial=None)
    placement = place([broken, foreign], expected=1)
    assert placement.slots == (foreign,)
    assert placement.history == (broken,)


def test_a_trial_without_a_complete_attempt_shows_our_newest_one() -> None:
    older, newer = failed(trial=0), failed(trial=0)
    assert place([newer, older], expected=1).slots == (newer,)


def test_foreign_incomplete_attempts_fill_the_trials_left_newest_first() -> None:
    older, newer, ours = failed(trial=None), failed(trial=None), failed(trial=1)
    assert place([older, newer, ours], expected=3).slots == (newer, ours, older)


def test_more_complete_attempts_than_trials_are_surplus() -> None:
    foreign = [complete(trial=None) for _ in range(3)]
    placement = place(foreign, expected=1)
    assert placement.slots == (foreign[0],)
    assert placement.surplus == tuple(foreign[1:])


def test_a_trial_outside_the_expected_ones_fills_no_cell() -> None:
    assert place([complete(trial=7), complete(trial=-1)], expected=2).slots == (None, None)


@pytest.mark.parametrize(
    ("made", "state"),
    [
        (complete(), CellState.completed),
        (complete(scores=(failed_score(),)), CellState.scores_missing),
        (failed(), CellState.task_failed),
        (failed(returned=True, task_output={}), CellState.scoring_failed),
        (attempt(), CellState.interrupted),
        (failed(error=ErrorInfo("KeyboardInterrupt", "", "")), CellState.interrupted),
    ],
)
def test_states(made: Attempt, state: CellState) -> None:
    assert state_of(made) is state


histories = st.lists(
    st.builds(
        lambda kind, item, trial: kind(item, trial),
        st.sampled_from([complete, failed, attempt]),
        st.sampled_from(["a", "b", "c", "gone"]),
        st.one_of(st.none(), st.integers(0, 4)),
    ),
    max_size=30,
)
runs = st.fixed_dictionaries({item: st.integers(1, 4) for item in "abc"})


@given(runs, histories)
def test_properties_of_every_history(expected: dict[str, int], history: list[Attempt]) -> None:
    grid = Grid(expected, history)
    placed = [a for a in grid.attempts if a is not None]
    everywhere = [a.id for a in (*placed, *grid.history, *grid.surplus)]
    assert sorted(everywhere) == sorted(a.id for a in history), "no attempt is lost, none is shown twice"
    assert not any(a.complete for a in grid.history)
    for key, filled in zip(grid.keys(), grid.attempts, strict=True):
        _check_cell(key, filled, [a for a in history if a.item_id == key.item_id])
    for item, count in expected.items():
        complete_there = [a for a in history if a.item_id == item and a.complete and _fits(a, count)]
        done = sum(
            a is not None and a.complete for k, a in zip(grid.keys(), grid.attempts, strict=True) if k[0] == item
        )
        stated = {a.trial for a in complete_there if a.trial is not None}
        foreign = sum(a.trial is None for a in complete_there)
        assert done == min(count, len(stated) + foreign), "a complete attempt is wasted only when no cell is left"


def _fits(made: Attempt, count: int) -> bool:
    return made.trial is None or made.trial < count


def _check_cell(key: CellKey, filled: Attempt | None, history: list[Attempt]) -> None:
    ours = sorted((a for a in history if a.trial == key.trial), key=lambda a: a.id)
    if (first := next((a for a in ours if a.complete), None)) is not None:
        assert filled is first, "(a) our first complete attempt of a cell wins"
    elif filled is not None and not filled.complete and ours:
        assert filled is ours[-1], "(c) else our newest one"
    if filled is not None:
        assert filled.trial in (None, key.trial)


@given(runs, histories)
def test_it_is_the_plain_form_in_columns(expected: dict[str, int], history: list[Attempt]) -> None:
    assert_same(Grid(expected, history), PlainGrid(expected, history))


@given(runs, histories, st.lists(histories, max_size=3), st.data())
def test_attempts_that_come_later_are_as_if_they_had_been_there(
    expected: dict[str, int], history: list[Attempt], later: list[list[Attempt]], data: st.DataObject
) -> None:
    grid, known = Grid(expected, history), {a.id: a for a in history}
    for some in later:
        again = data.draw(st.lists(st.sampled_from(list(known.values())), max_size=3)) if known else []
        fresh = [*some, *(replace(a, complete=True, returned=True, error=None) for a in again)]
        known.update((a.id, a) for a in fresh)
        grid = grid.with_attempts(fresh)
    assert_same(grid, PlainGrid(expected, known.values()))


def assert_same(grid: Grid, plain: PlainGrid) -> None:
    assert list(grid.attempts) == plain.attempts
    assert sorted(grid.history, key=by_id) == sorted(plain.history, key=by_id)
    assert sorted(grid.surplus, key=by_id) == sorted(plain.surplus, key=by_id)
    assert grid.states.tolist() == plain.states.tolist()
    assert (grid.done, grid.failed, grid.counts()) == (plain.done, plain.failed, plain.counts())
    for cell, key in enumerate(plain.keys()):
        superseded = [a for a in (*plain.history, *plain.surplus) if (a.item_id, a.trial) == key]
        tries = grid.tries(cell)
        assert len(tries) == len(superseded) + (plain.attempts[cell] is not None)
        assert [each.id for each in tries] == sorted((each.id for each in tries), reverse=True)


def by_id(made: Attempt) -> str:
    return made.id


@given(runs, histories, st.randoms(use_true_random=False))
def test_the_order_in_which_attempts_are_read_does_not_matter(
    expected: dict[str, int], history: list[Attempt], random: Random
) -> None:
    shuffled = list(history)
    random.shuffle(shuffled)
    assert Grid(expected, shuffled).attempts == Grid(expected, history).attempts


@given(runs, histories, histories)
def test_later_attempts_never_undo_a_complete_cell_of_ours(
    expected: dict[str, int], history: list[Attempt], later: list[Attempt]
) -> None:
    fresh = [attempt(a.item_id, a.trial, complete=a.complete, returned=a.complete) for a in later]
    before, after = Grid(expected, history), Grid(expected, [*history, *fresh])
    for cell, filled in enumerate(before.attempts):
        if filled is not None and filled.complete and filled.trial is not None:
            assert after.attempts[cell] is filled
    assert after.done >= before.done


@given(runs)
def test_cell_numbers_and_keys_are_each_others_inverse(expected: dict[str, int]) -> None:
    grid = Grid(expected, ())
    assert [grid.key(cell) for cell in range(len(grid))] == list(grid.keys())
    assert [grid.index(key) for key in grid.keys()] == list(range(len(grid)))  # noqa: SIM118, it is not a dict


def test_cells_outside_the_grid_are_refused() -> None:
    grid = Grid({"a": 2}, ())
    for cell in (-1, 2):
        with pytest.raises(IndexError):
            grid.key(cell)
    for key in (CellKey("a", 2), CellKey("a", -1), CellKey("b", 0)):
        with pytest.raises(KeyError):
            grid.index(key)


def test_counts_and_totals() -> None:
    history = [complete("a", 0), complete("a", 1, scores=(failed_score(),)), failed("b", 0), complete("elsewhere", 0)]
    grid = Grid({"a": 2, "b": 2}, history)
    assert (grid.done, grid.failed, len(grid), grid.complete) == (2, 1, 4, False)
    assert grid.counts()[CellState.scores_missing] == 1
    assert grid.counts()[CellState.never_run] == 1
    assert [a.item_id for a in grid.surplus] == ["elsewhere"]


def test_an_empty_grid_is_complete() -> None:
    assert Grid({}, ()).complete
