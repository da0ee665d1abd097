"""What the real ``opik`` package traces in our runs is part of them: one program, run once, looked at from all sides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integrations.conftest import Seen, paths, told
from tests.integrations.shared import EMBEDDED, OWN
from tests.opik_server import OpikServer
from tests.opik_server.faulty import faults

SCORING = "metrics_calculation"
KINDS = ["equals_metric", "hallucination_metric", "judge", "patient"]


@pytest.fixture(scope="module")
def all_seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Seen, dict[str, Any]]]:
    """The package is slow to import, so one process does everything."""
    home = tmp_path_factory.mktemp("home")
    with OpikServer() as server:
        server.faults.add(faults.Delay(1.0), lambda request: "late_span" in str(request.body), times=None)
        said = told(server, home, "program.py")
        seen = Seen(server, home)
        yield seen, said
        seen.store.close()
    assert server.problems == []


@pytest.fixture
def seen(all_seen: tuple[Seen, dict[str, Any]]) -> Seen:
    return all_seen[0]


@pytest.fixture
def said(all_seen: tuple[Seen, dict[str, Any]]) -> dict[str, Any]:
    return all_seen[1]


def test_tracked_functions_nest_under_the_task_of_their_own_run(seen: Seen) -> None:
    for attempt, details in seen.runs("workers"):
        assert paths(details) == [SCORING, "traced", "traced/outer", "traced/outer/inner"]
        inner = next(span for span in details.spans if span.name == "inner")
        assert attempt.complete
        assert inner.output == {"output": str(details.input["n"])}


def test_spans_are_in_the_project_of_the_run_whatever_the_function_says(seen: Seen) -> None:
    state = seen.server.state
    for attempt, _ in seen.runs("workers"):
        spans = [state.spans[id_] for id_ in state.spans_of_trace[attempt.id]]
        assert {span["project_id"] for span in spans} == {state.traces[attempt.id]["project_id"]}
        assert {span["source"] for span in spans} == {"experiment"}


def test_coroutines_nest_side_by_side(seen: Seen) -> None:
    tree = [SCORING, "task", "task/slow", "task/slow", "task/slow/inner", "task/slow/inner"]
    assert seen.trees("coroutines") == [tree] * 8
    for _, details in seen.runs("coroutines"):
        below = [span.parent_id for span in details.spans if span.name == "inner"]
        assert sorted(map(str, below)) == sorted(span.id for span in details.spans if span.name == "slow")


def test_threads_with_a_copied_context_nest(seen: Seen) -> None:
    assert seen.trees("threads of the task") == [[SCORING, "task", "task/outer", "task/outer/inner"]] * 2


def test_what_is_traced_on_a_worker_of_an_executor_nests_in_its_run(seen: Seen, said: dict[str, Any]) -> None:
    runs = {details.input["n"]: (attempt, details) for attempt, details in seen.runs("elsewhere")}
    below = ["task", "task/holding", "task/outer", "task/outer/inner"]
    assert paths(runs[2][1]) == below, "of one that failed, too"
    for n in (0, 1):
        attempt, details = runs[n]
        assert paths(details) == sorted([SCORING, f"{SCORING}/equals", *below, "task/ask"])
        output = seen.store.attempt(attempt.id).task_output
        assert output is not None
        assert output["pid"] != said["pid"]
        assert details.cost == 0.25, "it is there when the result returns"
    traces = [seen.server.state.traces[attempt.id] for attempt, _ in runs.values()]
    assert all(trace["tags"] == ["from a worker"] for trace in traces)


def test_tokens_and_cost_are_there_when_the_result_returns(seen: Seen, said: dict[str, Any]) -> None:
    assert said["costs"] == {"known": [0.25, 0.25]}
    for _, details in seen.runs("costs"):
        (llm,) = [span for span in details.spans if span.kind == "llm"]
        assert (llm.name, llm.model, llm.cost, details.cost) == ("ask", "small", 0.25, 0.25)
        assert llm.usage["total_tokens"] == details.usage["total_tokens"] == details.input["n"] + 1


def test_an_llm_integration_nests(seen: Seen) -> None:
    for _, details in seen.runs("integration"):
        assert paths(details) == [SCORING, "task", "task/chat_completion_create"]
        (llm,) = [span for span in details.spans if span.kind == "llm"]
        assert (llm.model, details.usage["total_tokens"]) == ("small", 7)


def test_what_the_task_gives_to_our_span_and_trace_is_kept(seen: Seen) -> None:
    for attempt, details in seen.runs("given"):
        assert paths(details) == [SCORING, "task", "task/inner"]
        assert (details.cost, details.usage["original_usage.total_tokens"]) == (0.5, 5)
        assert [(score.name, score.value) for score in attempt.scores] == [("thumbs", 1.0)]
        state = seen.server.state
        (root,) = [state.spans[span.id] for span in details.spans if span.parent_id is None and span.name == "task"]
        assert (root["model"], root["tags"]) == ("small", ["mine"])
        assert state.traces[attempt.id]["tags"] == ["mine"]


def test_tracing_that_is_switched_off_stays_off(seen: Seen) -> None:
    assert seen.trees("switched off") == [[SCORING, "traced"]] * 2


def test_a_tracked_function_that_raises_fails_its_run_alone(seen: Seen) -> None:
    runs = seen.runs("failures")
    assert [attempt.complete for attempt, _ in runs] == [True, False, True]
    _, (failed, details), (_, after) = runs
    assert failed.error is not None
    assert failed.error.message == "no answer"
    assert "opik_resume" not in (failed.error.traceback.partition("program.py")[0])
    assert {span.name: span.error.message for span in details.spans if span.error} == {
        "<lambda>": "no answer",
        "fail": "no answer",
    }
    assert paths(after) == ["<lambda>", "<lambda>/fail", "<lambda>/fail/inner", SCORING]


def test_a_span_left_open_by_an_interrupt_stays_in_its_run(seen: Seen) -> None:
    scoring = [SCORING, f"{SCORING}/equals_metric"]
    whole = [*scoring, "task", "task/interrupted", "task/interrupted/inner"]
    assert seen.trees("interruptions") == [whole, [*scoring, "task", "task/interrupted"], whole]


def test_a_program_with_spans_of_its_own_keeps_them_apart(seen: Seen, said: dict[str, Any]) -> None:
    for attempt, details in [*seen.runs("caller"), *seen.runs("after a leak")]:
        assert paths(details) == ["look_around", "look_around/outer", "look_around/outer/inner", SCORING]
        output = seen.store.attempt(attempt.id).task_output or {}
        assert (output["project"], output["spans"]) == ("Default Project", 1)
    assert said["callers_spans"] == {"same": True}
    assert said["left"] == "None"
    state = seen.server.state
    (main,) = [row["id"] for row in state.traces.values() if row["name"] == "main"]
    assert sorted(state.spans[id_]["name"] for id_ in state.spans_of_trace[main]) == ["inner", "main", "outer"]


def test_metrics_of_all_kinds_score_the_same_on_both_stores(said: dict[str, Any]) -> None:
    one = [
        ["equals_metric", 1.0, None, None, None],
        ["hallucination_metric", 1.0, "because", None, None],
        ["judge", 0.1, "['because']", None, None],
        ["patient", 0.1, "['because']", "good", {"asked": 1}],
    ]
    assert said["judged"] == {"server": [one] * 2, "file": [one] * 2}


def test_what_metrics_trace_nests_under_the_scoring_and_is_there_once(seen: Seen) -> None:
    tree = sorted(["answer", SCORING, *[f"{SCORING}/{name}" for name in KINDS], f"{SCORING}/patient/patient"])
    assert seen.trees("judged") == [tree] * 2
    for attempt, _ in seen.runs("judged"):
        assert [score.name for score in attempt.scores] == KINDS


def test_a_repair_nests_in_the_same_run(seen: Seen) -> None:
    """The second call beside the first."""
    assert seen.trees("repaired") == [["answer", SCORING, *[f"{SCORING}/moody"] * 2]] * 2
    for attempt, details in seen.runs("repaired"):
        assert [(score.name, score.value) for score in attempt.scores] == [("moody", 1.0)]
        assert len([span for span in details.spans if span.error]) == 1


def test_scoring_the_runs_of_the_package_itself_adds_to_them(seen: Seen, said: dict[str, Any]) -> None:
    runs = seen.runs("theirs")
    assert [attempt.id for attempt, _ in runs] == said["theirs"]["traces"]
    for attempt, details in runs:
        assert paths(details).count(f"{SCORING}/again") == 1
        assert [path for path in paths(details) if "/" not in path] == ["answer", SCORING, SCORING]
        assert {score.name for score in attempt.scores} == {"equals_metric", "again"}
        assert seen.store.attempt(attempt.id).task_output == {"output": str(details.input["n"]), "input": "?"}


def test_on_the_embedded_store_the_package_is_left_alone(seen: Seen, said: dict[str, Any]) -> None:
    assert said["embedded_store"] == {"complete": True}
    alone = ["alone", *KINDS]
    assert [name for project, name in seen.own_traces() if project == EMBEDDED] == sorted(alone * 2)


def test_no_run_has_a_trace_besides_ours(seen: Seen) -> None:
    others = [(project, name) for project, name in seen.own_traces() if project != EMBEDDED]
    assert others == [(OWN, "leaky"), (OWN, "main")]


def test_what_is_not_kept_or_has_not_arrived_is_said_and_nothing_else(said: dict[str, Any]) -> None:
    heard = [line for line in said["heard"] if "evaluate_resume" not in line]
    assert heard == [
        "What update_current_trace() was given as output was not kept: our trace has its own.",
        "Not all that the opik package traced in the runs has reached the server: tokens and cost may be missing.",
    ]
