"""A plan is older than a claim: what was completed since is not called, and what is left out is said."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opik_resume.base.process.doors import door
from opik_resume.base.records import CellKey, Experiment, Json
from opik_resume.engine import Run
from opik_resume.engine.claims import claiming, stopping
from opik_resume.engine.events import Ended, Event, RunDropped, RunFinished
from opik_resume.engine.running import keeper
from opik_resume.evaluation import evaluate_experiment, evaluate_resume, plan_resume
from opik_resume.evaluation.resume import prepare_resume
from opik_resume.exceptions import EvaluationInterrupted
from opik_resume.experiment.reading import read_experiment
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.lifecycle.wait import wait_or_interrupt
from opik_resume.metrics import Equals
from opik_resume.stores.local import LocalStore
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, complete, failed, numbers
from tests.experiments import result_of, unstarted
from tests.waiting import until

PATIENCE = 20.0
ITEMS = 40


class Held:
    """A task that counts its calls and returns once it is let go."""

    def __init__(self) -> None:
        self.answer = CountingTask()
        self.let_go = threading.Event()

    def __call__(self, item: Json) -> Json:
        answer = self.answer(item)
        assert self.let_go.wait(PATIENCE)
        return answer


@pytest.fixture
def held() -> Iterator[Held]:
    made = Held()
    yield made
    made.let_go.set()


@pytest.fixture
def elsewhere(store: Store, tmp_path: Path) -> Iterator[Store]:
    """The same file, as another process has it open."""
    with closing(LocalStore(tmp_path / "store.sqlite3")) as other:
        yield other


def ready(store: Store, task: Any, **options: Any) -> Run:
    return prepare_resume(plan_resume("e", store=store), task, [Equals()], store=store, **options)


def test_what_is_completed_elsewhere_after_the_plan_is_not_called(store: Store, held: Held, elsewhere: Store) -> None:
    experiment = unstarted(store, "e", numbers(store, 4))
    events: list[Event] = []
    run = ready(store, held, task_threads=1, listener=events.append)
    run.start()
    until(lambda: held.answer.total == 1)
    second, third = (cell.key for cell in plan_resume("e", store=store).cells[1:3])
    elsewhere.record([complete(*second, experiment_id=experiment.id)])
    elsewhere.record([failed(*third, experiment_id=experiment.id)])
    held.let_go.set()
    assert run.wait(PATIENCE)
    assert held.answer.total == 3, "one was completed elsewhere, one failed there"
    assert run.dropped == {second: "completed in the meantime"}
    assert [event for event in events if isinstance(event, RunDropped)] == [
        RunDropped(second, "completed in the meantime")
    ]
    assert result_of(experiment.id, store).complete


def test_runs_that_take_no_time_share_a_look_and_others_have_their_own(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    class Lease:
        def claim(self, cells: Any) -> dict[CellKey, str]:
            looks.append(len(cells))
            return {}

    keys = [CellKey(str(n), 0) for n in range(100)]
    now = 0.0
    monkeypatch.setattr("opik_resume.engine.claims.claiming.time", SimpleNamespace(monotonic=lambda: now))
    lease: Any = Lease()
    left: list[CellKey] = []

    def ahead(number: int) -> list[CellKey]:
        return left[-number:] if number else []

    for seconds, most, least in [(claiming.LOOK_SECONDS / 10, 20, 0), (claiming.LOOK_SECONDS, 100, 100)]:
        left.extend(keys)
        claims = claiming.Claims(lease, ahead, lambda: False)
        looks.clear()
        while left:
            now += seconds
            assert claims._look(left.pop(), fresh=False) is None
        assert least <= len(looks) <= most


@pytest.mark.parametrize("threads", [1, 4, 16])
def test_stop_and_resume_at_once_calls_nothing_twice(store: Store, held: Held, threads: int) -> None:
    """What the stopped run finishes after the second reading of the next one, before it gets there."""
    experiment = unstarted(store, "e", numbers(store, ITEMS))
    first = ready(store, held, task_threads=threads)
    first.start()
    until(lambda: held.answer.total == threads)
    first.stop()
    second = ready(store, held.answer, task_threads=threads)
    held.let_go.set()
    assert first.wait(PATIENCE)
    second.start()
    assert second.wait(PATIENCE)
    assert set(held.answer.calls.values()) == {1}
    assert len(second.dropped) == threads
    assert result_of(experiment.id, store).complete


def test_a_completed_cell_can_be_scored_again_after_a_stop(store: Store, held: Held) -> None:
    """It is the task that must not be called again."""
    unstarted(store, "e", numbers(store, 2))
    first = ready(store, held, task_threads=2)
    first.start()
    until(lambda: held.answer.total == 2)
    first.stop()
    held.let_go.set()
    assert first.wait(PATIENCE)
    result = evaluate_experiment("e", [Equals(name="again")], verbose=0, store=store)
    assert [[s.name for s in r.score_results] for r in result.test_results] == [["again"]] * 2


def abandoned(store: Store, held: Held, monkeypatch: pytest.MonkeyPatch, threads: int = 2) -> tuple[Experiment, Run]:
    """A run of four cells that was stopped, and has ended while its tasks still are on some of them."""
    monkeypatch.setattr(keeper, "GRACE_SECONDS", 0.05)
    experiment = unstarted(store, "e", numbers(store, 4))
    run = ready(store, held, task_threads=threads)
    run.start()
    until(lambda: held.answer.total == threads)
    run.stop()
    assert run.wait(PATIENCE)
    return experiment, run


def test_a_stopped_run_gives_the_lease_back_and_its_living_tasks_keep_their_cells(
    store: Store, held: Held, elsewhere: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, run = abandoned(store, held, monkeypatch)
    assert elsewhere.leases.holder(experiment.id) is None
    assert set(elsewhere.leases.living(experiment.id)) == set(run.on_the_way)
    held.let_go.set()
    until(lambda: set(elsewhere.leases.living(experiment.id).values()) == {"completed in the meantime"})
    elsewhere.leases.acquire(experiment.id, "the next").release()
    assert elsewhere.leases.living(experiment.id) == {}
    assert set(held.answer.calls.values()) == {1}


def test_a_task_that_comes_back_after_the_next_one_has_begun_is_not_called_again(
    store: Store, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = abandoned(store, held, monkeypatch)
    cells = run.on_the_way
    again = ready(store, held.answer)
    held.let_go.set()
    until(lambda: not any(stopping.is_running(stopping.RunningCell(run.experiment_id, cell)) for cell in cells))
    again.start()
    assert again.wait(PATIENCE)
    assert set(held.answer.calls.values()) == {1}
    assert result_of(run.experiment_id, store).complete


def test_what_a_blocking_door_leaves_out_is_said_and_stands_among_the_failures(
    store: Store, held: Held, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _, run = abandoned(store, held, monkeypatch)
    result = evaluate_resume("e", held.answer, [Equals()], verbose=0, store=store)
    words = "a task of a stopped run is still running on it in this process"
    assert f"2 cells were left out: 2 × {words}." in caplog.messages
    assert list(result.failures.state) == ["interrupted"] * 2
    assert list(result.failures.message) == [words] * 2
    assert {(f.item_id, f.trial) for f in result.failed_runs} == set(run.on_the_way)


def test_cells_left_out_before_the_start_are_told_as_events(
    store: Store, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = abandoned(store, held, monkeypatch)
    events: list[Event] = []
    again = ready(store, held.answer, listener=events.append)
    again.start()
    assert again.wait(PATIENCE)
    assert [type(event) for event in events[:2]] == [RunDropped] * 2
    assert {event.cell for event in events[:2] if isinstance(event, RunDropped)} == set(run.on_the_way)
    assert sum(isinstance(event, RunFinished) for event in events) == 2


def taken_over(store: Store, held: Held, elsewhere: Store, monkeypatch: pytest.MonkeyPatch) -> tuple[Run, Any]:
    """A run that did not see that its lease went to somebody else: it was suspended, say."""
    unstarted(store, "e", numbers(store, 3))
    run = ready(store, held, task_threads=1)
    run.start()
    until(lambda: held.answer.total == 1)
    monkeypatch.setattr("opik_resume.stores.file.lease.leases._live", lambda row, signs: False)
    return run, elsewhere.leases.acquire(run.experiment_id, "rival")


@door
def waited_for(run: Run, store: Store) -> EvaluationResult:
    return wait_or_interrupt(run, store, None, read_experiment(store.get(run.experiment_id), store))


def test_who_was_taken_over_starts_nothing_more_and_says_so(
    store: Store, held: Held, elsewhere: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = taken_over(store, held, elsewhere, monkeypatch)
    held.let_go.set()
    with pytest.raises(EvaluationInterrupted, match=r"^Stopped: taken over by .* at \d\d:\d\d:\d\d UTC\. e: 1 of 3"):
        waited_for(run, store)
    assert held.answer.total == 1, "seen at the next claim, not with the next beat"


def test_who_was_taken_over_returns_the_result_when_everything_is_there(
    store: Store, held: Held, elsewhere: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    events: list[Event] = []
    run, _ = taken_over(store, held, elsewhere, monkeypatch)
    run.listen(events.append)
    for cell in plan_resume("e", store=elsewhere).cells[1:]:
        elsewhere.record([complete(*cell.key, experiment_id=run.experiment_id)])
    held.let_go.set()
    assert waited_for(run, store).complete
    assert any(message.startswith("Stopped: taken over by ") for message in caplog.messages)
    (ended,) = [event for event in events if isinstance(event, Ended)]
    assert (ended.outcome, str(ended.reason).startswith("taken over by ")) == ("stopped", True)
