"""What is sent while the server says of the experiment, or of what belongs to it, that it is not there."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from opik_resume import evaluate, evaluate_resume
from opik_resume.base.records import Experiment, ScoreResult
from opik_resume.metrics import Equals
from opik_resume.stores.opik import OpikStore
from opik_resume.stores.opik.rest import presence
from opik_resume.stores.opik.writing import dispatch, sending
from tests.builders import CountingTask, numbers
from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.opik_server.faulty import faults, missing
from tests.stores.opik.makers import finished, ours, theirs
from tests.stores.opik.writing.test_delivery import assert_delivered
from tests.waiting import until

A_FEW = len(presence.AGAIN)


def left_behind(server: OpikServer, store: OpikStore, count: int = 3) -> tuple[Experiment, OpikStore]:
    """Runs that a process has left for the next one, which knows nothing of their experiment."""
    experiment = ours(store, count)
    runs = finished(experiment, store)
    with server.down():
        store.record(runs)
        store.close()
        return experiment, OpikStore(store.settings, store.path)


def assert_in_its_place(server: OpikServer, experiment: Experiment) -> None:
    """Every run is in the experiment's project, with its item as input."""
    project_id = server.state.experiments[experiment.id]["project_id"]
    assert {trace["project_id"] for trace in server.state.traces.values()} == {project_id}
    assert all("n" in trace["input"] for trace in server.state.traces.values())


@pytest.mark.parametrize("times", [1, A_FEW])
def test_an_experiment_that_is_missed_for_a_moment_gets_its_runs(
    times: int, server: OpikServer, store: OpikStore
) -> None:
    experiment, fresh = left_behind(server, store)
    server.faults.add(*missing.experiment(experiment.id), times=times)
    assert fresh.flush(10)
    assert_in_its_place(server, experiment)
    assert_delivered(server, experiment, fresh.attempts(experiment.id, heavy=True))
    fresh.close()


@pytest.mark.parametrize("what", ["/versions/retrieve", "/datasets/{}"])
def test_so_does_one_whose_dataset_is_missed(what: str, server: OpikServer, store: OpikStore) -> None:
    experiment, fresh = left_behind(server, store)
    gone = faults.Status(404, body={"errors": ["Dataset not found"]})
    server.faults.add(gone, lambda request: request.path.endswith(what.format(experiment.dataset_id)), times=A_FEW)
    assert fresh.flush(10)
    assert_in_its_place(server, experiment)
    fresh.close()


def test_however_long_it_is_missed_no_run_goes_where_nobody_looks(
    server: OpikServer, store: OpikStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(dispatch, "RESTART_SECONDS", 0.0)
    experiment, fresh = left_behind(server, store, 30)
    away = server.faults.add(*missing.experiment(experiment.id), times=None)
    assert fresh.flush(10)
    assert len(fresh.pending().refused) == 30
    assert (server.state.traces, server.state.experiment_items) == ({}, {})
    assert away.hits <= A_FEW + 2, "it is asked for, not asked for with every run"
    assert "There is no experiment with the id" in caplog.text
    fresh.close()
    server.faults.remove(away)
    again = OpikStore(store.settings, store.path)
    assert again.flush(10), "once it is there the next start brings them"
    assert_in_its_place(server, experiment)
    assert_delivered(server, experiment, again.attempts(experiment.id, heavy=True))
    again.close()


def test_the_runs_of_other_experiments_are_not_held_up(
    server: OpikServer, store: OpikStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "RESTART_SECONDS", 0.0)
    other = ours(store, 3, "other")
    runs = sorted(finished(other, store), key=lambda a: a.id)
    experiment = ours(store)
    missed = finished(experiment, store)
    with server.down():
        store.record([run for pair in zip(missed, runs, strict=True) for run in pair])
        store.close()
        fresh = OpikStore(store.settings, store.path)
    server.faults.add(*missing.experiment(experiment.id), times=None)
    assert fresh.flush(10)
    assert_delivered(server, other, runs)
    assert len(fresh.pending(experiment.id).refused) == 3
    fresh.close()


def test_it_is_not_believed_for_ever_that_an_experiment_is_not_there(
    server: OpikServer, store: OpikStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "RESTART_SECONDS", 0.0)
    monkeypatch.setattr(sending, "BELIEVED_SECONDS", 0.0)
    experiment, fresh = left_behind(server, store)
    away = server.faults.add(*missing.experiment(experiment.id), times=None)
    assert fresh.flush(10)
    server.faults.remove(away)
    more = finished(experiment, fresh)[:1]
    fresh.record(more)
    assert fresh.flush(10)
    assert list(server.state.traces) == [more[0].id]
    assert_in_its_place(server, experiment)
    fresh.close()


def test_a_dataset_that_stays_away_is_looked_for_again_later(
    server: OpikServer, store: OpikStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs of a deleted dataset are delivered without their items; of one that comes back, with them."""
    monkeypatch.setattr(sending, "BELIEVED_SECONDS", 0.0)
    experiment, fresh = left_behind(server, store)
    away = server.faults.add(
        faults.Status(404, body={"errors": ["Dataset not found"]}), faults.to("POST", "/versions/retrieve"), times=None
    )
    assert fresh.flush(10)
    assert all("n" not in trace["input"] for trace in server.state.traces.values())
    server.faults.remove(away)
    fresh.record(more := finished(experiment, fresh)[:1])
    assert fresh.flush(10)
    assert "n" in server.state.traces[more[0].id]["input"]
    fresh.close()


@pytest.mark.parametrize("times", [A_FEW, None])
def test_a_run_of_anothers_that_is_missed_is_completed_or_it_is_said_why_not(
    times: int | None, server: OpikServer, api: Api, store: OpikStore
) -> None:
    experiment_id, item_ids = theirs(api)
    run = api.run(experiment_id, item_ids[0], output=None)
    (read,) = store.attempts(experiment_id, heavy=True)
    known = finished(ours(store, 1, "taken"), store)
    store.record(known)
    assert store.flush(10)
    server.faults.add(*missing.trace(run), times=times)
    scores = (ScoreResult("a", 1.0),)
    store.record(
        [replace(read, returned=True, complete=True, task_output={"output": "kept"}, error=None, scores=scores)]
    )
    assert store.flush(10)
    if times is None:
        assert "trace" in store.pending().refused[run]
    else:
        assert server.state.traces[run]["output"] == {"output": "kept"}


@pytest.mark.parametrize("when", ["at the start", "at the end"])
def test_an_experiment_that_a_colleague_deletes_meanwhile_breaks_no_run(
    when: str,
    server: OpikServer,
    store: OpikStore,
    api: Api,
    impatient: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(dispatch, "RESTART_SECONDS", 0.0)
    caplog.set_level(logging.WARNING, "opik_resume")
    call = {"at the start": 1, "at the end": 5}[when]

    def delete(item: object, number: int) -> bool:
        if task.total == call:
            (experiment_id,) = server.state.experiments
            api.ok("POST", "/experiments/delete", {"ids": [experiment_id]})
        return False

    task = CountingTask(fail=delete)
    result = evaluate(numbers(store, 5), task, [Equals()], verbose=0, task_threads=1, experiment_name="e")
    assert (result.complete, task.total) == (True, 5)


def test_a_whole_resume_while_the_experiment_is_missed_now_and_then(server: OpikServer, store: OpikStore) -> None:
    task = CountingTask(fail=lambda item, call: call == 1 and item["n"] % 2 == 0)
    result = evaluate(numbers(store, 6), task, [Equals()], verbose=0)
    for after in (0, 2, 3):
        server.faults.add(*missing.experiment(result.experiment_id, "GET", "PATCH"), times=A_FEW, after=after)
    again = evaluate_resume(result.experiment_id, task, [Equals()], verbose=0, store=store)
    assert (again.complete, task.total, again.undelivered) == (True, 9, 0)
    until(lambda: server.state.experiments[result.experiment_id]["status"] == "completed")
