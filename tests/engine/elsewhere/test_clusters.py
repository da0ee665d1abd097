"""Real clusters: two workers of dask.distributed, each a process of its own, and the engines of ipyparallel."""

from __future__ import annotations

import importlib
import logging
import os
import signal
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_resume, plan_resume
from opik_resume.base.records import Json
from opik_resume.evaluation.resume import prepare_resume
from opik_resume.metrics import Equals
from opik_resume.stores.protocol import Store
from tests.builders import numbers
from tests.experiments import unstarted
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.filterwarnings("default")  # what dask and ipyparallel do is theirs

HERE = os.getpid()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Of a cluster that begins nothing again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import dask
        import distributed

        start: Any = distributed

        settings = {
            "distributed.scheduler.allowed-failures": 0,
            "temporary-directory": str(tmp_path_factory.mktemp("dask")),
        }
        with (
            dask.config.set(settings),
            start.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
            start.Client(cluster) as client,
        ):
            client.wait_for_workers(2)
            yield client


def begun(folder: Path) -> Counter[int]:
    return Counter(int(path.name.split()[0]) for path in folder.iterdir())


def test_a_worker_that_is_killed_interrupts_its_runs_the_rest_completes_and_nothing_is_paid_twice(
    store: Store, client: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    calls = tmp_path / "calls"
    calls.mkdir()

    def task(item: Json) -> Json:  # a closure, as of a notebook
        (calls / f"{item['n']} {time.time_ns()} {os.getpid()}").touch()
        if item["n"] == 20:
            os.kill(os.getpid(), signal.SIGKILL)
        print(f"item {item['n']}")
        return {"output": str(item["n"]), "pid": os.getpid()}

    dataset = numbers(store, 40)
    result = evaluate(
        dataset, task, [Equals()], experiment_name="e", verbose=0, task_threads=4, executor=client.get_executor()
    )
    assert "allowed-failures" not in caplog.text
    made = list(store.attempts(result.experiment_id, heavy=True))
    lost = [attempt for attempt in made if attempt.error is not None]
    assert 1 <= len(lost) <= 4, "what that worker had, and no more"
    assert {attempt.error.exception_type for attempt in lost if attempt.error} == {"WorkerLost"}
    assert any("KilledWorker" in attempt.error.message for attempt in lost if attempt.error)
    assert set(result.failures.state) == {"interrupted"}
    assert len(result.test_results) == 40 - len(lost)
    assert set(begun(calls).values()) == {1}, "nothing was begun twice, nor what was done and not yet fetched"
    assert all(
        attempt.prints == f"item {(attempt.task_output or {})['output']}\n" for attempt in made if attempt.complete
    )
    assert HERE not in {(attempt.task_output or {}).get("pid") for attempt in made}

    def mended(item: Json) -> Json:
        return {"output": str(item["n"])}

    whole = evaluate_resume("e", mended, [Equals()], verbose=0, on_drift="ignore", executor=client.get_executor())
    assert whole.complete


def test_stop_reaches_the_workers_and_what_has_begun_is_recorded(store: Store, client: Any, tmp_path: Path) -> None:
    calls, go = tmp_path / "calls", tmp_path / "go"
    calls.mkdir()
    client.wait_for_workers(2)

    def task(item: Json) -> Json:
        (calls / f"{item['n']} {os.getpid()}").touch()
        while not go.exists():
            time.sleep(0.01)
        return {"output": str(item["n"])}

    unstarted(store, "e", numbers(store, 12))
    run = prepare_resume(plan_resume("e"), task, [Equals()], task_threads=8, executor=client.get_executor())
    elsewhere: Any = run._elsewhere
    elsewhere._mark = tmp_path / "mark"  # another machine does not see the file
    run.start()
    until(lambda: len(begun(calls)) == 2)
    run.stop()
    until(lambda: len(client.run(_stopped, run.id)) == 2 and all(client.run(_stopped, run.id).values()))
    go.touch()
    assert run.wait(PATIENCE)
    made = list(store.attempts(run.experiment_id))
    assert sum(attempt.complete for attempt in made) == 2
    assert len(begun(calls)) == 2


def _known(dask_scheduler: Any) -> Any:
    return getattr(dask_scheduler, "opik_resume", None)


def _stopped(run_id: str) -> bool:
    from opik_resume.engine.elsewhere import remote

    return run_id in remote._stopped


def test_it_warns_where_dask_would_begin_again_what_a_lost_worker_was_on(
    store: Store, client: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.cluster.scheduler, "allowed_failures", 3)
    with caplog.at_level(logging.WARNING):
        evaluate(numbers(store, 1), lambda item: {}, [], verbose=0, executor=client.get_executor())
    assert "up to 3 times" in caplog.text
    assert "allowed-failures to 0" in caplog.text
    calls = tmp_path / "calls"
    calls.mkdir()

    def task(item: Json) -> Json:
        (calls / f"{item['n']} {time.time_ns()}").touch()
        if item["n"] == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return {}

    executor = client.get_executor()
    result = evaluate(numbers(store, 10, "ten"), task, [], verbose=0, task_threads=4, executor=executor)
    assert set(begun(calls).values()) == {1}, "and it is refused, if it does"
    assert set(result.failures.state) == {"interrupted"}
    until(lambda: not client.run_on_scheduler(_known))


def test_the_engines_of_ipyparallel(store: Store) -> None:
    ipyparallel: Any = importlib.import_module("ipyparallel")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with ipyparallel.Cluster(n=1, log_level=logging.ERROR) as engines:
            executor = engines.load_balanced_view().executor

            def task(item: Json) -> Json:
                return {"output": str(item["n"]), "pid": os.getpid()}

            result = evaluate(numbers(store, 4), task, [Equals()], verbose=0, task_threads=2, executor=executor)
    assert result.complete
    pids = {(attempt.task_output or {})["pid"] for attempt in store.attempts(result.experiment_id, heavy=True)}
    assert HERE not in pids
