"""A resume in the background that goes on until its experiment is complete: what views see of it, and how it ends."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_resume, exceptions
from opik_resume.base.records import CellKey, Json
from opik_resume.engine import Callables
from opik_resume.engine.retrying.policy import Retries
from opik_resume.evaluation import plan_resume
from opik_resume.experiment.limits import Limits
from opik_resume.lifecycle.rounds import between, rule
from opik_resume.metrics import Equals
from opik_resume.metrics.base import Metric
from opik_resume.notebook.background.desk import Desk
from opik_resume.notebook.background.progress import Progress
from opik_resume.notebook.background.rounds import start
from opik_resume.stores.protocol import Store
from tests.builders import numbers
from tests.experiments import result_of
from tests.refusing import RateLimitError, Refusing
from tests.waiting import until

ITEMS = 6
LONG = 10_000.0


class Watching:
    """A feed that remembers the turns, and how far it was at each."""

    def __init__(self, desk: Desk, experiment_id: str) -> None:
        self.experiment_id = experiment_id
        self.turns: list[tuple[str, Progress]] = []
        self._desk = desk

    def on_cell(self, experiment_id: str, cell: CellKey, state: int | None) -> None: ...

    def on_turn(self, experiment_id: str, turn: str) -> None:
        self.turns.append((turn, self._desk.progress(experiment_id, own=True)))

    def on_news(self) -> None: ...


@pytest.fixture
def experiment(store: Store) -> str:
    def down(item: Json) -> Json:
        raise ValueError("down")

    return evaluate(numbers(store, ITEMS), down, [Equals()], experiment_name="e", verbose=0, store=store).experiment_id


def begun(desk: Desk, store: Store, task: Any, metric: Metric | None = None, **limits: Any) -> Watching:
    plan = plan_resume("e", store=store)
    watching = Watching(desk, plan.experiment_id)
    desk.watch(watching)
    retries = Retries(adaptive=False)
    calls = Callables(task, [metric or Equals()], limits=Limits(**limits), retries=retries)
    start(desk, plan, calls, store=store, until_complete=True)
    return watching


def ended(desk: Desk, watching: Watching) -> Progress:
    until(lambda: desk.active(watching.experiment_id) is None)
    return desk.progress(watching.experiment_id, own=True)


def pausing(desk: Desk, watching: Watching) -> Progress:
    until(lambda: any(turn == "pausing" for turn, _ in watching.turns))
    return desk.progress(watching.experiment_id, own=True)


def test_views_see_one_resume_whatever_its_rounds(
    desk: Desk, store: Store, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "FIRST_SECONDS", 0.01)
    task = Refusing(2, limited=2, wrong=ITEMS - 1)
    watching = begun(desk, store, task)
    over = threading.Event()
    desk.when_over(experiment, over.set)
    progress = ended(desk, watching)
    assert over.is_set()
    assert task.calls == {0: 3, 1: 3, 2: 1, 3: 1, 4: 1, 5: 1}
    assert [turn for turn, _ in watching.turns] == ["started", "pausing", "pausing", "ended"]
    first, second = (told for turn, told in watching.turns if turn == "pausing")
    assert (first.active, first.done, first.total, first.failed) == (True, 6, 6, 3)
    assert (first.note, first.rate, first.seconds_left) == (
        "waiting 1 s for 2 runs that were rate-limited (round 2)",
        None,
        None,
    )
    assert (second.done, second.failed) == (6, 3)
    assert second.note is not None
    assert second.note.endswith("(round 3)")
    assert (progress.outcome, progress.done, progress.total, progress.failed) == ("finished", 6, 6, 1)
    assert progress.summary == {"kept": 0, "replayed": 5, "repaired": 0, "missing": 1, "cost": None}


def test_views_are_told_what_a_cell_waits_for_that_blocks(
    desk: Desk, store: Store, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "FIRST_SECONDS", 0.01)
    watching = Watching(desk, experiment)
    desk.watch(watching)
    evaluate_resume(
        "e", Refusing(1, limited=2), [Equals()], verbose=0, adaptive=False, until_complete=True, store=store
    )
    assert [turn for turn, _ in watching.turns] == ["started", "ended", "pausing", "pausing", "started", "ended"]
    (_, ended), (_, waiting), (_, waited) = watching.turns[1:4]
    assert (ended.outcome, waiting.outcome, waited.outcome) == ("finished", "waiting", "finished")
    assert waiting.message is not None
    assert waiting.message.endswith("s for 2 runs that were rate-limited (round 2)")
    assert not waiting.active  # nobody holds it
    assert desk.progress(experiment, own=True).outcome == "finished"


def test_views_are_told_that_a_cell_was_interrupted_in_the_pause(
    desk: Desk, store: Store, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "FIRST_SECONDS", LONG)
    watching = Watching(desk, experiment)
    desk.watch(watching)

    class Impatient(Watching):
        def on_turn(self, experiment_id: str, turn: str) -> None:
            super().on_turn(experiment_id, turn)
            if turn == "pausing" and len(self.turns) == 3:
                signal.raise_signal(signal.SIGINT)

    impatient = Impatient(desk, experiment)
    desk.watch(impatient)
    with pytest.raises(exceptions.EvaluationInterrupted, match="between two rounds"):
        evaluate_resume("e", Refusing(1), [Equals()], verbose=0, adaptive=False, until_complete=True, store=store)
    assert [turn for turn, _ in watching.turns] == ["started", "ended", "pausing", "pausing"]
    outcomes = [(told.outcome, told.message) for _, told in watching.turns[1:]]
    assert outcomes[0] == ("finished", None)
    assert outcomes[1][0] == "waiting"
    assert outcomes[2] == ("stopped", "stopped between two rounds")
    told = desk.progress(experiment, own=True)
    assert (told.active, told.outcome, told.done, told.failed) == (False, "stopped", ITEMS, ITEMS)


def test_a_stop_ends_the_pause_at_once_and_nothing_is_held(
    desk: Desk, store: Store, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "FIRST_SECONDS", LONG)
    task = Refusing(1, limited=2)
    watching = begun(desk, store, task)
    told = pausing(desk, watching)
    assert told.note is not None
    assert "for 2 runs that were rate-limited (round 2)" in told.note
    assert store.leases.holder(experiment) is None, "in a pause nobody holds the experiment"
    with pytest.raises(exceptions.ExperimentBusy, match="in this kernel"):
        begun(desk, store, task)
    assert desk.stop(experiment, "stopped by its button")
    progress = ended(desk, watching)
    assert (progress.outcome, progress.done, progress.failed, progress.note) == ("stopped", 6, 2, None)
    assert not desk.stop(experiment)
    assert evaluate_resume("e", task, [Equals()], verbose=0, store=store).complete
    assert task.calls == {0: 2, 1: 2, 2: 1, 3: 1, 4: 1, 5: 1}


def test_another_resume_of_this_process_goes_on_instead(
    desk: Desk, store: Store, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "FIRST_SECONDS", LONG)
    task = Refusing(1)
    pausing(desk, begun(desk, store, task))
    waiting = desk.find(experiment)
    assert waiting is not None
    assert evaluate_resume("e", task, [Equals()], verbose=0, store=store).complete
    until(lambda: not waiting.active)
    assert set(task.calls.values()) == {2}
    assert desk.active(experiment) is None


def test_others_are_waited_for_and_what_they_do_is_not_done_again(
    desk: Desk, store: Store, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "FIRST_SECONDS", LONG)
    pauses = iter([0.01, 0.01, 0.01])
    monkeypatch.setattr(between, "pause_after", lambda number, stated, chance: next(pauses))
    taken: list[Any] = []

    class Others(Watching):
        def on_turn(self, experiment_id: str, turn: str) -> None:
            super().on_turn(experiment_id, turn)
            if turn == "pausing" and not taken:
                taken.append(store.leases.acquire(experiment, "another"))
            elif turn == "pausing":
                taken[0].release()

    others = Others(desk, experiment)
    desk.watch(others)
    task = Refusing(1)
    progress = ended(desk, begun(desk, store, task))
    assert progress.outcome == "finished"
    assert progress.summary == {"kept": 0, "replayed": 6, "repaired": 0, "missing": 0, "cost": None}
    notes = [told.note or "" for turn, told in others.turns if turn == "pausing"]
    assert "6 runs that were left to others (round 3)" in notes[1]


def test_rules_count_all_rounds_and_their_pauses(
    desk: Desk, store: Store, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "FIRST_SECONDS", 0.01)
    task = Refusing(9)
    progress = ended(desk, begun(desk, store, task, max_runs=8))
    assert (progress.outcome, task.calls.total()) == ("limited", 8)
    monkeypatch.setattr(rule, "FIRST_SECONDS", LONG)
    progress = ended(desk, begun(desk, store, Refusing(1), max_seconds=100))
    assert (progress.outcome, progress.active) == ("limited", False)
    assert progress.message == (
        "100 seconds are over before the next round (max_seconds=100); 6 not started. Resume runs the rest."
    )


def test_a_judge_that_was_limited_is_asked_again_without_the_task(
    desk: Desk, store: Store, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "FIRST_SECONDS", 0.01)
    asked: Counter[str] = Counter()

    class Judge(Equals):
        def score(self, output: str, reference: str, **ignored: Any) -> Any:
            asked[output] += 1
            if asked[output] == 1:
                raise RateLimitError("slow down")
            return super().score(output, reference)

    task = Refusing(0)
    progress = ended(desk, begun(desk, store, task, Judge()))
    assert (set(task.calls.values()), set(asked.values())) == ({1}, {2})
    assert progress.summary == {"kept": 0, "replayed": 6, "repaired": 6, "missing": 0, "cost": None}
    assert result_of(experiment, store).complete


def test_a_store_that_fails_in_between_breaks_it(
    desk: Desk, store: Store, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "FIRST_SECONDS", 0.01)

    def broken(*args: Any) -> Any:
        raise exceptions.StoreError("the disk is gone")

    monkeypatch.setattr(between, "read_experiment", broken)
    progress = ended(desk, begun(desk, store, Refusing(1)))
    assert (progress.outcome, progress.message) == ("broken", "the disk is gone")
