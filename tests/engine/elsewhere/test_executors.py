"""Runs on executors of the user's: what comes back is what a run here would have brought, whatever the executor does."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from opik_resume import aevaluate, evaluate, evaluate_experiment, evaluate_resume, exceptions, plan_resume
from opik_resume.base.records import Attempt, Json
from opik_resume.engine.elsewhere.messages import Fit
from opik_resume.engine.elsewhere.packing import cloudpickle
from opik_resume.engine.retrying.policy import Retries
from opik_resume.engine.running import keeper
from opik_resume.evaluation.resume import prepare_resume
from opik_resume.metrics import Equals
from opik_resume.stores.protocol import Store
from tests.builders import numbers
from tests.experiments import unstarted
from tests.waiting import PATIENCE, until

HERE = os.getpid()


@pytest.fixture
def pool() -> Iterator[Executor]:
    with ProcessPoolExecutor(2) as executor:
        yield executor


@pytest.fixture
def threads() -> Iterator[Executor]:
    """In this process, and with all that is packed and unpacked for another one."""
    with ThreadPoolExecutor(2) as executor:
        yield executor


def answer(item: Json) -> Json:
    print(f"item {item['n']}")
    return {"output": str(item["n"]), "pid": os.getpid()}


def attempts(store: Store, name: str) -> list[Attempt]:
    return list(store.attempts(store.named(name)[0].id, heavy=True))


def test_task_and_metrics_of_closures_run_in_other_processes_and_all_of_it_comes_back(
    store: Store, pool: Executor
) -> None:
    factor = 2  # a closure, which the pool's own pickle refuses

    def task(item: Json) -> Json:
        return {**answer(item), "output": str(item["n"] * factor // factor), "object": object()}

    class Judge:
        name = "judge"

        def score(self, output: str, **_: Any) -> Any:
            print("judging")
            return float(os.getpid() != HERE)

    result = evaluate(
        numbers(store, 6), task, [Equals(), Judge()], experiment_name="e", verbose=0, task_threads=3,
        cost=lambda item, output: item["n"] * 0.5, executor=pool,
    )  # fmt: skip
    assert result.complete
    made = attempts(store, "e")
    assert {score.value for attempt in made for score in attempt.scores} == {1.0}
    assert {attempt.task_output["pid"] for attempt in made if attempt.task_output} <= {*_pids(pool)}
    assert all(attempt.prints and "item" in attempt.prints and "judging" in attempt.prints for attempt in made)
    assert all(attempt.task_seconds and attempt.scoring_seconds and attempt.version for attempt in made)
    assert sum(attempt.cost or 0.0 for attempt in made) == sum(range(6)) * 0.5
    assert all("kept as its repr: ['object']" in attempt.notes[0] for attempt in made), "no object has to travel"
    again = evaluate_resume("e", task, [Equals(), Judge()], verbose=0)
    assert again.complete
    assert plan_resume("e", [Equals(), Judge()], task=task).warning is None, "versions are those of a run here"


def _pids(pool: Any) -> list[int]:
    return list(pool._processes)


class OddError(Exception):
    """Not to be sent: it holds on to a client, as those of some providers."""

    def __init__(self, *, response: str) -> None:
        super().__init__(f"refused: {response}")
        self.client = threading.Lock()


def test_errors_come_back_with_their_causes_and_the_users_frames(store: Store, pool: Executor) -> None:
    def asking(n: int) -> None:
        raise KeyError(n)

    def task(item: Json) -> Json:
        if item["n"] == 0:
            raise OddError(response="no")
        try:
            asking(item["n"])
        except KeyError as error:
            raise ValueError("no answer") from error
        return {}

    result = evaluate(numbers(store, 3), task, [], experiment_name="e", verbose=0, task_threads=2, executor=pool)
    failures = {attempt.error.exception_type: attempt.error for attempt in attempts(store, "e") if attempt.error}
    assert set(failures) == {"OddError", "ValueError"}
    trace = failures["ValueError"].traceback
    assert "in asking" in trace
    assert "direct cause" in trace
    assert "opik_resume/engine" not in trace
    assert len(result.failures) == 3
    with pytest.raises(ValueError, match="no answer") as raised:
        evaluate_resume(
            "e", task, [], verbose=0, only="ValueError*", task_threads=1, raise_on_failure=True, executor=pool
        )
    assert "in asking" in raised.value.__notes__[0]
    with pytest.raises(exceptions.FailedElsewhere, match="OddError: refused: no"):
        evaluate_resume("e", task, [], verbose=0, only="OddError*", raise_on_failure=True, executor=pool)


def test_coroutines_run_in_the_workers_own_loop_also_for_aevaluate(store: Store, pool: Executor) -> None:
    async def task(item: Json) -> Json:
        await asyncio.sleep(0)
        return answer(item)

    result = asyncio.run(aevaluate(numbers(store, 4), task, [Equals()], experiment_name="e", verbose=0, executor=pool))
    assert result.complete
    assert HERE not in {attempt.task_output["pid"] for attempt in attempts(store, "e") if attempt.task_output}


def test_tries_are_decided_here_and_made_there_in_one_attempt(store: Store, pool: Executor, tmp_path: Path) -> None:
    class RateLimitError(Exception):
        pass

    def task(item: Json) -> Json:
        seen = tmp_path / str(item["n"])
        print("asking")
        if not seen.exists():
            seen.touch()
            error = RateLimitError("slowly")
            error.retry_after = 0.01  # type: ignore[attr-defined]
            raise error
        return answer(item)

    events: list[Any] = []
    unstarted(store, "e", numbers(store, 3))
    run = prepare_resume(plan_resume("e"), task, [Equals()], retries=Retries(2), executor=pool, listener=events.append)
    run.start()
    assert run.wait(PATIENCE)
    for attempt in attempts(store, "e"):
        assert attempt.complete
        assert [tried.error_type for tried in attempt.tries] == ["RateLimitError", None]
        assert attempt.tries[0].waited > 0
        assert attempt.prints is not None
        assert attempt.prints.count("asking") == 2
        assert round(attempt.task_seconds or 0, 3) >= attempt.tries[0].waited  # which is kept in milliseconds
    kinds = [type(event).__name__ for event in events]
    assert kinds.count("Waiting") == kinds.count("TriedAgain") == 3


def test_what_a_provider_refuses_to_all_for_long_enough_is_not_waited_for_by_each(
    store: Store, threads: Executor
) -> None:
    def task(item: Json) -> Json:
        raise OSError("HTTP 429")

    options: Json = {"task_threads": 4, "max_wait": 0.3, "max_seconds": 20, "verbose": 0}
    result = evaluate(numbers(store, 60), task, experiment_name="e", executor=threads, **options)
    assert result.stopped_by is None
    assert set(result.failures.state) == {"task_failed"}


def test_a_process_that_is_killed_interrupts_its_runs_and_a_resume_finishes(store: Store) -> None:
    def task(item: Json) -> Json:
        if item["n"] == 390:  # one of the first: the other process must not have done all before the death is noticed
            os.kill(os.getpid(), signal.SIGKILL)
        return answer(item)

    dataset = numbers(store, 400)
    with ProcessPoolExecutor(2) as pool, pytest.raises(exceptions.ExecutorBroken, match="make a new one") as broken:
        evaluate(dataset, task, [Equals()], experiment_name="e", verbose=0, task_threads=2, executor=pool)
    result: Any = broken.value.result
    assert isinstance(broken.value.__cause__, BrokenProcessPool)
    assert set(result.failures.state) <= {"interrupted", "never_run"}
    assert len(result.test_results) + len(result.failures) == 400
    lost = [attempt.error for attempt in attempts(store, "e") if attempt.error]
    assert {error.exception_type for error in lost} == {"WorkerLost"}
    assert store.leases.holder(result.experiment_id) is None
    with ProcessPoolExecutor(2) as pool:
        whole = evaluate_resume("e", answer, [Equals()], verbose=0, on_drift="ignore", executor=pool)
    assert whole.complete


def test_after_a_stop_no_task_begins_and_those_that_have_are_recorded(store: Store, tmp_path: Path) -> None:
    go = tmp_path / "go"

    def task(item: Json) -> Json:
        (tmp_path / f"begun {item['n']}").touch()
        until(go.exists)
        return answer(item)

    unstarted(store, "e", numbers(store, 20))
    with ProcessPoolExecutor(2) as pool:
        run = prepare_resume(plan_resume("e"), task, [Equals()], task_threads=8, executor=pool)
        run.start()
        until(lambda: len(list(tmp_path.glob("begun *"))) == 2)
        run.stop()
        go.touch()
        assert run.wait(PATIENCE)
    assert len(list(tmp_path.glob("begun *"))) == 2, "not even what the pool had fetched ahead"
    assert run.outcome == "stopped"
    made = attempts(store, "e")
    assert sum(attempt.complete for attempt in made) == 2
    assert {attempt.error.exception_type for attempt in made if attempt.error} == {"CancelledError"}
    assert len(plan_resume("e")) == 18


class Slow(Executor):
    """Answers when it is told."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Callable[[], Any]]] = []
        self.most = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, lambda: fn(*args, **kwargs)))
        self.most = max(self.most, len(self.waiting))
        return future

    def go_on(self) -> None:
        future, call = self.waiting.pop(0)
        future.set_result(call())


def test_task_threads_bounds_what_is_out_and_takes_no_thread_each(store: Store) -> None:
    executor = Slow()
    unstarted(store, "e", numbers(store, 60))
    before = threading.active_count()
    run = prepare_resume(plan_resume("e"), answer, [Equals()], task_threads=40, executor=executor)
    run.start()
    until(lambda: len(executor.waiting) == 40)
    assert threading.active_count() - before < 30
    while run.active:
        until(lambda: executor.waiting or not run.active)
        if executor.waiting:
            executor.go_on()
    assert executor.most == 40
    assert not len(plan_resume("e"))


def test_a_late_answer_is_recorded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "GRACE_SECONDS", 0.1)
    executor = Slow()
    unstarted(store, "e", numbers(store, 2))
    run = prepare_resume(plan_resume("e"), answer, [Equals()], task_threads=1, executor=executor)
    run.start()
    until(lambda: executor.waiting)
    future, call = executor.waiting.pop()
    if pickle.loads(call())[0][0] == "missing":
        future.set_result(call())
        until(lambda: executor.waiting)
        future, call = executor.waiting.pop()
    late = call()  # it has been made before the stop, and its answer is on the way
    run.stop()
    assert run.wait(PATIENCE)
    assert not any(attempt.complete for attempt in attempts(store, "e"))
    future.set_result(late)
    until(lambda: any(attempt.complete for attempt in attempts(store, "e")))
    assert run.settle(PATIENCE)


def test_the_kit_travels_once_to_each_worker(store: Store) -> None:
    sent: list[int] = []

    class Counting(ThreadPoolExecutor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            sent.append(len(args))
            return super().submit(fn, *args, **kwargs)

    big = os.urandom(100_000)

    def task(item: Json) -> Json:
        return {"output": str(item["n"]), "size": len(big)}

    with Counting(1) as executor:
        evaluate(numbers(store, 20), task, [Equals()], verbose=0, task_threads=1, executor=executor)
    assert sent.count(4) == 1
    assert sent.count(3) == 20


def test_what_cannot_be_sent_is_said_before_anything_is_recorded(store: Store, threads: Executor) -> None:
    lock = threading.Lock()
    dataset = numbers(store, 2)

    def task(item: Json) -> Json:
        with lock:
            return answer(item)

    with pytest.raises(exceptions.ArgumentError, match="task cannot be sent to a worker: TypeError: cannot pickle"):
        evaluate(dataset, task, [], experiment_name="e", verbose=0, executor=threads)
    with pytest.raises(exceptions.ArgumentError, match="executor must be"):
        evaluate(dataset, answer, [], experiment_name="e", verbose=0, executor=3)  # type: ignore[arg-type]
    assert not store.named("e")


@pytest.mark.parametrize("executor", [3, object(), ThreadPoolExecutor])
def test_what_is_no_executor_is_refused(store: Store, executor: Any) -> None:
    with pytest.raises(exceptions.ArgumentError, match="executor must be a concurrent"):
        evaluate(numbers(store, 1), answer, executor=executor, verbose=0)
    assert not store.find()[0]


class Client:
    """As dask's: its ``submit`` gives futures of its own, and its executor is another object."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Any:
        raise AssertionError("nothing is paid for")

    def get_executor(self) -> Executor:
        raise AssertionError("to make workers is not ours")


def test_a_client_that_has_an_executor_is_none_itself(store: Store) -> None:
    with pytest.raises(exceptions.ArgumentError, match=r"get_executor\(\), got Client"):
        evaluate(numbers(store, 1), answer, executor=Client(), verbose=0)  # type: ignore[arg-type]
    assert not store.find()[0]


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise ValueError("it has no words")


class Giving(Executor):
    """Its ``submit`` gives this, or raises it."""

    def __init__(self, given: Any) -> None:
        self.given = given

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if isinstance(self.given, BaseException):
            raise self.given
        return self.given(fn, args) if callable(self.given) else self.given


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "gave NoneType for a call, and no concurrent.futures.Future"),
        (lambda fn, args: fn(*args), "gave bytes for a call"),
        (object(), "gave object for a call"),
        (RuntimeError("cannot schedule new futures"), "takes no more runs: RuntimeError: cannot schedule"),
        (UnspeakableError(), "takes no more runs: UnspeakableError: <the exception cannot be shown: ValueError>"),
        (SystemExit("bye"), "takes no more runs: SystemExit: bye"),
        (BaseException(), "takes no more runs: BaseException"),
    ],
)
@pytest.mark.parametrize("threads", [1, 32])
def test_an_executor_that_gives_no_future_ends_the_call_and_is_named(
    store: Store, given: Any, said: str, threads: int
) -> None:
    with pytest.raises(exceptions.ExecutorBroken) as broken:
        evaluate(numbers(store, 4), answer, verbose=0, task_threads=threads, executor=Giving(given))
    assert f"executor Giving {said}" in str(broken.value)
    result: Any = broken.value.result
    assert list(result.failures.state) == ["never_run"] * 4 or "interrupted" in set(result.failures.state)
    assert store.leases.holder(result.experiment_id) is None


@pytest.mark.parametrize("answers", [42, b"no pickle", pickle.dumps([]), pickle.dumps(3)])
def test_what_is_no_answer_of_ours_ends_the_cell(store: Store, answers: Any) -> None:
    def submit(fn: Callable[..., Any], args: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(answers)
        return future

    result = evaluate(numbers(store, 2), answer, verbose=0, executor=Giving(submit))
    assert set(result.failures.error_type) <= {"FailedElsewhere", "WorkerLost"}
    assert (
        "executor could not pass on this call" in result.failures.message[0] or "was lost" in result.failures.message[0]
    )


def test_without_cloudpickle_it_names_the_extra(
    store: Store, threads: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with pytest.raises(exceptions.ArgumentError, match=r"pip install opik-resume\[dask\]"):
        evaluate(numbers(store, 1), answer, [], verbose=0, executor=threads)


def test_a_worker_that_does_not_fit_says_so_in_the_cell(
    store: Store, threads: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = iter([Fit("3.11", "1")])  # here, and then there
    monkeypatch.setattr(Fit, "here", lambda: next(fits, Fit("3.9", "0")))
    evaluate(numbers(store, 1), answer, [], experiment_name="e", verbose=0, executor=threads)
    (attempt,) = attempts(store, "e")
    assert attempt.error is not None
    assert attempt.error.exception_type == "FailedElsewhere"
    assert "Python 3.9 and opik-resume 0" in attempt.error.message


def test_what_a_worker_cannot_unpack_fails_the_cell(
    store: Store, threads: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(payload: bytes) -> Any:
        raise ModuleNotFoundError("No module named 'mine'")

    monkeypatch.setattr(cloudpickle(), "loads", broken)
    result = evaluate(numbers(store, 2), answer, [], experiment_name="e", verbose=0, executor=threads)
    assert list(result.failures.state) == ["task_failed"] * 2
    assert "No module named 'mine'" in result.failures.message[0]


def test_scoring_alone_runs_there_too(store: Store, pool: Executor) -> None:
    evaluate(numbers(store, 4), answer, [], experiment_name="e", verbose=0)

    class Where:
        name = "where"

        def score(self, output: str, **_: Any) -> Any:
            if output == "3":
                raise ValueError("odd")
            return float(os.getpid() != HERE)

    result = evaluate_experiment("e", [Where()], verbose=0, executor=pool)
    scores = [score for each in result.test_results for score in each.score_results]
    assert sorted((score.name, score.value, score.scoring_failed) for score in scores) == [
        ("where", 0.0, True), *[("where", 1.0, False)] * 3,
    ]  # fmt: skip


def test_a_worker_lost_while_scoring_alone_leaves_what_was_there(store: Store) -> None:
    class Lost(Executor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_exception(RuntimeError("gone"))
            return future

    evaluate(numbers(store, 2), answer, [Equals()], experiment_name="e", verbose=0)
    result = evaluate_experiment("e", [Equals(name="other")], verbose=0, include_kept=True, executor=Lost())
    for each in result.test_results:
        scores = {score.name: score for score in each.score_results}
        assert scores["equals_metric"].value == 1.0
        assert scores["other"].scoring_failed
        assert "the worker that was on this run was lost" in (scores["other"].reason or "")
