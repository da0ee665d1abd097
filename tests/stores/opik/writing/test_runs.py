"""Attempts on the wire: the shapes of the SDK's own traffic, and ids that stay the same."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume.base.ids import new_id
from opik_resume.base.records import ScoreResult
from opik_resume.stores.opik import runs, spans, wire
from opik_resume.stores.opik.reading import attempts
from opik_resume.stores.opik.runs import Context
from tests.builders import NOON, complete, failed, failed_score

RECORDINGS = Path(__file__).parents[3] / "opik_server" / "proofs" / "recordings"
CONTEXT = Context({"question": "q", "id": "i"}, "demo", "task", 2, 1)


def recorded(name: str, path_end: str, key: str) -> list[dict[str, Any]]:
    lines = (RECORDINGS / f"{name}.jsonl").read_text().splitlines()
    bodies = [
        line["body"] for line in map(json.loads, lines) if line["path"].endswith(path_end) and "given" not in line
    ]
    return [row for body in bodies for row in body[key]]


def kinds(row: dict[str, Any]) -> dict[str, type]:
    return {key: type(value) for key, value in row.items() if value is not None}


def test_our_rows_have_the_fields_of_the_sdks() -> None:
    attempt = complete(scores=(ScoreResult("exact", 1.0, "cmp"),), task_seconds=1.0)
    happy = "02-evaluate-happy-2trials"
    trace = recorded(happy, "/traces/batch", "traces")[0]
    ours = kinds(runs.trace(attempt, CONTEXT))
    assert {**ours, "last_updated_at": str} == {**kinds(trace), "metadata": dict}
    (score,) = runs.scores(attempt, "demo")
    assert kinds(score) == kinds(recorded(happy, "/feedback-scores", "scores")[0])
    assert kinds(runs.link(attempt, CONTEXT)) == kinds(recorded(happy, "/experiments/items", "experiment_items")[0])


SPANS = {
    "task": ("02-evaluate-happy-2trials", "ok"),
    "metrics_calculation": ("07-evaluate-metric-raises-default-tolerance", "metrics_calculation"),
    "exact": ("16-evaluate-experiment-rescoring", "exact_again"),
}


def test_our_spans_have_fields_of_the_sdks() -> None:
    shown = spans.spans(complete(scores=(ScoreResult("exact", 1.0),)), CONTEXT)
    assert [span["name"] for span in shown] == list(SPANS)
    for span in shown:
        recording, name = SPANS[span["name"]]
        theirs = [kinds(each) for each in recorded(recording, "/spans/batch", "spans") if each["name"] == name]
        known = {key: kind for each in theirs for key, kind in each.items()}
        assert kinds(span).items() <= {**known, "output": dict, "end_time": str, "parent_span_id": str}.items()


def test_a_failed_task_looks_like_the_sdks() -> None:
    theirs = recorded("04-evaluate-task-error-2trials-1thread", "/traces/batch", "traces")
    theirs_failed = next(trace for trace in theirs if "error_info" in trace)
    ours = runs.trace(failed(), CONTEXT)
    assert kinds(ours["error_info"]) == kinds(theirs_failed["error_info"])
    assert "output" not in ours


@given(st.sampled_from(["link", "task", "score 0 é"]))
def test_derived_ids_are_of_version_7_of_the_attempts_time_and_always_the_same(role: str) -> None:
    attempt_id = new_id()
    derived = UUID(runs.derived_id(attempt_id, role))
    assert (derived.version, derived.variant) == (7, UUID(attempt_id).variant)
    assert str(derived)[:13] == attempt_id[:13]
    assert str(derived) == runs.derived_id(attempt_id, role) != runs.derived_id(attempt_id, role + "x")


def served(attempt: Any) -> dict[str, Any]:
    """The trace as a server gives it back."""
    row = json.loads(json.dumps(runs.trace(attempt, CONTEXT)))
    row["feedback_scores"] = [{**score, "id": None} for score in runs.scores(attempt, "demo")]
    return {key: value for key, value in row.items() if value not in (None, [])}


@pytest.mark.parametrize(
    "attempt",
    [
        complete(task_seconds=1.5, scoring_seconds=0.5),
        complete(task_output={}),
        complete(cost=0.0021),
        complete(cost=0.0),
        complete(scores=(ScoreResult("a", 1.0, "r", "c", {"m": 1}), failed_score(), ScoreResult("a", 0.5))),
        complete(scores=(ScoreResult("huge", 1e12), ScoreResult(" ", 1.0))),
        complete(scores=tuple(ScoreResult(str(v), v, "r") for v in (math.nan, math.inf, -math.inf)), notes=("a", "b")),
        failed(task_seconds=0.1),
        failed(returned=True, scores=(ScoreResult("a", 1.0),)),
        failed(error=None),
    ],
)
def test_there_and_back(attempt: Any) -> None:
    assert attempts.of_trace(served(attempt), attempt.experiment_id, attempt.item_id, light=False) == attempt
    light = attempts.of_trace(served(attempt), attempt.experiment_id, attempt.item_id, light=True)
    assert light == attempts.lightened(attempt)


def test_nothing_that_is_sent_is_a_number_that_json_does_not_have() -> None:
    scores = (ScoreResult("a", 1.0), *(ScoreResult("n", v, metadata={"m": 1}) for v in (math.nan, math.inf, -math.inf)))
    attempt = complete(scores=scores, task_seconds=1.0)
    assert [row["name"] for row in runs.scores(attempt, "demo")] == ["a"]
    json.dumps([runs.trace(attempt, CONTEXT), spans.spans(attempt, CONTEXT)], allow_nan=False)
    assert wire.of_experiment_scores(scores) == [{"name": "a", "value": 1.0}]


def test_a_score_corrected_on_the_server_counts_and_one_that_others_gave_is_seen() -> None:
    row = served(complete(scores=(ScoreResult("judge", 0.1, "bad"), ScoreResult("gone", 1.0))))
    row["feedback_scores"] = [{"name": "judge", "value": 0.9, "reason": "ok"}, {"name": "human", "value": 1}]
    read = attempts.of_trace(row, "e", "i", light=False)
    assert read.scores == (ScoreResult("judge", 0.9, "ok"), ScoreResult("human", 1.0))


def test_metadata_of_others_under_our_key_is_no_harm() -> None:
    for metadata in ("text", ["list"], {"opik_resume": "text"}, {"opik_resume": {"trial": "x"}}, None):
        row = {"id": new_id(), "start_time": "2026-01-01T12:00:00.123456789Z", "metadata": metadata, "output": "text"}
        read = attempts.of_trace(row, "e", "i", light=False)
        assert (read.trial, read.complete, read.task_output) == (None, True, {"output": "text"})
        assert read.started_at == replace_microsecond(123456)


def replace_microsecond(value: int) -> Any:
    return NOON.replace(microsecond=value)


def test_an_experiment_of_any_age_can_be_read() -> None:
    bare = {"id": new_id(), "dataset_name": None, "created_at": "2026-01-01T12:00:00Z", "metadata": "text"}
    read = wire.experiment(bare)
    assert (read.dataset_name, read.version_name, read.metadata, read.status) == (
        "(deleted dataset)", "", {}, "completed",
    )  # fmt: skip
    ours = wire.of_experiment(replace(read, metadata={"opik_resume": {"task": "t"}}, item_ids=("a", "a")), "p", None)
    again = wire.experiment({**bare, "metadata": ours["metadata"]})
    assert (again.metadata, again.item_ids) == ({"opik_resume": {"task": "t"}}, ("a", "a"))
