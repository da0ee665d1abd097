"""A light reading of a server: columns made of traces are those of the attempts that would be made of them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume import plan_resume
from opik_resume.base.columns.attempts import AttemptColumns
from opik_resume.base.process.futures import begun as begun_on_a_thread
from opik_resume.base.records import Attempt, CellState, Json
from opik_resume.base.states import INTERRUPTIONS
from opik_resume.stores.opik import OpikStore
from opik_resume.stores.opik.reading import attempts
from opik_resume.stores.opik.reading.light import LightRuns
from opik_resume.stores.opik.reading.reasons import Theirs
from opik_resume.stores.opik.wire import FACTS, NO_TIME
from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.opik_server.faulty import faults
from tests.stores.opik.makers import error, finished, ours, span, theirs
from tests.waiting import until

MARGIN = timedelta(milliseconds=1)
NAMES = st.sampled_from(["equals", "judge", "ünï"])
MOMENTS = st.integers(0, 4 * 10**15).map(lambda number: (NO_TIME + timedelta(microseconds=number)).isoformat())


def mostly_absent(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.none() | values


SCORES = st.fixed_dictionaries(
    {"name": NAMES}, optional={"value": st.floats(0, 1), "scoring_failed": st.booleans(), "reason": st.text(max_size=3)}
)
FACTS_OF_RUNS = st.fixed_dictionaries(
    {},
    optional={
        "trial": st.integers(-1, 4) | st.just(1 << 40) | st.booleans() | st.just("2"),
        "returned": st.booleans(),
        "scores": st.lists(SCORES, max_size=3),
        "missing_metrics": st.lists(NAMES, max_size=2),
        "scored_by": st.lists(NAMES, max_size=2) | st.just("judge"),
        "version": st.sampled_from(["v", 3]),
        "cost": st.none() | st.floats(0, 9),
        "revision": st.integers(0, 9),
        "prints": st.text(max_size=3),
        "output": st.just({"output": "kept"}),
        "notes": st.lists(st.text(max_size=3), max_size=1),
    },
)
METADATA = FACTS_OF_RUNS.map(lambda facts: {FACTS: facts}) | st.sampled_from(["cut ", {"another": 1}, {FACTS: 3}, None])
ERRORS = st.fixed_dictionaries(
    {},
    optional={
        "exception_type": st.sampled_from(["", "ValueError", "ScoreMethodMissingArguments", *INTERRUPTIONS]),
        "message": st.none() | st.text(max_size=3) | st.just("long " * 500),
        "traceback": st.text(max_size=3),
    },
) | st.just("no object")
ROWS = st.fixed_dictionaries(
    {
        "id": st.sampled_from("abcdefgh"),
        "start_time": MOMENTS,
        "item_id": st.sampled_from("xyz"),
    },
    optional={
        "end_time": mostly_absent(MOMENTS),
        "output": mostly_absent(st.sampled_from([{"output": "1"}, {}, 0, "", [], False])),
        "metadata": METADATA,
        "error_info": mostly_absent(ERRORS),
        "feedback_scores": mostly_absent(
            st.lists(st.fixed_dictionaries({"name": NAMES, "value": st.floats(0, 1)}), max_size=3)
        ),
        "usage": mostly_absent(st.just({"total_tokens": 7})),
        "total_estimated_cost": mostly_absent(st.floats(0, 1)),
        "project_id": st.sampled_from(["p", "q"]),
        "last_updated_at": MOMENTS,
    },
)


@given(st.lists(ROWS, max_size=8))
def test_columns_of_traces_are_those_of_their_attempts(rows: list[Json]) -> None:
    by_id = {row["id"]: row for row in rows}
    made = {id_: attempts.of_trace(row, "e", row["item_id"], light=True) for id_, row in by_id.items()}
    runs, plain = LightRuns("e", rows), AttemptColumns.of(made.values())
    columns = runs.columns
    assert columns.item_ids == plain.item_ids
    for name in ("item", "trial", "state", "seconds", "began", "cost", "tokens", "row"):
        np.testing.assert_array_equal(getattr(columns, name), getattr(plain, name), name)
    assert [columns.error_types[place] for place in columns.error] == [
        plain.error_types[place] for place in plain.error
    ]
    assert [columns.metrics[place] for place in columns.said] == [plain.metrics[place] for place in plain.said]
    assert columns.source.attempts(columns.row) == plain.source.attempts(plain.row)
    assert columns.source.ids(columns.row) == plain.source.ids(plain.row)
    assert set(runs.every_id(complete=True)) == {id_ for id_, attempt in made.items() if attempt.complete}
    assert runs.runs({"a", "z"}) == [attempts.live_run(by_id[id_], made[id_]) for id_ in made if id_ == "a"]


@pytest.mark.parametrize("score", [{"name": "judge"}, {"name": "judge", "scoring_failed": True}])
def test_a_score_that_is_only_named_in_the_facts_has_not_failed_there(score: Json) -> None:
    """Its value is among the trace's own scores: whatever else is said of it does not count."""
    row = {
        "id": "a",
        "start_time": NO_TIME.isoformat(),
        "item_id": "x",
        "output": {"output": "1"},
        "metadata": {FACTS: {"trial": 0, "scores": [score, {"name": "kept", "value": 0.0, "scoring_failed": True}]}},
        "feedback_scores": [{"name": "judge", "value": 0.5}],
    }
    (told,) = LightRuns("e", [row]).columns.metrics
    assert told.failed == ("kept",)
    assert [score.name for score in attempts.of_trace(row, "e", "x", light=True).scores if score.scoring_failed] == [
        "kept"
    ]


@given(st.lists(ROWS, max_size=8))
def test_runs_of_other_programs_are_those_that_state_no_trial(rows: list[Json]) -> None:
    by_id = {row["id"]: row for row in rows}
    foreign = {
        id_: row
        for id_, row in by_id.items()
        if attempts.of_trace(row, "e", "", light=True).trial is None and row.get("project_id")
    }
    found = LightRuns("e", rows).theirs()
    assert {id_: project for project, their in found.items() for id_ in their.ids} == {
        id_: row["project_id"] for id_, row in foreign.items()
    }
    for their in found.values():
        plain = Theirs.of(list(their.made(their.ids)))
        assert abs(their.first - plain.first) < MARGIN
        assert abs(their.last - plain.last) < MARGIN


def attempts_of(columns: AttemptColumns) -> list[Attempt]:
    return sorted(columns.source.attempts(columns.row), key=lambda attempt: attempt.id)


def test_what_is_delivered_on_its_way_and_begun_is_in_the_columns(server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store, 4)
    delivered, waiting, lost, begun = finished(experiment, store)
    store.record([delivered])
    assert store.flush(10)
    server.faults.add(faults.Status(503), faults.to("POST", "/traces/batch"), times=None)
    store.record([waiting, dataclasses.replace(lost, complete=False, returned=False, task_output=None)])
    store.start(begun)
    until(lambda: len(store.attempts(experiment.id)) == 4)
    columns = store.columns(experiment.id)
    assert attempts_of(columns) == store.attempts(experiment.id)
    assert Counter(columns.state.tolist()) == {CellState.completed: 2, CellState.interrupted: 2}
    assert len(plan_resume(experiment.id, store=store)) == 2


def test_what_spans_tell_of_runs_of_other_programs_is_in_the_columns(store: OpikStore, api: Api) -> None:
    experiment_id, item_ids = theirs(api, 3)
    for item_id, output in zip(item_ids, ({"output": "x"}, None, None), strict=True):
        run = api.run(experiment_id, item_id, output=output)
        scoring = span(api, run, "metrics_calculation", **({} if output else {"error_info": error()}))
        span(api, run, "judge", parent_span_id=scoring, error_info=error("KeyError", "no score"))
    columns = store.columns(experiment_id)
    assert attempts_of(columns) == store.attempts(experiment_id)
    assert Counter(columns.state.tolist()) == {CellState.scores_missing: 1, CellState.scoring_failed: 2}


def test_an_experiment_that_was_just_asked_for_is_not_asked_for_again(
    server: OpikServer, store: OpikStore, api: Api
) -> None:
    """But once: who reads it a second time wants to know what has become of it, as does another thread."""
    experiment_id, item_ids = theirs(api)
    asked = f"/experiments/{experiment_id}"
    store.get(experiment_id)
    api.run(experiment_id, item_ids[0])
    assert len(store.columns(experiment_id)) == 1
    assert len(server.asked("GET", asked)) == 1
    api.run(experiment_id, item_ids[1], project_name="another")
    assert len(store.columns(experiment_id)) == 2
    assert len(server.asked("GET", asked)) >= 2
    server.forget_requests()
    begun_on_a_thread(lambda: store.get(experiment_id), "another").result(10)
    store.columns(experiment_id)
    assert len(server.asked("GET", asked)) == 2


@pytest.mark.usefixtures("quicker")
@pytest.mark.parametrize("heavy", [False, True])
def test_what_a_reading_has_shown_waits_no_more(heavy: bool, server: OpikServer, store: OpikStore) -> None:
    """Whose delivery has not been acknowledged yet: an experiment that is whole would else be left running."""
    experiment = ours(store)
    server.faults.add(faults.DropAfter(), faults.to("POST", "/traces/batch"), times=None)
    store.record(finished(experiment, store))
    until(lambda: len(server.state.traces) == 3)
    assert len(store.pending(experiment.id)) == 3
    assert len(store.columns(experiment.id, heavy=heavy)) == 3
    assert not store.pending(experiment.id)
