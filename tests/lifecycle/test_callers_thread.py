"""With one worker, sync tasks and metrics run in the thread that called the door, as in Opik; all else runs elsewhere."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_experiment, evaluate_resume, exceptions
from opik_resume.base.records import Json, ScoreResult
from opik_resume.evaluation import plan_resume
from opik_resume.evaluation.resume import prepare_resume
from opik_resume.metrics import BaseMetric, Equals
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers
from tests.experiments import result_of, unstarted

PATIENCE = 20.0


class Noting(BaseMetric):
    """A metric that notes its thread."""

    def __init__(self) -> None:
        super().__init__(name="noting")
        self.threads: set[threading.Thread] = set()

    def score(self, output: str, **_: Any) -> ScoreResult:
        self.threads.add(threading.current_thread())
        return ScoreResult(self.name, 1.0)


class Where:
    """A task that notes its thread."""

    def __init__(self) -> None:
        self.threads: set[threading.Thread] = set()

    def __call__(self, item: Json) -> Json:
        self.threads.add(threading.current_thread())
        return {"output": str(item["n"])}


@pytest.mark.parametrize("threads", [1, 2])
def test_task_and_metrics_run_in_the_callers_thread(store: Store, threads: int) -> None:
    dataset = numbers(store, 4)
    here = {threading.current_thread()}
    seen = []
    doors: list[Callable[[Where, Noting], object]] = [
        lambda task, metric: evaluate(
            dataset, task, [metric], experiment_name="e", task_threads=threads, verbose=0, nb_samples=2
        ),
        lambda task, metric: evaluate_experiment("e", [metric], scoring_threads=threads, verbose=0, store=store),
        lambda task, metric: evaluate_resume(
            unstarted(store, "r", dataset).id, task, [metric], task_threads=threads, verbose=0, store=store
        ),
    ]
    for door in doors:
        task, metric = Where(), Noting()
        door(task, metric)
        seen.append(task.threads | metric.threads)
    assert [threads == here for threads in seen] == [threads == 1] * 3


def test_without_anybody_who_waits_a_worker_does_it(store: Store) -> None:
    """As a click in the widget."""
    unstarted(store, "e", numbers(store, 3))
    task = Where()
    run = prepare_resume(plan_resume("e", store=store), task, task_threads=1, store=store)
    run.start()
    assert run.wait(PATIENCE)
    assert threading.current_thread() not in task.threads


def test_what_belongs_to_the_callers_thread_may_be_used(store: Store) -> None:
    connection = sqlite3.connect(":memory:")  # refuses other threads

    def late(*_: object) -> None:
        raise TimeoutError("too late")

    def task(item: Json) -> Json:
        before = signal.signal(signal.SIGALRM, late)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.001 if item["n"] == 1 else PATIENCE)
            while item["n"] == 1:
                pass
            return {"output": str(connection.execute("SELECT ?", (item["n"],)).fetchone()[0])}
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    result = evaluate(numbers(store, 3), task, [Equals()], task_threads=1, verbose=0)
    connection.close()
    assert len(result.test_results) == 2
    (failure,) = result.failed_runs
    assert (failure.error_type, failure.message) == ("TimeoutError", "too late")
    assert "opik_resume" not in failure.traceback, "the traceback begins where the user's code does"


def test_coroutines_run_on_the_loop_all_the_same(store: Store) -> None:
    threads = set()

    async def task(item: Json) -> Json:
        await asyncio.sleep(0)
        threads.add(threading.current_thread())
        return {"output": str(item["n"])}

    assert evaluate(numbers(store, 3), task, [Equals()], task_threads=1, verbose=0).complete
    assert threading.current_thread() not in threads
    assert len(threads) == 1


def interrupted_while_it_sleeps(item: Json) -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    threading.Event().wait(PATIENCE)


def test_an_interrupt_ends_the_running_task_and_its_cell_is_interrupted(store: Store) -> None:
    def sleepy(item: Json, call: int) -> bool:
        if item["n"] == 3 and call == 1:
            interrupted_while_it_sleeps(item)
        return False

    task = CountingTask(sleepy)
    with pytest.raises(exceptions.EvaluationInterrupted) as caught:
        evaluate(numbers(store, 6), task, [Equals()], experiment_name="e", task_threads=1, verbose=0)
    result = result_of(caught.value.result.experiment_id, store)
    assert len(caught.value.result.test_results) == len(result.test_results) == 2
    assert sorted(failure.state.name for failure in result.failed_runs) == ["interrupted"] + ["never_run"] * 3
    resumed = evaluate_resume("e", task, [Equals()], verbose=0, store=store)
    assert resumed.complete
    assert sum(task.calls.values()) == 7, "only the interrupted one is called again"


def test_an_interrupt_in_a_metric_keeps_what_the_task_returned(store: Store) -> None:
    class Sleepy(BaseMetric):
        def score(self, output: str, **_: Any) -> ScoreResult:
            if output == "3":
                interrupted_while_it_sleeps({})
            return ScoreResult(self.name, 1.0)

    with pytest.raises(exceptions.EvaluationInterrupted) as caught:
        evaluate(numbers(store, 6), CountingTask(), [Sleepy("sleepy")], task_threads=1, verbose=0)
    attempts = store.attempts(caught.value.result.experiment_id, heavy=True)
    assert sorted(a.task_output["output"] for a in attempts if a.task_output is not None) == ["3", "4", "5"]
    assert [a.complete for a in attempts if (a.task_output or {}).get("output") == "3"] == [False]


@pytest.mark.parametrize("error", [SystemExit, GeneratorExit])
def test_what_else_a_task_raises_harms_only_its_cell(store: Store, error: type[BaseException]) -> None:
    def broken(item: Json) -> Json:
        if item["n"] == 1:
            raise error
        return {"output": str(item["n"])}

    result = evaluate(numbers(store, 3), broken, task_threads=1, verbose=0)
    assert len(result.test_results) == 2
    assert result_of(result.experiment_id, store).expected == 3


def test_the_sampler_is_called_there_too(store: Store) -> None:
    threads = set()

    class Sampler:
        def sample(self, items: list[Any]) -> list[Any]:
            threads.add(threading.current_thread())
            return items[:1]

    evaluate(numbers(store, 3), Where(), dataset_sampler=Sampler(), verbose=0)
    assert threads == {threading.current_thread()}
