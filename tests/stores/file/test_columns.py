"""The columns that SQL makes of attempts are those of the objects, starts and odd rows included."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opik_resume import connect
from opik_resume.base.ids import new_id
from opik_resume.base.records import Attempt, CellState, ErrorInfo, Experiment, ScoreResult
from opik_resume.exceptions import ExperimentNotFound
from opik_resume.experiment.grid import Grid
from opik_resume.experiment.planning.plan import make_plan
from opik_resume.stores import close_all
from opik_resume.stores.file import columns
from opik_resume.stores.local import LocalStore
from tests.builders import NOON, attempt, complete, failed, failed_score
from tests.experiment.plain import PlainGrid, median_seconds, plain_cells
from tests.experiment.test_grid import assert_same

ENDS = [ErrorInfo("ValueError", "  boom\nagain", "tb"), ErrorInfo("KeyboardInterrupt", "", "tb"), None]
SCORES = [(), (ScoreResult("s", 0.5, "why"),), (failed_score(), ScoreResult("s", float("nan")), failed_score("co"))]
EXPECTED = {"ä": 2, "b": 1, "c": 3}
histories = st.lists(
    st.builds(
        lambda item, trial, kind, score, more: kind(item, trial, scores=score, **more),
        st.sampled_from([*EXPECTED, "gone"]),
        st.one_of(st.none(), st.integers(-1, 3)),
        st.sampled_from([complete, lambda *cell, **more: failed(*cell, **{**more, "error": ENDS[0]})]),
        st.sampled_from(SCORES),
        st.sampled_from([{}, {"missing_metrics": ("co",)}, {"scored_by": ("s", "ü")}]),
    )
    | st.builds(
        lambda item, error, returned: failed(item, 0, error=error, returned=returned),
        st.sampled_from(list(EXPECTED)),
        st.sampled_from(ENDS),
        st.booleans(),
    ),
    max_size=12,
)
starts = st.lists(
    st.builds(attempt, st.sampled_from([*EXPECTED, "gone"]), st.one_of(st.none(), st.integers(-1, 3))), max_size=4
)
one_store = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    opened = connect(tmp_path / "columns.sqlite3")
    assert isinstance(opened, LocalStore)
    yield opened
    close_all()


def experiment(store: LocalStore) -> str:
    """The id of a new one."""
    dataset = store.create_dataset(new_id())
    made = Experiment(new_id(), "e", dataset.id, dataset.name, "v1", {}, 6, NOON, NOON)
    store.create(made)
    return made.id


def recorded(store: LocalStore, history: list[Attempt], begun: list[Attempt]) -> str:
    experiment_id = experiment(store)
    for start in begun:
        store.start(replace(start, experiment_id=experiment_id))
    store.record([replace(made, experiment_id=experiment_id) for made in history])
    return experiment_id


@one_store
@given(history=histories, begun=starts)
def test_the_grid_of_columns_is_the_plain_one_of_objects(
    store: LocalStore, history: list[Attempt], begun: list[Attempt]
) -> None:
    experiment_id = recorded(store, history, begun)
    for heavy in (False, True):
        grid = Grid(EXPECTED, store.columns(experiment_id, heavy=heavy))
        plain = PlainGrid(EXPECTED, store.attempts(experiment_id, heavy=heavy))
        assert_same(grid, plain)
        made = make_plan("id", "name", grid)
        assert list(made.cells) == plain_cells(plain)
        assert made.seconds_per_run == median_seconds(plain)


@one_store
@given(history=histories, begun=starts, later=histories)
def test_later_attempts_are_merged_whether_the_file_has_them_or_not(
    store: LocalStore, history: list[Attempt], begun: list[Attempt], later: list[Attempt]
) -> None:
    experiment_id = recorded(store, history, begun)
    before = Grid(EXPECTED, store.columns(experiment_id))
    fresh = [replace(made, experiment_id=experiment_id, task_output=None) for made in later]
    ended = [replace(start, experiment_id=experiment_id, ended_at=NOON, error=ENDS[1]) for start in begun[:1]]
    store.record([*fresh[::2], *ended])
    grid = before.with_attempts([*fresh, *ended])
    there = {made.id: made for made in [*store.attempts(experiment_id), *fresh[1::2]]}
    plain = PlainGrid(EXPECTED, there.values())
    assert grid.states.tolist() == plain.states.tolist()
    assert [a and a.id for a in grid.attempts] == [a and a.id for a in plain.attempts]


def test_what_was_deleted_is_said_to_be_gone_whoever_has_its_rows_now(store: LocalStore) -> None:
    experiment_id = recorded(store, [complete("b")], [])
    grid = Grid(EXPECTED, store.columns(experiment_id))
    store.delete(experiment_id)
    recorded(store, [complete("c")], [])
    assert grid.counts()[CellState.completed] == 1
    with pytest.raises(ExperimentNotFound, match="deleted"):
        grid.attempts[grid.item_ids.index("b") + 1]


def test_a_vacuum_does_not_give_the_rows_other_numbers(store: LocalStore) -> None:
    """Whoever vacuums the file: a reading that is kept names attempts by the numbers of their rows.

    SQLite promises that only of an INTEGER PRIMARY KEY, and keeps it of every table with an index, as this one has.
    A table made anew for it would be seconds and twice the file at a million runs: this test says when it is due.
    """
    gone = recorded(store, [complete("b")], [])
    experiment_id = recorded(store, [complete("ä"), failed("c", 2)], [])
    grid = Grid(EXPECTED, store.columns(experiment_id))
    before = [made and made.id for made in grid.attempts]
    store.delete(gone)
    with closing(sqlite3.connect(store.path)) as other:
        other.execute("VACUUM")
    assert [made and made.id for made in grid.attempts] == before


def test_no_json_and_no_output_is_read_for_a_grid(store: LocalStore) -> None:
    """The query of all attempts is answered by the index alone."""
    plan = [row["detail"] for row in store._database.read(f"EXPLAIN QUERY PLAN {columns._ALL}", ("e",))]
    assert [line.split(" (")[0] for line in plan] == ["SEARCH attempts USING COVERING INDEX attempts_by_cell"], plan
