"""Stop and resume, again and again, as fast as buttons can be pressed: nothing is called twice, nothing is forgotten."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from opik_resume.base.records import Json
from opik_resume.engine import Callables
from opik_resume.evaluation import plan_resume
from opik_resume.lifecycle import registry
from opik_resume.metrics import Equals
from opik_resume.notebook.background.desk import Desk
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, complete, numbers
from tests.experiments import result_of, unstarted
from tests.waiting import until

ITEMS = 40


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    registry.observe(made.observe)
    yield made
    registry.unobserve(made.observe)


def test_what_was_left_out_is_noted_at_the_end(store: Store, desk: Desk) -> None:
    experiment = unstarted(store, "e", numbers(store, 3))
    plan = plan_resume("e", store=store)
    store.record([complete(*plan.cells[0].key, experiment_id=experiment.id)])
    run = desk.prepare(plan, Callables(CountingTask(), [Equals()]), store=store)
    assert desk.progress(experiment.id, own=True).note is None, "it has not ended"
    run.start()
    until(lambda: not desk.progress(experiment.id, own=True).active)
    progress = desk.progress(experiment.id, own=True)
    assert (progress.done, progress.note) == (2, "1 cell was left out: 1 × no longer missing.")


def test_stop_and_resume_at_once_through_the_desk(store: Store, desk: Desk) -> None:
    experiment = unstarted(store, "e", numbers(store, ITEMS))
    answer = CountingTask()

    def task(item: Json) -> Json:
        came = answer(item)
        time.sleep(0.002 * (item["n"] % 7))  # a model takes its time, now more and now less
        return came

    calls = Callables(task, [Equals()], task_threads=8)
    while (plan := plan_resume("e", store=store)).cells:
        run, wanted = desk.prepare(plan, calls, store=store), answer.total + 8
        run.start()
        until(lambda run=run, wanted=wanted: answer.total >= wanted or not run.active)  # type: ignore[misc]
        desk.stop(experiment.id)
    assert set(answer.calls.values()) == {1}
    assert result_of(experiment.id, store).complete
