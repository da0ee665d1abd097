"""The spans of our own runs: how task and metrics were called, whoever delivers it, and what a repair leaves alone."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_resume
from opik_resume.base.records import Attempt, utc_now
from opik_resume.base.settings import opik_settings
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.metrics import BaseMetric, Equals, ScoreResult
from opik_resume.stores.opik import OpikStore, runs, spans
from opik_resume.stores.opik.reading import attempts
from opik_resume.stores.opik.runs import Context
from opik_resume.stores.opik.wire import moment
from tests.builders import BOOM, complete, failed, numbers
from tests.opik_server import OpikServer
from tests.opik_server.faulty import faults
from tests.waiting import until

Json = dict[str, Any]
CONTEXT = Context({"question": "q", "id": "i"}, "demo", "task", 2, 1)


@pytest.fixture(autouse=True)
def no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is ours alone: see tests/integrations for the package beside it."""
    monkeypatch.delitem(sys.modules, "opik", raising=False)


class Judge(BaseMetric):
    """It fails until it is in the mood."""

    def __init__(self, name: str = "judge", mood: bool = True, **more: Any) -> None:
        super().__init__(name, **more)
        self.mood = mood

    def score(self, output: str, wanted: str, scale: int = 3, **others: Any) -> list[ScoreResult]:
        if not self.mood:
            raise ValueError("not now")
        return [ScoreResult(self.name, 1.0, "good"), ScoreResult("scaled", float(scale))]


def of_rows(row: Json, temperature: float = 0.5) -> Json:
    return {"output": row["reference"]}


def run(store: OpikStore, *metrics: Any, **more: Any) -> EvaluationResult:
    mapping = {"wanted": lambda keys: f"<{keys['reference']}>"}
    dataset = numbers(store, 1)
    return evaluate(
        dataset, of_rows, list(metrics), scoring_key_mapping=mapping, experiment_name="e", verbose=0, **more
    )


def shown(server: OpikServer) -> dict[str, Json]:
    """The spans of the one run, by name."""
    state = server.state
    (trace,) = state.spans_of_trace
    found = [state.spans[id_] for id_ in state.spans_of_trace[trace]]
    by_name = {span["name"]: span for span in found}
    assert len(by_name) == len(found), "each once"
    return by_name


def assert_as_called(server: OpikServer) -> None:
    told = shown(server)
    assert list(told) == ["of_rows", "metrics_calculation", "judge", "equals_metric"]
    item_id = told["of_rows"]["input"]["row"]["id"]
    item = {"n": 0, "reference": "0", "id": item_id}
    assert told["of_rows"]["input"] == {"row": item, "temperature": 0.5}
    assert told["judge"]["input"] == {"output": "0", "wanted": "<0>", "scale": 3, "others": item}
    assert [score["name"] for score in told["judge"]["output"]["output"]] == ["judge", "scaled"]
    others = {"n": 0, "id": item_id, "wanted": "<0>"}
    assert told["equals_metric"]["input"] == {"output": "0", "reference": "0", "ignored_kwargs": others}
    record = told["metrics_calculation"]
    assert record["input"]["test_case_"]["mapped_scoring_inputs"] == {**item, "output": "0", "wanted": "<0>"}
    scored = {score["name"] for score in record["output"]["output"]["score_results"]}
    assert scored == {"judge", "scaled", "equals_metric"}
    assert told["judge"]["parent_span_id"] == told["equals_metric"]["parent_span_id"] == record["id"]


def test_arguments_are_told_by_their_names(server: OpikServer, store: OpikStore) -> None:
    assert run(store, Judge(), Equals(), Judge("hidden", track=False)).failures.empty
    assert_as_called_besides_hidden(server)


def assert_as_called_besides_hidden(server: OpikServer) -> None:
    """One that is not to be tracked has scores and no span, as in the SDK."""
    (trace,) = server.state.spans_of_trace
    assert "hidden" in server.state.scores[trace]
    assert "hidden" not in shown(server)


def test_what_another_process_delivers_is_told_as_well(server: OpikServer, store: OpikStore, impatient: None) -> None:
    server.faults.add(faults.Status(503), lambda request: request.path.endswith("/batch"), times=None)
    assert run(store, Judge(), Equals()).undelivered == 1
    store.close()
    server.faults.clear()
    later = OpikStore(opik_settings(server.url), store.path)
    assert later.flush(30)
    later.close()
    assert_as_called(server)


def test_a_repair_leaves_alone_what_it_does_not_change(server: OpikServer, store: OpikStore) -> None:
    """The span of the task, those of other metrics, and what people have added to the trace."""
    run(store, Judge(mood=False), Equals())
    assert store.flush(10)
    (trace_id,) = server.state.traces
    before = shown(server)
    assert before["judge"]["error_info"]["message"] == "not now"
    row = server.state.traces[trace_id]
    server.state.traces[trace_id] = {**row, "tags": ["look"], "metadata": {**row["metadata"], "theirs": [1]}}
    mapping = {"wanted": lambda keys: f"<{keys['reference']}>"}
    result = evaluate_resume("e", of_rows, [Judge(), Equals()], scoring_key_mapping=mapping, store=store, verbose=0)
    assert result.failures.empty
    assert store.flush(10)
    after = shown(server)
    assert "error_info" not in after["judge"]
    for name in ("of_rows", "equals_metric"):
        assert after[name] == before[name]
    assert_as_called(server)
    row = server.state.traces[trace_id]
    assert (row["tags"], row["metadata"]["theirs"]) == (["look"], [1])


def test_a_span_is_of_the_time_of_its_call(
    server: OpikServer, store: OpikStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a busy disk takes before the task is called is not in it: spans of the user's own would end after theirs."""
    start = store.start

    def slowly(attempt: Attempt) -> None:
        start(attempt)
        until(lambda: utc_now() - attempt.started_at > timedelta(milliseconds=50))

    called: list[datetime] = []

    def task(item: Json) -> Json:
        called.append(utc_now())
        return {"output": item["reference"]}

    monkeypatch.setattr(store, "start", slowly)
    evaluate(numbers(store, 1), task, [Equals()], experiment_name="e", verbose=0)
    task_span, scoring = (shown(server)[name] for name in ("task", "metrics_calculation"))
    (trace,) = server.state.traces.values()
    began, ended, scored = map(moment, (task_span["start_time"], task_span["end_time"], scoring["start_time"]))
    assert moment(trace["start_time"]) + timedelta(milliseconds=50) < began <= called[0] < ended <= scored


def test_the_embedded_store_keeps_no_steps(tmp_path: Path) -> None:
    from opik_resume.stores import open_store

    local = open_store(tmp_path / "local.sqlite3")
    result = evaluate(numbers(local, 1), of_rows, [Equals()], verbose=0)
    assert [attempt.steps for attempt in local.attempts(result.experiment_id, heavy=True)] == [None]
    local.close()


def test_a_large_output_is_told_once() -> None:
    text = "x" * 150_000
    steps = {
        "task": {"name": "t", "key": "item"},
        "metrics": [{"name": "a", "began": 0.0, "seconds": 1.0, "rest": "all"}],
    }
    made = complete(task_output={"output": text}, scores=(ScoreResult("a", 1.0),), steps=steps)
    task, *others = spans.spans(made, CONTEXT)
    assert task["output"] == {"output": text}
    assert len(json.dumps(others)) < 10_000
    assert "which the span of the task has" in json.dumps(others)


def test_what_a_task_returned_that_makes_its_span_itself_is_kept_with_the_trace() -> None:
    """Its span is the package's, which may be lost: the output is paid for."""
    steps = {"task": {"traced": True}}
    made = failed(returned=True, task_output={"output": "paid"}, error=BOOM, steps=steps)
    assert [span["name"] for span in spans.spans(made, CONTEXT)] == ["metrics_calculation"]
    row = json.loads(json.dumps(runs.trace(made, CONTEXT)))
    assert "output" not in row
    read = attempts.of_trace(row, made.experiment_id, made.item_id, light=False)
    assert (read.complete, read.task_output) == (False, {"output": "paid"})


def test_a_score_that_says_that_it_failed_was_returned() -> None:
    told = [{"name": "a", "began": 0.0, "seconds": 1.0}]
    made = complete(scores=(ScoreResult("a", 0.0, "why", scoring_failed=True),), steps={"metrics": told})
    (span,) = [span for span in spans.spans(made, CONTEXT) if span["name"] == "a"]
    assert "error_info" not in span
    assert span["output"]["output"]["scoring_failed"] is True
