"""A resume with other, fewer or no metrics: said before it runs, seen in the means, repaired by a later one."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from opik_resume import connect, evaluate, evaluate_experiment, evaluate_resume, exceptions, plan_resume
from opik_resume.base.records import CellState
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.metrics import Contains, Equals
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers
from tests.opik_server import OpikServer

EQ, CO = Equals(name="eq"), Contains(name="co")
ITEMS, BROKEN = 10, 5


def quiet(**options: Any) -> dict[str, Any]:
    return {"verbose": 0, "task_threads": 4, **options}


def half_done(store: Store, metrics: list[Any], functions: list[Any] | None = None) -> CountingTask:
    """Evaluated with these metrics; each item below ``BROKEN`` failed, and will not fail again."""
    task = CountingTask(fail=lambda item, call: item["n"] < BROKEN and call == 1)
    data = numbers(store, ITEMS)
    evaluate(data, task, metrics, functions, experiment_name="e", **quiet())
    return task


def states(store: Store) -> dict[str, int]:
    attempts = plan_resume("e", store=store)
    return {state: sum(cell.state.name == state for cell in attempts.cells) for state in CellState.__members__}


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [message for message in caplog.messages if "given" in message and "complete" not in message]


GIVEN = [[EQ], [], None, [EQ, Equals(name="other")]]


@pytest.mark.parametrize("given", GIVEN)
def test_metrics_that_are_left_out_are_said_before_it_runs(
    store: Store, caplog: pytest.LogCaptureFixture, given: list[Any] | None
) -> None:
    task = half_done(store, [EQ, CO])
    caplog.clear()
    heard: list[list[str]] = []

    def listening(item: dict[str, Any]) -> Any:
        heard.append(said(caplog))
        return task(item)

    with caplog.at_level(logging.WARNING):
        result = evaluate_resume("e", listening, given, **quiet())
    assert all(len(each) == 1 for each in heard), heard
    (warning,) = said(caplog)
    assert "co" in warning
    assert "scored on the kept runs and" in warning
    assert "not given" in warning
    assert (result.complete, set(result.failures.state)) == (True, {"scores_missing"})
    assert "co was not given" in set(result.failures.message)


def test_a_plan_says_it_in_text_and_html(store: Store) -> None:
    half_done(store, [EQ, CO])
    plan = plan_resume("e", [EQ])
    sentence = "co was scored on the kept runs and is not given"
    assert plan.warning == sentence
    assert all(sentence in text for text in (plan.summary(), repr(plan), plan._repr_html_()))
    assert plan_resume("e", [EQ, CO]).warning is None
    assert plan_resume("e").warning is None, "nothing was said about metrics"
    added = plan_resume("e", [EQ, CO, Equals(name="new")])
    assert added.warning == "new is given and was not scored on the kept runs: evaluate_experiment() does that"


def test_nothing_kept_is_said_as_it_is(store: Store) -> None:
    task = CountingTask(fail=lambda item, call: call == 1)
    evaluate(numbers(store, 2), task, [EQ, CO], experiment_name="e", **quiet())
    assert plan_resume("e", [EQ]).warning == "co was given to evaluate() and is not given now"
    assert plan_resume("e", [EQ, CO, Equals(name="new")]).warning is None, "the means are of the same runs"


def test_the_number_of_runs_stands_beside_each_mean_that_does_not_cover_all(store: Store) -> None:
    task = half_done(store, [EQ, CO])
    result = evaluate_resume("e", task, [EQ], **quiet())
    assert "co: 1 (n = 5 of 10)" in repr(result)
    assert "eq: 1\n" in repr(result) + "\n"
    assert "<td>co</td><td style='text-align:right'>1 (n = 5 of 10)</td>" in result._repr_html_()
    (line,) = [line for line in result.statistics().splitlines() if line.startswith("  co")]
    assert "n = 5 of 10" in line
    assert "n =" not in next(line for line in result.statistics().splitlines() if line.startswith("  eq"))


def test_a_later_resume_repairs_what_was_not_given_without_the_task(store: Store) -> None:
    task = half_done(store, [EQ, CO])
    evaluate_resume("e", task, [EQ], **quiet())
    assert states(store)["scores_missing"] == BROKEN
    plan = plan_resume("e", [EQ, CO])
    assert (plan.runs, plan.scores) == (0, BROKEN)
    assert {(cell.reason, cell.metrics) for cell in plan.cells} == {("co was not given", ("co",))}
    calls = task.total
    whole = evaluate_resume("e", task, [EQ, CO], **quiet())
    assert task.total == calls
    assert whole.failures.empty
    assert "n =" not in repr(whole)
    assert len(plan_resume("e")) == 0


def test_scoring_functions_count_like_metrics(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    def length(dataset_item: dict[str, Any], task_outputs: dict[str, Any]) -> float:
        return float(len(task_outputs["output"]))

    task = half_done(store, [EQ], [length])
    assert plan_resume("e", [EQ]).warning == "length was scored on the kept runs and is not given"
    assert plan_resume("e", [EQ], scoring_functions=[length]).warning is None
    with caplog.at_level(logging.WARNING):
        caplog.clear()
        evaluate_resume("e", task, [EQ], [length], **quiet())
    assert said(caplog) == []
    assert len(plan_resume("e")) == 0


def test_a_later_resume_never_widens_the_set(store: Store) -> None:
    flaky = CountingTask(fail=lambda item, call: call <= item["n"] % 3)
    evaluate(numbers(store, ITEMS), flaky, [EQ], experiment_name="e", **quiet())
    evaluate_resume("e", flaky, [EQ, CO], **quiet())
    evaluate_resume("e", flaky, [EQ], **quiet())
    assert len(plan_resume("e")) == 0, "co is none of the original's"


def test_names_are_those_of_metrics_not_of_their_scores(store: Store) -> None:
    class Several(Equals):
        def score(self, output: str, reference: str, **ignored: Any) -> Any:
            one = super().score(output, reference)
            return [type(one)(f"part {n}", one.value) for n in range(2)]

    task = half_done(store, [Several(name="several")])
    evaluate_resume("e", task, [Several(name="several")], **quiet())
    assert len(plan_resume("e")) == 0


def test_who_means_it_says_so_once_and_it_is_complete(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    task = half_done(store, [EQ, CO])
    with caplog.at_level(logging.WARNING):
        caplog.clear()
        result = evaluate_resume("e", task, [EQ], on_drift="ignore", **quiet())
    assert caplog.messages == []
    assert result.failures.empty
    assert "co: 1 (n = 5 of 10)" in repr(result)
    assert len(plan_resume("e")) == 0


def test_it_can_be_said_later_as_well(store: Store) -> None:
    task = half_done(store, [EQ, CO])
    evaluate_resume("e", task, [EQ], **quiet())
    plan = plan_resume("e", [EQ], on_drift="ignore")
    assert {cell.reason for cell in plan.cells} == {"co is left out on purpose"}
    calls = task.total
    result = evaluate_resume("e", task, [EQ], on_drift="ignore", **quiet())
    assert (result.failures.empty, task.total) == (True, calls)
    assert len(plan_resume("e")) == 0


def test_who_wants_none_of_it_is_told_before_anything_runs(store: Store) -> None:
    task = half_done(store, [EQ, CO])
    calls = task.total
    with pytest.raises(exceptions.ArgumentError, match="co was scored on the kept runs and is not given"):
        evaluate_resume("e", task, [EQ], on_drift="error", **quiet())
    assert task.total == calls
    assert evaluate_resume("e", task, [EQ, CO], on_drift="error", **quiet()).complete
    with pytest.raises(exceptions.ArgumentError, match="on_drift"):
        evaluate_resume("e", task, [EQ], on_drift="whatever", **quiet())  # type: ignore[call-overload]


def test_new_metrics_for_kept_runs_change_nothing_of_it(store: Store) -> None:
    task = half_done(store, [EQ, CO])
    evaluate_resume("e", task, [EQ], **quiet())
    evaluate_experiment("e", [Equals(name="new")], verbose=0)
    assert states(store)["scores_missing"] == BROKEN
    repaired = evaluate_experiment("e", [Contains(name="co")], verbose=0)
    assert repaired.failures.empty
    assert len(plan_resume("e")) == 0


def test_a_kept_output_scored_with_fewer_metrics_counts_too(store: Store) -> None:
    def odd(inputs: dict[str, Any]) -> Any:
        raise KeyError("mapping")

    task = CountingTask()
    evaluate(numbers(store, 2), task, [EQ, CO], scoring_key_mapping={"x": odd}, experiment_name="e", **quiet())
    result = evaluate_resume("e", task, [EQ], reuse_outputs=True, **quiet())
    assert task.total == 2
    assert set(result.failures.message) == {"co was not given"}


def test_a_metric_that_raises_was_given(store: Store) -> None:
    class Broken(Equals):
        def score(self, output: str, reference: str, **ignored: Any) -> Any:
            raise ValueError("down")

    evaluate(numbers(store, 2), CountingTask(), [EQ, Broken(name="b")], experiment_name="e", **quiet())
    assert {cell.reason for cell in plan_resume("e").cells} == {"b raised"}


def test_runs_that_do_not_say_what_scored_them_lack_nothing(store: Store) -> None:
    """Another program's, and those of before it was kept."""
    task = half_done(store, [EQ, CO])
    assert isinstance(evaluate_resume("e", task, [EQ], **quiet()), EvaluationResult)
    store._database.write(  # type: ignore[attr-defined]
        lambda db: db.execute("UPDATE attempts SET scored_by = NULL, missing_metrics = NULL")
    )
    assert len(plan_resume("e")) == 0


def test_on_a_server_it_is_the_same(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with OpikServer() as server:
        first = connect(server.url)
        task = half_done(first, [EQ, CO])
        caplog.clear()
        result = evaluate_resume("e", task, [EQ], **quiet())
        assert len(said(caplog)) == 1
        assert "co: 1 (n = 5 of 10)" in repr(result)
        assert first.flush(10)
        close_all()
        connect(server.url)  # nothing is known but what the server tells
        plan = plan_resume("e")
        assert {(cell.reason, cell.metrics) for cell in plan.cells} == {("co was not given", ("co",))}
        calls = task.total
        assert evaluate_resume("e", task, [EQ, CO], **quiet()).failures.empty
        assert task.total == calls
        assert server.problems == []
        close_all()
