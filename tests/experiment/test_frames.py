"""What is made of the columns of a result, its table, its failures and its statistics, is what objects would give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from opik_resume import connect
from opik_resume.base.columns.attempts import AttemptColumns
from opik_resume.base.columns.items import Items
from opik_resume.base.ids import new_id
from opik_resume.base.records import Attempt, CellKey, CellState, ErrorInfo, Experiment, Item, ScoreResult
from opik_resume.exceptions import StoreError
from opik_resume.experiment.grid import Grid, is_done
from opik_resume.experiment.reading import Reading
from opik_resume.experiment.results.failed_runs import COLUMNS, FailedRuns
from opik_resume.experiment.results.frames import frame_of
from opik_resume.experiment.results.result_list import TestResults
from opik_resume.experiment.results.statistics import aggregate, coverage, never_finite
from opik_resume.stores import close_all
from opik_resume.stores.local import LocalStore
from tests.builders import BOOM, NOON, attempt, complete, failed
from tests.experiment.plain import plain_failures

RUNS = {"ä": 2, "b": 1, "c": 3}
values = st.none() | st.booleans() | st.integers(-3, 3) | st.just(0.5) | st.text(max_size=2) | st.just([1])
rows = st.dictionaries(st.sampled_from(["x", "y", "id", "ü.z"]), values, max_size=4)
scores = st.lists(
    st.builds(
        ScoreResult,
        st.sampled_from(["s", "t", "µ"]),
        st.sampled_from([0.0, 1.0, 0.1, float("nan"), float("inf")]),
        st.sampled_from([None, "why"]),
        metadata=st.sampled_from([None, {"error_info": {"exception_type": "E", "message": "m"}}]),
        scoring_failed=st.booleans(),
    ),
    max_size=3,
).map(tuple)
cells = {"item_id": st.sampled_from(list(RUNS)), "trial": st.none() | st.integers(0, 2)}
histories = st.lists(
    st.builds(complete, **cells, task_output=rows, scores=scores, missing_metrics=st.sampled_from([(), ("co", "s")]))
    | st.builds(failed, **cells, error=st.sampled_from([BOOM, ErrorInfo("CancelledError", "", "tb"), None]))
    | st.builds(attempt, **cells),
    max_size=12,
)
one_store = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    opened = connect(tmp_path / "frames.sqlite3")
    assert isinstance(opened, LocalStore)
    yield opened
    close_all()


def recorded(store: LocalStore, history: list[Attempt]) -> Experiment:
    dataset = store.create_dataset(new_id())
    made = Experiment(new_id(), "e", dataset.id, dataset.name, "v1", {}, 6, NOON, NOON)
    store.create(made)
    for one in history:
        if one.ended_at is None:
            store.start(replace(one, experiment_id=made.id))
    store.record([replace(one, experiment_id=made.id) for one in history if one.ended_at is not None])
    return made


def read(experiment: Experiment, columns: AttemptColumns, contents: list[dict[str, Any]]) -> Reading:
    items = Items.of([Item(item_id, data) for item_id, data in zip(RUNS, contents, strict=True)])
    return Reading(experiment, items, Grid(RUNS, columns), None, heavy=True)


@one_store
@given(history=histories, contents=st.lists(rows, min_size=3, max_size=3), beside=st.integers(0, 3))
def test_it_is_as_if_all_were_made(
    store: LocalStore, history: list[Attempt], contents: list[dict[str, Any]], beside: int
) -> None:
    """Whether the attempts are in the file, or in memory beside it."""
    experiment = recorded(store, history[beside:])
    reading = read(experiment, store.columns(experiment.id, heavy=True), contents)
    reading = replace(reading, grid=reading.grid.with_attempts(history[:beside]))
    results = TestResults(reading, np.flatnonzero(is_done(reading.grid.states)))
    plain = list(results)
    assert_frame_equal(frame_of(results), frame_of(plain))
    for statistics in (aggregate, never_finite, coverage):
        assert statistics(results) == statistics(plain)
        assert list(statistics(results)) == list(statistics(plain)) or statistics is coverage
    assert not results.made
    failures = FailedRuns.of(reading.grid)
    assert list(failures) == plain_failures(reading.grid)
    assert failures == FailedRuns.gathered(list(failures))
    rows = [
        (
            f.item_id,
            list(RUNS).index(f.item_id),
            f.trial,
            f.state.name,
            f.error_type,
            f.message,
            f.traceback,
            f.failure_group,
        )
        for f in failures
    ]
    assert_frame_equal(failures.to_pandas(), pd.DataFrame(rows, columns=COLUMNS))


def test_it_has_the_ways_of_a_list() -> None:
    failures = FailedRuns.of(Grid(RUNS, [failed("b"), complete("c", 1)]))
    plain = list(failures)
    assert [failures[n] for n in range(-5, 5)] == [plain[n] for n in range(-5, 5)]
    assert failures[1:4:2] == plain[1:4:2]
    assert repr(failures) == repr(plain)
    assert failures.counts()[CellState.task_failed] == 1
    with pytest.raises(IndexError):
        failures[5]


def test_some_are_told_anew() -> None:
    failures = FailedRuns.of(Grid(RUNS, [failed("b")]))
    told = failures.retold({CellKey("b", 0): "left out", CellKey("b", 1): "there is none"})
    assert [failure.message for failure in told if failure.item_id == "b"] == ["left out"]
    assert [failure.error_type for failure in told if failure.item_id == "b"] == ["ValueError"]
    assert [failure for failure in told if failure.item_id != "b"] == [f for f in failures if f.item_id != "b"]


@pytest.mark.parametrize("column", ["scores", "task_output"])
def test_a_broken_row_is_named(store: LocalStore, column: str) -> None:
    one = complete("b")
    experiment = recorded(store, [one])
    store._database.write(lambda db: db.execute(f"UPDATE attempts SET {column} = '[{{'"))
    reading = read(experiment, store.columns(experiment.id, heavy=True), [{}, {}, {}])
    with pytest.raises(StoreError, match=one.id):
        frame_of(TestResults(reading, np.flatnonzero(is_done(reading.grid.states))))
