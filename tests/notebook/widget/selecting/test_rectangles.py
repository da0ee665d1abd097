"""Selected runs: rectangles on the wire, cells of the grid, and the trait that browser and Python share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume import evaluate
from opik_resume.exceptions import ArgumentError
from opik_resume.experiment.grid import Grid
from opik_resume.metrics import Equals
from opik_resume.notebook.widget.looking import sight
from opik_resume.notebook.widget.looking.planes import Planes
from opik_resume.notebook.widget.selecting.rectangles import cells_of, checked, rectangles_of
from opik_resume.stores.protocol import Store
from tests.builders import numbers
from tests.notebook.helpers import View, evaluated

Views = Callable[..., View]


def grid_of(*runs: int) -> Grid:
    return Grid({f"item-{n}": each for n, each in enumerate(runs)}, [])


@given(st.lists(st.integers(0, 4), max_size=8).flatmap(lambda runs: st.tuples(
    st.just(runs), st.sets(st.integers(0, max(0, sum(runs) - 1)), max_size=sum(runs)))))  # fmt: skip
def test_cells_come_back_from_their_rectangles(made: tuple[list[int], set[int]]) -> None:
    runs, cells = made
    grid = grid_of(*runs)
    rectangles = rectangles_of(sorted(cells), grid)
    assert cells_of(checked(rectangles, grid), grid).tolist() == sorted(cells)


def test_neighbours_are_one_rectangle_also_where_items_have_fewer_trials() -> None:
    assert rectangles_of(range(12), grid_of(3, 3, 3, 3)) == [(0, 4, 0, 3)]
    assert rectangles_of(range(6), grid_of(3, 1, 2)) == [(0, 3, 0, 3)]
    assert rectangles_of([1, 4, 7], grid_of(3, 3, 3)) == [(0, 3, 1, 2)]
    assert rectangles_of([0, 2, 3, 5], grid_of(3, 3, 3)) == [(0, 2, 0, 1), (0, 2, 2, 3)]
    assert rectangles_of([], grid_of(3)) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("all", "must be a list of rectangles, got str"),
        ([3], r"selection\[0\] must be four whole numbers"),
        ([[0, 1, 0, 1], [0, 1, 0]], r"selection\[1\] must be four whole numbers"),
        ([[0, 1.5, 0, 1]], "must be four whole numbers"),
        ([[0, True, 0, 1]], "must be four whole numbers"),
        ([[0, 5, 0, 1]], "items 0 to 3 and trials 0 to 1"),
        ([[-1, 2, 0, 1]], "items 0 to 3"),
        ([[2, 2, 0, 1]], "ends are not included"),
        ([[0, 1, 0, 3]], "trials 0 to 1"),
        ([[0, 1, 0, 1]] * 50_001, "at most 50,000 rectangles"),
    ],
)
def test_what_is_no_selection_is_refused_and_changes_nothing(store: Store, view: Views, value: Any, said: str) -> None:
    experiment_id = evaluated(store, items=4, trials=2)
    shown = view()
    shown.told("open", experiment=experiment_id)
    shown.widget.rectangles = [(0, 1, 0, 1)]
    with pytest.raises(ArgumentError, match=said):
        shown.widget.rectangles = value
    assert said.partition("\\")[0][:9] in shown.refusal("select", experiment=experiment_id, runs=value)["message"]
    assert shown.widget.rectangles == [(0, 1, 0, 1)]


def test_selecting_all_makes_no_pair_of_any_run(store: Store, view: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a million runs that would hold the kernel up for half a minute."""
    experiment_id = evaluated(store, items=4, trials=2)
    shown = view()
    shown.told("open", experiment=experiment_id)
    with monkeypatch.context() as patched:
        patched.setattr(Grid, "key", None)
        shown.told("select", experiment=experiment_id, runs=[[0, 4, 0, 2]])
        shown.widget.selection = shown.widget.selection
    assert len(shown.widget.selection) == len(list(shown.widget.selection)) == 8


def test_the_scores_of_all_are_read_once(store: Store, view: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment_id = evaluated(store, items=4, trials=2)
    shown = view()
    shown.told("open", experiment=experiment_id)
    read: list[Any] = []

    class Noted(Planes):  # of what is looked at alone: the picture for the saved notebook reads on a thread of its own
        @classmethod
        def of(cls, grid: Grid, among: Any = None) -> Planes:
            read.append(among)
            return Planes.of(grid, among)

    monkeypatch.setattr(sight, "Planes", Noted)
    shown.told("select", experiment=experiment_id, runs=[[0, 1, 0, 2]])
    assert [len(among) for among in read] == [2]
    shown.told("select", experiment=experiment_id, runs=[[0, 4, 0, 2]])
    shown.told("plane", experiment=experiment_id, by="duration")
    assert len(read) == 2


def test_the_browser_selects_and_learns_the_scores_of_these_runs(store: Store, view: Views) -> None:
    wrong = {1, 2}
    task: Callable[..., Any] = lambda item: {"output": "no" if item["n"] in wrong else item["reference"]}  # noqa: E731
    made = evaluate(numbers(store, 4), task, [Equals(name="right")], trial_count=2, verbose=0, store=store)
    shown = view()
    shown.told("open", experiment=made.experiment_id)
    order = [shown.result("cell", experiment=made.experiment_id, cell=2 * row)["item"]["n"] for row in range(4)]
    row = order.index(1)
    heard: list[Any] = []
    shown.widget.observe(lambda change: heard.append(change["new"]), "rectangles")

    told = shown.told("select", experiment=made.experiment_id, runs=[[row, row + 1, 0, 2]])
    (scale,) = told["scales"]
    assert (scale["name"], scale["mean"], scale["n"]) == ("right", 0.0, 2)
    shown.told("scales", experiment=made.experiment_id)  # all are known now: the same is told from them
    assert shown.told("select", experiment=made.experiment_id, runs=[[row, row + 1, 0, 2]]) == told
    told = shown.told("select", experiment=made.experiment_id, runs=[[0, 4, 0, 1]])
    assert (told["scales"][0]["mean"], told["scales"][0]["n"]) == (0.5, 4)
    assert heard == [[(row, row + 1, 0, 2)], [(0, 4, 0, 1)]]
    assert shown.told("select", experiment=made.experiment_id, runs=[])["scales"][0]["n"] == 0
    assert shown.widget.rectangles == []


def test_a_selection_is_of_the_experiment_that_is_shown(store: Store, view: Views) -> None:
    one, other = evaluated(store, "one", items=4), evaluated(store, "other", items=4)
    shown = view()
    with pytest.raises(ArgumentError, match="no experiment is shown"):
        shown.widget.rectangles = [(0, 1, 0, 1)]
    shown.told("open", experiment=one)
    shown.told("select", experiment=one, runs=[[0, 2, 0, 1]])
    shown.told("open", experiment=one)
    assert shown.widget.rectangles == [(0, 2, 0, 1)]
    shown.told("open", experiment=other)
    assert shown.widget.rectangles == []
    assert "Another experiment" in shown.refusal("select", experiment=one, runs=[[0, 2, 0, 1]])["message"]
