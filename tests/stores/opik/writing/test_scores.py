"""Scores that a server will not take, or not as they are: their runs arrive all the same, and nothing is lost or silent."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opik_resume import evaluate, evaluate_resume
from opik_resume.base.records import ScoreResult
from opik_resume.evaluation.pushing import push
from opik_resume.metrics import BaseMetric, Equals
from opik_resume.stores.local import LocalStore
from opik_resume.stores.opik import OpikStore, runs
from opik_resume.stores.opik.scores import refusal, same_value
from tests.builders import CountingTask, complete, numbers
from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.opik_server.faulty import faults
from tests.opik_server.serving.wire import Request
from tests.stores.opik.makers import theirs
from tests.stores.opik.writing.test_runs import CONTEXT
from tests.waiting import until

LARGEST = math.nextafter(1e9, 0)  # of a float that the server takes


class Gives(BaseMetric):
    """One score, of any value."""

    def __init__(self, value: float, name: str = "gives") -> None:
        super().__init__(name)
        self._value = value

    def score(self, n: int, **_: Any) -> ScoreResult:
        return ScoreResult(self.name, self._value if n == 1 else 0.5)


def refuses_large_scores(server: OpikServer) -> None:
    """As the real one does: the whole batch."""
    words = "scores[0].value must be less than or equal to 999999999.999999999"
    server.faults.add(
        faults.Status(422, body={"errors": [words]}),
        lambda request: (
            request.path.endswith("/feedback-scores")
            and any(abs(row["value"]) >= 1e9 for row in faults.batch_of(request))
        ),
        times=None,
    )


def of_run(result: Any, n: int) -> Any:
    return next(r for r in result.test_results if r.test_case.dataset_item_content["n"] == n)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("value", [1e9, -1e9, 1e12, 1e308, math.nan, math.inf, -math.inf])
def test_a_score_that_is_refused_does_not_take_its_run_with_it(
    value: float, server: OpikServer, store: OpikStore, caplog: pytest.LogCaptureFixture
) -> None:
    refuses_large_scores(server)
    metrics = [Equals(), Gives(value)]
    result = evaluate(numbers(store, 3), CountingTask(), metrics, verbose=0, experiment_name="e")
    assert (result.complete, result.undelivered, store.pending().refused) == (True, 0, {})
    assert len(server.state.traces) == 3
    run = of_run(result, 1)
    sent = server.state.scores[run.test_case.trace_id]
    assert sent.keys() == {"equals_metric"}, "its other scores are there"
    facts = server.state.traces[run.test_case.trace_id]["metadata"]["opik_resume"]
    assert list(facts["scores_not_taken"]) == ["gives"], "marked, for whoever looks there"
    ((kept),) = [score for score in facts["scores"] if score["name"] == "gives"]
    assert kept["value"] == value or kept["value"] in ("NaN", "Infinity", "-Infinity")
    ((told),) = [line for line in warnings(caplog) if "'gives'" in line]
    assert run.test_case.dataset_item_id in told
    assert facts["scores_not_taken"]["gives"] in told
    assert [(one.item_id, one.trial, one.score) for one in result.not_taken] == [
        (run.test_case.dataset_item_id, 0, "gives")
    ]
    store.attempts(result.experiment_id)  # a live reading has shown them: the journal lets go of them
    until(lambda: not store._journal.entries(result.experiment_id))
    again = evaluate_resume(result.experiment_id, CountingTask(), metrics, verbose=0, store=store)
    assert repr(of_run(again, 1).score_results) == repr(run.score_results), "and read back as it was"


@pytest.mark.parametrize("value", [LARGEST, -LARGEST, 0.0, 1e-300, 123456789.123456789])
def test_a_score_within_the_limits_is_a_score_there(
    value: float, server: OpikServer, store: OpikStore, caplog: pytest.LogCaptureFixture
) -> None:
    refuses_large_scores(server)
    result = evaluate(numbers(store, 3), CountingTask(), [Gives(value)], verbose=0)
    assert (result.undelivered, result.not_taken, warnings(caplog)) == (0, [], [])
    assert same_value(server.state.scores[of_run(result, 1).test_case.trace_id]["gives"]["value"], value)


def test_many_of_them_are_told_in_one_line(
    server: OpikServer, store: OpikStore, caplog: pytest.LogCaptureFixture
) -> None:
    refuses_large_scores(server)

    class Huge(BaseMetric):
        def score(self, **_: Any) -> ScoreResult:
            return ScoreResult("huge", 1e15)

    result = evaluate(numbers(store, 12), CountingTask(), [Huge("huge")], verbose=0)
    assert len(result.not_taken) == 12
    ((line),) = warnings(caplog)
    assert line.startswith("12 scores")
    assert "and 9 more" in line
    assert len(line) < 1200


@given(st.floats(), st.text(max_size=3))
@example(1e9, "a")
@example(LARGEST, "a")
def test_every_score_is_sent_or_it_is_said_why_not(value: float, name: str) -> None:
    attempt = complete(scores=(ScoreResult(name, value),))
    sent = runs.scores(attempt, "demo")
    marked = runs.trace(attempt, CONTEXT)["metadata"]["opik_resume"].get("scores_not_taken", {})
    assert (len(sent), list(marked)) in ((1, []), (0, [name]))
    assert bool(sent) == (refusal(attempt.scores[0]) is None)
    assert all(abs(row["value"]) < 1e9 and row["name"].strip() for row in sent)


# Nine decimals


def rounds_scores(server: OpikServer) -> None:
    """What the server keeps of what it has."""
    for scores in server.state.scores.values():
        for name, row in list(scores.items()):
            scores[name] = {**row, "value": round(row["value"], 9)}


@given(st.floats(-LARGEST, LARGEST))
@example(1 / 3)
@example(2 / 3)
@example(1e-10)
@example(123456789.123456789)
def test_what_the_server_makes_of_a_value_is_that_value(value: float) -> None:
    assert same_value(value, round(value, 9))
    assert same_value(value, math.trunc(value * 1e9) / 1e9 if abs(value) < 1e5 else value), "or cuts off"
    assert not same_value(value, value + max(1e-8, abs(value) * 1e-14))


def test_not_a_number_is_itself_only() -> None:
    assert same_value(math.nan, math.nan)
    assert same_value(math.inf, math.inf)
    assert not same_value(math.nan, 0.0)
    assert not same_value(math.inf, -math.inf)


def test_a_rounded_score_of_anothers_run_counts_as_delivered(server: OpikServer, api: Api, store: OpikStore) -> None:
    experiment_id, item_ids = theirs(api)
    api.run(experiment_id, item_ids[0], output={"output": "x"})
    (run,) = store.attempts(experiment_id, heavy=True)
    store.record([replace(run, scores=(ScoreResult("third", 1 / 3),))])
    assert store.flush(10)
    rounds_scores(server)
    store.attempts(experiment_id)
    until(lambda: not store._journal.entries(experiment_id))
    ((score),) = store.attempts(experiment_id)[0].scores
    assert score.value == round(1 / 3, 9)


def test_a_push_of_what_the_server_has_rounded_changes_nothing(
    server: OpikServer, store: OpikStore, tmp_path: Path
) -> None:
    local = LocalStore(tmp_path / "embedded.sqlite3")
    result = evaluate(numbers(local, 3), CountingTask(), [Gives(1 / 3)], verbose=0)
    push(result.experiment_id, store, store=local)
    rounds_scores(server)
    server.forget_requests()
    push(result.experiment_id, store, store=local)
    assert [str(request) for request in server.requests if _is_write(request)] == []
    local.close()


def _is_write(request: Request) -> bool:
    return faults.is_write(request)
