"""What is finished reaches the server: through every fault, in the right order, once, whoever dies."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opik_resume import create_dataset, evaluate, evaluate_resume, experiments, plan_resume
from opik_resume.base.records import Attempt, Experiment, ScoreResult
from opik_resume.base.settings import opik_settings
from opik_resume.exceptions import DatasetAlreadyExists, ServerUnreachable
from opik_resume.metrics import Equals
from opik_resume.stores.file import journal
from opik_resume.stores.opik import OpikStore
from opik_resume.stores.opik import store as opik_store
from opik_resume.stores.opik.writing import delivery
from tests.builders import BOOM, CountingTask, failed, numbers
from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.opik_server.faulty import faults
from tests.opik_server.serving.wire import Request
from tests.stores.opik.makers import finished, ours, theirs
from tests.waiting import until

BATCHES = ["/experiments/items", "/traces/feedback-scores", "/spans/batch", "/traces/batch"]
FAULTS: dict[str, faults.Action] = {
    "500": faults.Status(500),
    "503 after the work": faults.Status(503, processed=True),
    "429 with reset": faults.rate_limited(reset=0),
    "429 with retry-after": faults.rate_limited(retry_after=0),
    "429": faults.rate_limited(),
    "401": faults.Status(401),
    "dropped before": faults.DropBefore(),
    "reset before": faults.DropBefore(reset=True),
    "dropped after": faults.DropAfter(),
    "reset after": faults.DropAfter(reset=True),
    "not Opik": faults.Status(404, body="<html>nothing here</html>"),
}


def on_server(server: OpikServer, experiment_id: str) -> list[dict[str, Any]]:
    """The traces linked to an experiment, each once a link."""
    state = server.state
    return [state.traces[state.experiment_items[link]["trace_id"]] for link in state.items_of_experiment[experiment_id]]


def assert_delivered(server: OpikServer, experiment: Experiment, attempts: list[Attempt]) -> None:
    traces = on_server(server, experiment.id)
    assert sorted(trace["id"] for trace in traces) == [attempt.id for attempt in attempts], "all, and each once"
    assert all("output" in trace for trace in traces)
    assert all(set(server.state.scores[attempt.id]) == {"equals"} for attempt in attempts)
    assert all(len(server.state.spans_of_trace[attempt.id]) == 3 for attempt in attempts)


@pytest.mark.parametrize("times", [1, 5])
@pytest.mark.parametrize("path", BATCHES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_request_loses_nothing_and_doubles_nothing(
    fault: str, path: str, times: int, server: OpikServer, store: OpikStore
) -> None:
    experiment = ours(store)
    attempts = finished(experiment, store)[::-1]
    server.faults.add(
        FAULTS[fault], lambda request: request.path.endswith(path) and faults.is_write(request), times=times
    )
    store.record(attempts)
    assert store.flush(10)
    assert_delivered(server, experiment, sorted(attempts, key=lambda a: a.id))
    assert not len(store.pending())


def test_a_trace_with_an_output_comes_after_its_link_scores_and_spans(server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store, 20)
    attempts = finished(experiment, store)
    threads = [threading.Thread(target=store.record, args=([attempt],)) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.flush(10)
    order: dict[str, list[str]] = {attempt.id: [] for attempt in attempts}
    for request in server.requests:
        for row in faults.batch_of(request):
            order.setdefault(row.get("trace_id") or row.get("id", ""), []).append(request.path)
    for attempt in attempts:
        *before, last = order[attempt.id]
        assert last == "/v1/private/traces/batch"
        assert {path.removeprefix("/v1/private") for path in before} == set(BATCHES[:3])


def test_few_wait_for_more_and_many_or_somebody_who_waits_do_not(
    server: OpikServer, store: OpikStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "GATHER_SECONDS", 60)
    experiment = ours(store, 300)
    attempts = finished(experiment, store)
    for attempt in attempts[:20]:
        store.record([attempt])
    assert not server.asked("POST", "/traces/batch")
    assert store.flush(10)
    assert [len(request.body["traces"]) for request in server.asked("POST", "/traces/batch")] == [20]
    store.record(attempts[20:])
    until(lambda: len(server.asked("POST", "/traces/batch")) == 2)


def test_what_is_recorded_is_seen_before_the_server_has_it(server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store)
    attempts = sorted(finished(experiment, store), key=lambda a: a.id)
    server.faults.add(faults.Status(500), faults.is_write, times=None)
    store.record(attempts)
    assert store.attempts(experiment.id, heavy=True) == attempts
    assert store.attempt(attempts[0].id) == attempts[0]
    assert len(plan_resume(experiment.id, store=store)) == 0
    assert store.pending(experiment.id).waiting == 3
    until(lambda: store.pending().problem)
    assert "cannot answer at the moment" in str(store.pending().problem)
    server.faults.clear()
    assert store.flush(10)
    assert store.attempts(experiment.id, heavy=True) == attempts


def test_a_row_leaves_the_journal_once_a_live_read_has_shown_it(server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store)
    attempts = finished(experiment, store)
    store.record(attempts)
    assert store.flush(10)
    assert len(store._journal.entries(experiment.id)) == 3
    store.attempts(experiment.id)
    until(lambda: not store._journal.entries(experiment.id))
    assert store.attempts(experiment.id, heavy=True) == sorted(attempts, key=lambda a: a.id)


def test_what_was_acknowledged_and_is_not_there_is_sent_again(
    server: OpikServer, store: OpikStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that was restored from a backup, or something between us that said yes in its place."""
    experiment = ours(store)
    attempts = sorted(finished(experiment, store), key=lambda a: a.id)
    store.record(attempts)
    assert store.flush(10)
    server.state.traces.clear()
    assert store.attempts(experiment.id, heavy=True) == attempts, "it is complete all the same"
    assert not store.pending().waiting, "a read may lag for a while"
    monkeypatch.setattr(opik_store, "LOST_AFTER", 0)
    assert store.attempts(experiment.id, heavy=True) == attempts
    assert store.flush(10)
    assert_delivered(server, experiment, attempts)
    store.attempts(experiment.id)
    until(lambda: not store._journal.entries(experiment.id))


def test_a_repair_replaces_the_whole_row(server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store, 1)
    (whole,) = finished(experiment, store)
    broken = failed(
        whole.item_id, 0, id=whole.id, experiment_id=experiment.id, returned=True, task_output={"output": "kept"}
    )
    store.record([broken])
    assert store.flush(10)
    assert "output" not in server.state.traces[whole.id]
    assert store.attempts(experiment.id)[0].returned
    repaired = replace(broken, complete=True, error=None, scores=whole.scores)
    store.record([repaired])
    assert store.flush(10)
    trace = server.state.traces[whole.id]
    assert (trace["output"], "error_info" in trace) == ({"output": "kept"}, False)
    assert_delivered(server, experiment, [repaired])


def test_a_poison_row_is_found_kept_and_visible(
    server: OpikServer, store: OpikStore, caplog: pytest.LogCaptureFixture
) -> None:
    experiment = ours(store, 9)
    attempts = finished(experiment, store)
    poison = attempts[4]
    server.faults.poison(lambda row: row.get("id") == poison.id, faults.to("POST", "/traces/batch"))
    store.record(attempts)
    assert store.flush(10)
    pending = store.pending(experiment.id)
    assert (pending.waiting, list(pending.refused)) == (0, [poison.id])
    assert "injected poison row" in pending.refused[poison.id]
    assert len(server.state.traces) == 8
    assert len(plan_resume(experiment.id, store=store)) == 0, "it is complete all the same"
    server.faults.clear()
    store.close()
    again = OpikStore(store.settings, store.path)
    assert again.flush(10), "the next start tries once more"
    assert not len(again.pending())
    assert poison.id in server.state.traces
    again.close()


@pytest.mark.parametrize("path", BATCHES)
def test_poison_in_any_batch_holds_up_nothing_else(path: str, server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store, 20)
    attempts = sorted(finished(experiment, store), key=lambda a: a.id)
    poison = {attempts[4].id, attempts[11].id}
    fault = server.faults.poison(
        lambda row: row.get("trace_id", row.get("id")) in poison, lambda request: request.path.endswith(path)
    )
    store.record(attempts)
    assert store.flush(10)
    assert fault.hits > 2
    pending = store.pending(experiment.id)
    assert (pending.waiting, set(pending.refused)) == (0, poison)
    assert set(server.state.traces) == {attempt.id for attempt in attempts} - poison
    assert len(plan_resume(experiment.id, store=store)) == 0
    server.faults.clear()
    store.close()
    again = OpikStore(store.settings, store.path)
    assert again.flush(10)
    assert_delivered(server, experiment, attempts)
    again.close()


def test_a_server_that_goes_down_and_comes_back(server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store)
    attempts = sorted(finished(experiment, store), key=lambda a: a.id)
    with server.down():
        store.record(attempts)
        assert not store.flush(0.05)
        until(lambda: store.pending().problem)
        with pytest.raises(ServerUnreachable):
            store.attempts(experiment.id)
    assert store.flush(10)
    assert_delivered(server, experiment, attempts)


def test_a_closed_store_leaves_the_rest_to_the_next_start(server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store)
    attempts = sorted(finished(experiment, store), key=lambda a: a.id)
    with server.down():
        store.record(attempts)
        store.close()
    again = OpikStore(store.settings, store.path)
    assert again.flush(10)
    assert_delivered(server, experiment, attempts)
    again.close()


def test_a_store_that_is_closed_lets_the_request_at_hand_end(server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store)
    hold = faults.Hold()
    server.faults.add(hold, faults.to("POST", "/traces/batch"))
    store.record(finished(experiment, store))
    assert hold.arrived.wait(10)
    closing = threading.Thread(target=store.close)
    closing.start()
    until(store._delivery._closed.is_set)
    hold.released.set()
    closing.join()
    again = OpikStore(store.settings, store.path)
    assert not len(again.pending())
    again.close()


def test_attempts_of_a_deleted_dataset_are_delivered_all_the_same(server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store)
    attempts = sorted(finished(experiment, store), key=lambda a: a.id)
    server.state.datasets.clear()
    store.record(attempts)
    assert store.flush(10)
    assert_delivered(server, experiment, attempts)


def test_a_dataset_that_was_made_without_an_answer_is_known_for_ours(server: OpikServer, store: OpikStore) -> None:
    server.faults.add(faults.DropAfter(), faults.to("POST", "/datasets"))
    made = create_dataset("once", store=store)
    assert list(server.state.datasets) == [made.id]
    with pytest.raises(DatasetAlreadyExists, match="'once' exists"):
        create_dataset("once", store=store)


# Whole evaluations


class DownAfter(CountingTask):
    """A task during whose last calls the server goes away."""

    def __init__(self, server: OpikServer, calls: int) -> None:
        super().__init__()
        self._server = server
        self._last = calls

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        output = super().__call__(item)
        if self.total == self._last:
            self._server.go_down()
        return output


def test_an_evaluation_whose_server_goes_away_returns_its_result(
    server: OpikServer, store: OpikStore, impatient: None, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = numbers(store, 10)
    caplog.set_level(logging.WARNING, "opik_resume")
    task = DownAfter(server, 4)
    result = evaluate(dataset, task, [Equals()], task_threads=1, verbose=0, experiment_name="e")
    assert (result.complete, len(result.test_results), task.total) == (True, 10, 10)
    assert result.test_results[0].test_case.task_output == {"output": "9"}
    assert 6 <= result.undelivered <= 10
    assert f"{result.undelivered} finished runs of 'e' have not reached the server yet" in caplog.text
    server.go_up()
    assert store.flush(10)
    again = evaluate_resume(result.experiment_id, task, [Equals()], verbose=0, store=store)
    assert (again.complete, task.total, again.undelivered) == (True, 10, 0)
    assert server.state.experiments[result.experiment_id]["status"] == "completed"


def test_an_evaluation_is_complete_on_the_server_when_it_returns(server: OpikServer, store: OpikStore) -> None:
    result = evaluate(numbers(store, 10), CountingTask(), [Equals()], verbose=0, trial_count=2)
    assert (result.undelivered, len(on_server(server, result.experiment_id))) == (0, 20)
    assert result.experiment_url is not None
    experiment = server.state.experiments[result.experiment_id]
    assert experiment["status"] == "completed"
    assert [request.body for request in server.asked("POST", "/finish")] == [{"ids": [result.experiment_id]}]


def test_an_unfinished_experiment_stays_running_and_is_completed_by_its_resume(
    server: OpikServer, store: OpikStore
) -> None:
    broken = CountingTask(fail=lambda item, call: item["n"] == 3)
    result = evaluate(numbers(store, 5), broken, [Equals()], verbose=0)
    experiment_id = result.experiment_id
    assert server.state.experiments[experiment_id]["status"] == "running"
    task = CountingTask()
    assert evaluate_resume(experiment_id, task, [Equals()], verbose=0, store=store).complete
    assert task.total == 1
    assert server.state.experiments[experiment_id]["status"] == "completed"


def reopened(experiment_id: str, store: OpikStore) -> str:
    """Its status once it was closed and reopened."""
    from opik_resume import close_experiment, reopen_experiment

    close_experiment(experiment_id, store=store)
    assert store.get(experiment_id).status == "cancelled"
    reopen_experiment(experiment_id, store=store)
    return store.get(experiment_id).status


def test_ours_is_running_again_when_it_is_reopened_and_completed_when_it_is_whole(
    server: OpikServer, store: OpikStore
) -> None:
    experiment = ours(store)
    first, *rest = finished(experiment, store)
    store.record([first])
    assert store.flush(10)
    assert reopened(experiment.id, store) == "running"
    assert experiments(store=store).state.tolist() == ["resumable"]
    assert store.get(experiment.id).status == "running"
    task = CountingTask()
    assert evaluate_resume(experiment.id, task, verbose=0, store=store).complete
    assert (task.total, store.get(experiment.id).status) == (len(rest), "completed")
    assert reopened(experiment.id, store) == "running"
    assert experiments(store=store).state.tolist() == ["complete"]
    assert store.get(experiment.id).status == "completed", "whoever looks at it completes it"


def test_the_sdks_is_never_running(server: OpikServer, store: OpikStore, api: Api) -> None:
    """Its views would stay as they are for as long."""
    experiment_id, item_ids = theirs(api)
    api.run(experiment_id, item_ids[0])
    assert reopened(experiment_id, store) == "completed"
    assert all(request.body.get("status") != "running" for request in server.asked("PATCH"))
    assert experiments(store=store).state.tolist() == ["resumable"]


# Processes

DIES = """
import sys, os, signal, time
from pathlib import Path
from opik_resume import create_dataset, evaluate, connect, get_dataset
from opik_resume.metrics import Equals
store = connect(sys.argv[1])
calls = Path(sys.argv[2])
def task(item):
    with calls.open("a") as file:
        file.write(f"{item['n']}\\n")
    if item["n"] == 3:
        experiment_id = store.named("dies")[0].id
        while len(store._journal.entries(experiment_id)) < 6 or not store._journal.starts(experiment_id):
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGKILL)
    return {"output": str(item["n"])}
evaluate(get_dataset("numbers"), task, [Equals()], experiment_name="dies", task_threads=1, verbose=0)
"""


def run_script(script: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script, *arguments], check=check, capture_output=True, text=True)


def test_a_killed_process_leaves_rows_that_the_next_one_delivers(
    server: OpikServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = OpikStore(opik_settings(server.url), tmp_path / "setup.sqlite3")
    numbers(setup, 10)
    setup.close()
    down = server.faults.add(faults.Status(503), lambda request: request.path.endswith(tuple(BATCHES)), times=None)
    calls = tmp_path / "calls"
    died = run_script(DIES, server.url, str(calls), check=False)
    assert died.returncode == -9, died.stderr
    assert server.state.traces == {}
    server.faults.remove(down)
    store = OpikStore(opik_settings(server.url))
    assert store.flush(10), "delivered by the start alone"
    assert len(server.state.traces) == 6
    experiment = store.named("dies")[0]
    states = [cell.state.name for cell in plan_resume(experiment.id, store=store).cells]
    assert states == ["interrupted", "never_run", "never_run", "never_run"], "the start was recorded, too"
    task = CountingTask()
    assert evaluate_resume("dies", task, [Equals()], store=store, verbose=0).complete
    done = {int(line) for line in calls.read_text().split()} - {3}
    assert set(task.calls) == set(range(10)) - done, "none of those that had finished"
    store.close()


RECORDS = """
import sys
from pathlib import Path
from dataclasses import replace
from opik_resume.base.ids import new_id
from opik_resume.base.settings import opik_settings
from opik_resume.stores.opik import OpikStore
from tests.stores.opik.makers import finished
store = OpikStore(opik_settings(sys.argv[1]), Path(sys.argv[2]))
experiment = store.get(sys.argv[3])
for attempt in finished(experiment, store):
    store.record([replace(attempt, id=new_id())])
assert store.flush(20), store.pending()
"""


def test_two_kernels_deliver_one_journal_without_doing_it_twice(server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store, 40)
    script = (RECORDS, server.url, str(store.path), experiment.id)
    threads = [threading.Thread(target=run_script, args=script) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(on_server(server, experiment.id)) == 80
    sent = [row["id"] for request in server.asked("POST", "/traces/batch") for row in request.body["traces"]]
    assert len(sent) == len(set(sent)) == 80
    assert store.flush(10)


def test_a_dead_deliverer_is_replaced(server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store)
    held = store.leases.acquire(f"delivery to {store._journal.server}", "another kernel")
    attempts = sorted(finished(experiment, store), key=lambda a: a.id)
    store.record(attempts)
    assert not store.flush(0.3), "while the other one lives"
    held.release()
    assert store.flush(10)
    assert_delivered(server, experiment, attempts)


def test_a_request_limit_is_waited_for_as_the_server_asks(
    server: OpikServer, store: OpikStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "FIRST_PAUSE", 60.0)  # were the header not believed, the test would not end in time
    monkeypatch.setattr(delivery, "LONGEST_PAUSE", 60.0)
    experiment = ours(store)
    server.faults.add(faults.rate_limited(reset=1), faults.to("POST", "/traces/batch"))
    store.record(finished(experiment, store))
    assert store.flush(10)


def test_batches_stay_within_the_limits(server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store, 400)
    scores = tuple(ScoreResult(f"m{n}", 1.0) for n in range(6))
    attempts = [replace(attempt, scores=scores) for attempt in finished(experiment, store)]
    store.record(attempts)
    assert store.flush(20)
    sizes = [len(list(faults.batch_of(request))) for request in server.requests if written(request)]
    assert max(sizes) <= 1000
    assert len(server.state.spans) == 400 * 8


def test_large_outputs_go_in_small_batches(
    server: OpikServer, store: OpikStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "BATCH_CHARACTERS", 250)
    experiment = ours(store, 10)
    store.record([replace(each, task_output={"output": "x" * 87}) for each in finished(experiment, store)])
    assert store.flush(20)
    assert [len(request.body["traces"]) for request in server.asked("POST", "/traces/batch")] == [3, 3, 3, 1]


def written(request: Request) -> bool:
    return request.path.endswith(tuple(BATCHES))


def test_an_error_without_words_is_taken(server: OpikServer, store: OpikStore) -> None:
    experiment = ours(store, 1)
    (attempt,) = finished(experiment, store)
    blank = replace(BOOM, exception_type=" ", message="", traceback="")
    store.record([replace(attempt, complete=False, returned=False, task_output=None, scores=(), error=blank)])
    assert store.flush(10)
    assert not len(store.pending())
