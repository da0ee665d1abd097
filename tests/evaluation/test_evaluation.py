"""The doors for scripts: evaluate, evaluate_resume, plan_resume, experiments."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

import pytest

from opik_resume import (
    evaluate,
    evaluate_experiment,
    evaluate_resume,
    exceptions,
    experiments,
    get_dataset,
    plan_resume,
)
from opik_resume.base.records import CellState, Json, ScoreResult
from opik_resume.lifecycle.registry import used_in_process
from opik_resume.metrics import BaseMetric, Equals
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, complete, numbers
from tests.experiments import unstarted


class Flaky(BaseMetric):
    """A metric that raises while ``broken`` is set, and counts its calls."""

    def __init__(self, name: str = "flaky") -> None:
        super().__init__(name)
        self.broken = True
        self.calls = 0
        self._lock = threading.Lock()

    def score(self, output: str, **ignored: Any) -> ScoreResult:
        with self._lock:
            self.calls += 1
        if self.broken:
            raise ValueError("the judge is down")
        return ScoreResult(self.name, 1.0)


def named(dataset_item: Json, task_outputs: Json) -> float:
    return 1.0


def quiet(**options: Any) -> dict[str, Any]:
    return {"verbose": 0, "task_threads": 4, **options}


def test_an_evaluation_runs_every_trial_of_every_item_and_scores_it(store: Store) -> None:
    task = CountingTask()
    result = evaluate(numbers(store, 5), task, [Equals()], experiment_name="e", trial_count=3, **quiet())
    assert set(task.calls.values()) == {3}
    assert len(result.test_results) == result.expected == 15
    assert result.complete
    assert {r.score_results[0].value for r in result.test_results} == {1.0}
    assert result.failures.empty
    assert store.get(result.experiment_id).status == "completed"


def test_trials_are_numbered_truly(store: Store) -> None:
    result = evaluate(numbers(store, 2), CountingTask(), trial_count=3, **quiet())
    by_item: dict[str, list[int]] = {}
    for test in result.test_results:
        by_item.setdefault(test.test_case.dataset_item_id, []).append(test.trial_id)
    assert list(by_item.values()) == [[0, 1, 2], [0, 1, 2]]


def test_results_are_in_opiks_order_newest_item_first(store: Store) -> None:
    result = evaluate(numbers(store, 4), CountingTask(), **quiet())
    assert [r.test_case.dataset_item_content["n"] for r in result.test_results] == [3, 2, 1, 0]


def test_nb_samples_takes_the_newest_items_and_a_resume_the_same(store: Store) -> None:
    task = CountingTask(fail=lambda item, call: call == 1)
    dataset = numbers(store, 6)
    evaluate(dataset, task, experiment_name="e", nb_samples=2, **quiet())
    dataset.insert([{"n": 99}])
    result = evaluate_resume("e", task, **quiet())
    assert dict(task.calls) == {5: 2, 4: 2}
    assert result.complete


def test_an_item_with_its_own_policy_runs_that_often(store: Store) -> None:
    dataset = numbers(store, 1)
    dataset.insert([{"n": 7, "execution_policy": {"runs_per_item": 4}}])
    task = CountingTask()
    result = evaluate(dataset, task, trial_count=2, **quiet())
    assert dict(task.calls) == {0: 2, 7: 4}
    assert result.expected == 6


def test_a_failing_task_does_not_stop_the_others_and_is_not_silent(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    task = CountingTask(fail=lambda item, call: item["n"] == 2)
    with caplog.at_level(logging.WARNING, "opik_resume"):
        result = evaluate(numbers(store, 5), task, experiment_name="e", **quiet())
    assert len(result.test_results) == 4
    (failure,) = result.failures.to_dict("records")
    assert (failure["state"], failure["error_type"], failure["message"]) == (
        "task_failed",
        "RuntimeError",
        "no answer for 2",
    )
    assert "raise RuntimeError" in failure["traceback"]
    assert "opik_resume/engine" not in failure["traceback"], "the user's frames, not ours"
    (warning,) = caplog.messages
    assert "4 of 5 runs complete (1 task_failed)" in warning


def test_a_resume_runs_only_what_is_missing_and_returns_the_whole(store: Store) -> None:
    task = CountingTask(fail=lambda item, call: item["n"] % 3 == 0 and call == 1)
    first = evaluate(numbers(store, 9), task, [Equals()], experiment_name="e", **quiet())
    result = evaluate_resume("e", task, [Equals()], **quiet())
    assert {n: calls for n, calls in task.calls.items() if calls == 2} == {0: 2, 3: 2, 6: 2}
    assert (result.complete, result.experiment_id) == (True, first.experiment_id)
    assert [r.test_case.dataset_item_content["n"] for r in result.test_results] == list(range(8, -1, -1))
    assert len(plan_resume("e")) == 0


def test_resuming_a_complete_experiment_calls_nothing(store: Store) -> None:
    task = CountingTask()
    evaluate(numbers(store, 3), task, experiment_name="e", **quiet())
    assert evaluate_resume("e", task, **quiet()).complete
    assert task.total == 3


def test_a_raising_metric_leaves_the_run_complete_and_a_resume_repairs_the_score_alone(store: Store) -> None:
    task, judge, equals = CountingTask(), Flaky(), Equals()
    result = evaluate(numbers(store, 3), task, [equals, judge], experiment_name="e", **quiet())
    assert result.complete
    assert set(result.failures.state) == {CellState.scores_missing.name}
    judge.broken = False
    repaired = evaluate_resume("e", task, [equals, judge], **quiet())
    assert (task.total, judge.calls) == (3, 6)
    assert repaired.failures.empty
    assert {(s.name, s.value) for r in repaired.test_results for s in r.score_results} == {
        ("equals_metric", 1.0),
        ("flaky", 1.0),
    }


def test_a_missing_score_stays_when_its_metric_is_not_given_or_fails_again(store: Store) -> None:
    task, judge = CountingTask(), Flaky()
    evaluate(numbers(store, 1), task, [judge], experiment_name="e", **quiet())
    assert len(plan_resume("e", [Equals()])) == 0
    again = evaluate_resume("e", task, [judge], **quiet())
    assert (task.total, len(again.failures)) == (1, 1)
    assert len(again.test_results[0].score_results) == 1, "the failed score is replaced, not added to"


def test_new_metrics_are_not_applied_to_kept_runs(store: Store) -> None:
    task = CountingTask(fail=lambda item, call: item["n"] == 0 and call == 1)
    evaluate(numbers(store, 2), task, experiment_name="e", **quiet())
    result = evaluate_resume("e", task, [Equals()], **quiet())
    assert {r.test_case.dataset_item_content["n"]: len(r.score_results) for r in result.test_results} == {0: 1, 1: 0}


def test_a_missing_score_argument_fails_scoring_and_keeps_the_output(store: Store) -> None:
    result = evaluate(numbers(store, 1), lambda item: {"answer": 42}, [Equals()], experiment_name="e", **quiet())
    (failure,) = result.failures.to_dict("records")
    assert (failure["state"], failure["error_type"]) == ("scoring_failed", "ScoreMethodMissingArguments")
    (kept,) = store.attempts(result.experiment_id, heavy=True)
    assert kept.task_output == {"answer": 42}


@pytest.mark.parametrize(
    ("output", "says", "kept"),
    [
        (None, "returned None, not a dict", None),
        ("text", "returned a str, not a dict", "text"),
        ([1, {"a": {2}}], "returned a list, not a dict", [1, {"a": [2]}]),
        (range(3), "returned a range, not a dict", "<repr> range(0, 3)"),
    ],
)
def test_an_output_that_is_no_dict_fails_its_cell_and_is_kept(store: Store, output: Any, says: str, kept: Any) -> None:
    result = evaluate(numbers(store, 1), lambda item: output, **quiet())
    (failure,) = result.failures.to_dict("records")
    assert (failure["state"], failure["error_type"]) == ("task_failed", "InvalidTaskOutput")
    assert says in failure["message"]
    assert repr(output) in failure["message"]
    (attempt,) = store.attempts(result.experiment_id, heavy=True)
    assert (attempt.returned, attempt.complete, attempt.task_output) == (False, False, {"output": kept})
    assert attempt.notes[0].endswith("which is kept under 'output'")


def test_a_long_output_that_is_no_dict_is_kept_whole(store: Store) -> None:
    result = evaluate(numbers(store, 1), lambda item: "é" * 1_000_000, **quiet())
    (attempt,) = store.attempts(result.experiment_id, heavy=True)
    assert attempt.task_output == {"output": "é" * 1_000_000}
    assert attempt.error is not None
    assert len(attempt.error.message) < 1_000


class Answer:
    """What a client library might return."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


class OfObjects(BaseMetric):
    """A metric that looks at the objects themselves, and spoils what it is given."""

    def score(self, output: Any, parts: Any, task_outputs: Any = None, **ignored_kwargs: Any) -> ScoreResult:
        good = (isinstance(output, Answer) or output == "hello") and list(parts) == ["h", "e"]
        parts.append(object())
        return ScoreResult(self.name, float(good))


def test_a_task_that_returned_a_dict_is_complete_and_metrics_get_what_it_returned(store: Store) -> None:
    returned = {"output": Answer("hello"), "parts": (letter for letter in "he"), "low": float("-inf"), "set": {1}}
    result = evaluate(numbers(store, 1), lambda item: returned, [OfObjects()], **quiet())
    assert result.complete
    (run,) = result.test_results
    assert run.score_results == [ScoreResult("OfObjects", 1.0)]
    stored = {"output": "hello", "parts": ["h", "e"], "low": "<float -Infinity>", "set": [1]}
    assert run.test_case.task_output == stored
    (attempt,) = store.attempts(result.experiment_id, heavy=True)
    assert attempt.task_output == stored
    assert attempt.notes == (
        "Answer kept as text: ['output']",
        "float kept as a mark: ['low']",
        "set kept as a list: ['set']",
    )


def test_a_repair_gets_the_stored_form(store: Store) -> None:
    def task(item: Json) -> Json:
        return {"output": Answer("hello"), "parts": ("h", "e")}

    broken = {"parts": lambda keys: 1 / 0}
    result = evaluate(numbers(store, 1), task, [OfObjects()], scoring_key_mapping=broken, **quiet())
    assert list(result.failures.state) == ["scoring_failed"]
    repaired = evaluate_resume(result.experiment_id, task, [OfObjects()], reuse_outputs=True, verbose=0)
    assert repaired.test_results[0].score_results == [ScoreResult("OfObjects", 1.0)]


def test_a_generator_that_raises_fails_its_task(store: Store) -> None:
    result = evaluate(numbers(store, 1), lambda item: {"output": (1 / n for n in [1, 0])}, **quiet())
    (failure,) = result.failures.to_dict("records")
    assert (failure["state"], failure["error_type"]) == ("task_failed", "ZeroDivisionError")


def test_an_empty_dict_is_an_output_like_any_other(store: Store) -> None:
    assert evaluate(numbers(store, 1), lambda item: {}, **quiet()).complete


def test_a_task_cannot_change_the_item_that_other_trials_see(store: Store) -> None:
    dataset = numbers(store, 1, "nested")
    dataset.insert([{"n": 5, "list": [1]}])
    seen: list[Json] = []

    def task(item: Json) -> Json:
        seen.append({"list": list(item.get("list", []))})
        item.setdefault("list", []).append("changed")
        return {"output": "x"}

    evaluate(dataset, task, trial_count=3, **quiet())
    assert {"list": [1, "changed"]} not in seen


def interrupt_after(calls: int) -> CountingTask:
    """A task during whose given call the main thread is interrupted, as Ctrl-C and ■ do."""

    def fail(item: Json, call: int) -> bool:
        if task.total == calls:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        return False

    task = CountingTask(fail)
    return task


def test_an_interrupt_gives_control_back_with_what_there_is(store: Store) -> None:
    task = interrupt_after(5)
    with pytest.raises(exceptions.EvaluationInterrupted) as caught:
        evaluate(numbers(store, 2_000), task, experiment_name="e", verbose=0, task_threads=2)
    assert isinstance(caught.value, KeyboardInterrupt)
    result = caught.value.result
    assert 5 <= len(result.test_results) == task.total < 2_000
    assert result.experiment_id in str(caught.value)
    resumed = evaluate_resume("e", CountingTask(), **quiet())
    assert resumed.complete


def test_the_next_resume_may_start_at_once_after_an_interrupt(store: Store) -> None:
    task = interrupt_after(3)
    with pytest.raises(exceptions.EvaluationInterrupted):
        evaluate(numbers(store, 2_000), task, experiment_name="e", verbose=0, task_threads=2)
    before = task.total
    assert evaluate_resume("e", task, **quiet()).complete
    assert set(task.calls.values()) == {1}, "no cell was run twice"
    assert task.total - before > 0


def test_what_a_process_ran_an_experiment_with_is_remembered(store: Store) -> None:
    task = CountingTask()
    result = evaluate(numbers(store, 1), task, [], **quiet())
    used = used_in_process(result.experiment_id)
    assert used is not None
    assert used.task is task
    assert used_in_process("another") is None


def test_a_result_knows_the_item_as_the_task_did_its_id_included(store: Store) -> None:
    given: list[Json] = []

    def task(item: Json) -> Json:
        given.append(dict(item))
        return {"output": "x"}

    result = evaluate(numbers(store, 3), task, **quiet())
    ids = sorted(item["id"] for item in given)
    assert sorted(r.test_case.dataset_item_content["id"] for r in result.test_results) == ids
    assert all(r.test_case.dataset_item_content in given for r in result.test_results)
    assert list(result.to_pandas().columns[:4]) == ["item_id", "position", "trial", "item.n"]
    assert "item.id" not in result.to_pandas()


def test_scoring_again_is_not_what_an_experiment_is_resumed_with(store: Store) -> None:
    task, equals = CountingTask(fail=lambda item, call: item["n"] == 0), Equals()
    result = evaluate(numbers(store, 2), task, [equals], experiment_name="e", **quiet())
    evaluate_experiment("e", [Equals(name="new")], verbose=0)
    used = used_in_process(result.experiment_id)
    assert used is not None
    assert (used.task, used.scoring_metrics) == (task, (equals,))


def test_experiments_lists_the_truth(store: Store) -> None:
    dataset = numbers(store, 3)
    evaluate(dataset, CountingTask(), experiment_name="done", **quiet())
    evaluate(dataset, CountingTask(fail=lambda item, call: item["n"] == 1), experiment_name="half", **quiet())
    unstarted(store, "fresh", dataset, trial_count=2)
    frame = experiments().set_index("name")
    assert list(frame.index) == ["fresh", "half", "done"]
    assert frame[["done", "expected", "failed"]].to_numpy().tolist() == [[0, 6, 0], [2, 3, 1], [3, 3, 0]]
    assert frame.state.to_dict() == {"fresh": "resumable", "half": "resumable", "done": "complete"}
    assert experiments().attrs["store"] == "local store"


def test_an_empty_store_has_an_empty_list(store: Store) -> None:
    assert experiments().empty
    assert "state" in experiments().columns


def test_unknown_and_ambiguous_experiments(store: Store) -> None:
    dataset = numbers(store, 1)
    for name in ("baseline", "twice", "twice"):
        unstarted(store, name, dataset)
    with pytest.raises(exceptions.ExperimentNotFound, match="Did you mean 'baseline'"):
        plan_resume("basline")
    with pytest.raises(exceptions.AmbiguousExperiment, match="2 experiments are named 'twice'") as caught:
        plan_resume("twice")
    for experiment in store.named("twice"):
        assert experiment.id in str(caught.value)
        assert plan_resume(experiment.id).experiment_id == experiment.id


def test_an_experiment_without_resume_state_is_refused_with_the_reason(store: Store) -> None:
    from dataclasses import replace

    from opik_resume.base.ids import new_id

    made = unstarted(store, "old", numbers(store, 1))
    store.create(replace(made, id=new_id(), name="older", metadata={}))
    with pytest.raises(exceptions.ExperimentNotResumable, match=r"no resume state.*fresh evaluate"):
        evaluate_resume("older", CountingTask(), **quiet())
    assert experiments().set_index("name").state["older"] == "not_resumable"


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"task": "not callable"}, "task"),
        ({"scoring_metrics": [Equals]}, r"scoring_metrics\[0\] is the class Equals"),
        ({"scoring_metrics": [object()]}, r"scoring_metrics\[0\]"),
        ({"scoring_metrics": Equals()}, "scoring_metrics must be a list"),
        ({"scoring_metrics": [Equals(), Flaky(), Equals()]}, r"named 'equals_metric'.*mixed.*Equals\(name=…\)"),
        ({"scoring_metrics": [Flaky("a"), Equals(name="a")]}, r"named 'a'.*Equals\(name=…\)"),
        ({"scoring_metrics": [Flaky("named")], "scoring_functions": [named]}, r"named 'named'.*rename the function"),
        ({"scoring_functions": [named, named]}, r"named 'named'.*rename the function"),
        ({"trial_count": 0}, "trial_count"),
        ({"nb_samples": -1}, "nb_samples"),
        ({"task_threads": 1.5}, "task_threads"),
        ({"experiment_name": " "}, "experiment_name"),
        ({"experiment_config": {"x": object()}}, "experiment_config"),
        ({"scoring_key_mapping": ["a"]}, "scoring_key_mapping"),
        ({"dataset": "name"}, "dataset must be"),
        ({"error_tolerance": 15}, "error_tolerance must be 10 or 20"),
        ({"prompt": object()}, "'prompt' is not supported"),
        ({"prompts": [object()]}, "'prompts' is not supported"),
        ({"blueprint_id": "b"}, "'blueprint_id' is not supported"),
        ({"dataset_item_ids": []}, "dataset_item_ids is empty"),
        ({"dataset_item_ids": "x"}, "dataset_item_ids must be a list"),
        ({"dataset_sampler": object()}, "dataset_sampler must have a method"),
        ({"dataset_filter_string": "data.n ="}, "dataset_filter_string|filter"),
        ({"experiment_tags": "tag"}, "experiment_tags must be a list"),
        ({"scoring_functions": [lambda x: x]}, r"must take the arguments dataset_item"),
        ({"experiment_scoring_functions": [1]}, "experiment_scoring_functions"),
        ({"task": lambda *, item: {}}, "cannot be called with one argument"),
        ({"task": lambda a, b: {}}, "cannot be called with one argument"),
    ],
)
def test_bad_arguments_are_named_and_change_nothing(store: Store, arguments: dict[str, Any], names: str) -> None:
    given = {"dataset": numbers(store, 1), "task": CountingTask(), **quiet(), **arguments}
    with pytest.raises(exceptions.ArgumentError, match=names):
        evaluate(**given)
    assert store.find() == ([], 0)


def test_an_old_version_can_be_evaluated(store: Store) -> None:
    dataset = numbers(store, 2)
    dataset.insert([{"n": 9}])
    task = CountingTask()
    evaluate(get_dataset("numbers", "v1"), task, **quiet())
    assert sorted(task.calls) == [0, 1]


def test_made_up_names_are_unique_and_begin_with_the_prefix(store: Store) -> None:
    dataset = numbers(store, 1)
    names = [
        evaluate(dataset, CountingTask(), experiment_name_prefix="run", **quiet()).experiment_name for _ in range(2)
    ]
    assert len(set(names)) == 2
    assert all(name is not None and name.startswith("run-") for name in names)


def test_progress_is_shown_on_stderr_unless_told_not_to(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = numbers(store, 2)
    evaluate(dataset, CountingTask(), experiment_name="shown", verbose=1)
    assert "shown: 2 of 2 runs" in capsys.readouterr().err  # no terminal: a line of its own
    evaluate(dataset, CountingTask(), experiment_name="drawn", display="bar")
    assert "drawn: 100%" in capsys.readouterr().err
    evaluate(dataset, CountingTask(), experiment_name="unseen", display=None)
    evaluate_resume("shown", CountingTask(), verbose=0)
    assert capsys.readouterr() == ("", "")


def test_a_complete_experiment_that_was_killed_before_its_end_gets_its_status_and_scores(store: Store) -> None:
    experiment = unstarted(store, "e", numbers(store, 2))
    for item in store.items(experiment.dataset_id, "v1"):
        store.record([complete(item.id, 0, experiment_id=experiment.id)])
    task = CountingTask()
    result = evaluate_resume("e", task, experiment_scoring_functions=[lambda r: ScoreResult("n", len(r))], **quiet())
    assert (task.total, result.complete, [s.value for s in result.experiment_scores]) == (0, True, [2.0])
    assert store.get(experiment.id).status == "completed"


@pytest.mark.parametrize(
    "door",
    [
        lambda twice: evaluate_resume("e", CountingTask(), twice, **quiet()),
        lambda twice: plan_resume("e", twice),
        lambda twice: evaluate_experiment("e", twice, verbose=0),
    ],
    ids=["evaluate_resume", "plan_resume", "evaluate_experiment"],
)
def test_two_metrics_of_one_name_are_refused_at_every_door(store: Store, door: Any) -> None:
    evaluate(numbers(store, 1), CountingTask(), experiment_name="e", **quiet())
    with pytest.raises(exceptions.ArgumentError, match="named 'equals_metric'"):
        door([Equals(), Equals()])
