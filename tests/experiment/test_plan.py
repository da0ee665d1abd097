"""What a resume would do: the default rules, the reasons, and that a plan never grows."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume.base.records import Attempt, CellKey, CellState, ErrorInfo
from opik_resume.experiment.grid import Grid
from opik_resume.experiment.planning.plan import COLUMNS, ResumePlan, make_plan, make_rescoring_plan
from tests.builders import attempt, complete, failed, failed_score
from tests.experiment.plain import PlainGrid, median_seconds, plain_cells, plain_groups, plain_rescored

ALL_STATES = [
    complete("a", 0),
    complete("a", 1, scores=(failed_score("judge"),)),
    failed("b", 0),
    failed("b", 1, returned=True, task_output={"output": "kept"}),
    attempt("c", 0),
]


def plan(history: list[Attempt], metrics: set[str] | None = None) -> ResumePlan:
    return make_plan("id", "name", Grid({"a": 2, "b": 2, "c": 2}, history), metrics)


def test_every_state_gets_its_action_and_reason() -> None:
    actions = {cell.state: (cell.action, cell.reason) for cell in plan(ALL_STATES).cells}
    assert actions == {
        CellState.scores_missing: ("score", "judge raised"),
        CellState.task_failed: ("run", "ValueError: boom"),
        CellState.scoring_failed: ("run", "ValueError: boom"),
        CellState.interrupted: ("run", "stopped while running"),
        CellState.never_run: ("run", "never started"),
    }


def test_a_missing_score_is_repaired_only_by_a_metric_of_that_name() -> None:
    assert plan(ALL_STATES, {"judge"}).scores == 1
    assert plan(ALL_STATES, {"other"}).scores == 0
    assert plan(ALL_STATES, set()).kept == 2


def test_a_complete_experiment_has_nothing_to_run() -> None:
    whole = make_plan("id", "name", Grid({"a": 1}, [complete("a", 0)]))
    assert len(whole) == 0
    assert whole.summary() == "name: complete, nothing to run (1 runs kept)"


def test_only_the_first_line_of_an_error_is_the_reason() -> None:
    long = failed("a", 0, error=ErrorInfo("ApiError", "first\nsecond", ""))
    silent = failed("b", 0, error=ErrorInfo("ApiError", "", ""))
    reasons = [cell.reason for cell in plan([long, silent]).cells if cell.state is CellState.task_failed]
    assert reasons == ["ApiError: first", "ApiError"]


def test_time_is_estimated_from_the_runs_so_far() -> None:
    made = plan([complete("a", 0)])  # 2 s, five cells to run
    assert made.seconds(task_threads=1) == pytest.approx(10)
    assert made.seconds(task_threads=100) == pytest.approx(2)
    assert plan([]).seconds(task_threads=4) is None


def test_the_table_and_the_text() -> None:
    made = plan(ALL_STATES)
    frame = made.to_pandas()
    assert list(frame.columns) == COLUMNS
    assert frame.action.value_counts().to_dict() == {"run": 4, "score": 1}
    assert "4 runs, 1 run to score again; 1 kept" in repr(made)


def test_the_html_escapes_what_users_wrote() -> None:
    evil = failed("a", 0, error=ErrorInfo("Error", "<script>alert(1)</script>", ""))
    assert "<script>" not in plan([evil])._repr_html_()


def index_of(grid: PlainGrid, key: CellKey) -> int:
    return list(grid.keys()).index(key)


grids = st.lists(
    st.builds(
        lambda kind, item, trial: kind(item, trial),
        st.sampled_from([complete, failed, attempt]),
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 1),
    ),
    max_size=12,
)


@given(grids)
def test_a_plan_and_what_is_kept_are_the_whole_grid(history: list[Attempt]) -> None:
    made, grid = plan(history), Grid({"a": 2, "b": 2, "c": 2}, history)
    assert len(made) + made.kept == len(grid)
    planned = {cell.key for cell in made.cells}
    for key, filled in zip(grid.keys(), grid.attempts, strict=True):
        assert (key in planned) == (filled is None or not filled.complete)


judged = st.lists(
    st.builds(
        lambda item, trial, failing, missing: complete(
            item, trial, scores=tuple(map(failed_score, failing)), missing_metrics=tuple(missing), scored_by=("judge",)
        ),
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 1),
        st.lists(st.sampled_from(["judge", "co"]), unique=True),
        st.lists(st.sampled_from(["judge", "third"]), unique=True),
    ),
    max_size=6,
)
ENDS = [ErrorInfo("ValueError", "  boom\nagain", ""), ErrorInfo("KeyboardInterrupt", "", ""), None]
broken = st.lists(
    st.builds(
        lambda item, trial, error, returned: failed(item, trial, error=error, returned=returned),
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 1),
        st.sampled_from(ENDS),
        st.booleans(),
    ),
    max_size=6,
)
NAMES = [None, set(), {"judge"}, {"judge", "co", "third"}]
EXPECTED = {"a": 2, "b": 2, "c": 2}


@given(judged, broken, st.sampled_from(NAMES), st.booleans(), st.booleans())
def test_it_is_the_plain_form_in_columns(
    whole: list[Attempt], others: list[Attempt], names: set[str] | None, reuse: bool, ignoring: bool
) -> None:
    history = [*whole, *others]
    plain = PlainGrid(EXPECTED, history)
    on_drift = "ignore" if ignoring else "warn"
    made = make_plan("id", "name", Grid(EXPECTED, history), names, reuse_outputs=reuse, on_drift=on_drift)  # type: ignore[arg-type]
    cells = plain_cells(plain, names, reuse_outputs=reuse, ignoring=ignoring)
    assert list(made.cells) == cells
    assert [made.cells[n] for n in range(len(made))] == cells
    assert made.seconds_per_run == median_seconds(plain)
    assert (made.runs, made.scores) == tuple(sum(c.action == a for c in cells) for a in ("run", "score"))
    places = {item_id: place for place, item_id in enumerate(EXPECTED)}
    keys = [(cell.key.item_id, places[cell.key.item_id], cell.key.trial) for cell in cells]
    rows = [(*key, cell.state.name, cell.action, cell.reason) for key, cell in zip(keys, cells, strict=True)]
    assert made.to_pandas()[COLUMNS[:-1]].to_numpy().tolist() == [list(row) for row in rows]
    groups = [plain_groups(plain.attempts[index_of(plain, cell.key)], cell, ignoring=ignoring) for cell in cells]
    assert made.to_pandas().failure_group.tolist() == ["; ".join(each) for each in groups]
    counted = Counter((cell.state.name, cell.reason) for cell in cells).most_common()
    assert made.columns.by_reason() == [(*named, count) for named, count in counted]


@given(judged, broken, st.booleans())
def test_scoring_anew_is_the_plain_form_in_columns(whole: list[Attempt], others: list[Attempt], missing: bool) -> None:
    history = [*whole, *others]
    made = make_rescoring_plan("id", "name", Grid(EXPECTED, history), ["judge", "new"], missing_only=missing)
    assert list(made.cells) == plain_rescored(PlainGrid(EXPECTED, history), ["judge", "new"], missing_only=missing)


@given(grids, st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3)), max_size=5))
def test_cells_are_left_out_by_their_keys(history: list[Attempt], keys: list[tuple[str, int]]) -> None:
    made, out = plan(history), {CellKey(*key) for key in keys}
    assert list(made.without(out).cells) == [cell for cell in made.cells if cell.key not in out]


@given(grids, grids)
def test_what_runs_is_what_was_shown_and_is_still_missing(before: list[Attempt], after: list[Attempt]) -> None:
    shown, now = plan(before), plan([*before, *after])
    runs = now.restricted_to(shown)
    assert {c.key for c in runs.cells} == {c.key for c in shown.cells} & {c.key for c in now.cells}


def test_a_cell_that_was_not_shown_is_not_run_whatever_is_missing() -> None:
    now = plan(ALL_STATES)
    shown = replace(now, cells=now.cells[:2])
    assert now.restricted_to(shown).cells == now.cells[:2]
    other_action = replace(now, cells=tuple(replace(cell, action="score") for cell in now.cells))
    assert {cell.action for cell in now.restricted_to(other_action).cells} == {"score"}
