"""The feed as the browser sees it, on a recording comm."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ipywidgets.widgets import widget as widgets  # type: ignore[import-untyped]

from opik_resume import plan_resume
from opik_resume.base.records import REPLAYED, CellKey, CellState
from opik_resume.engine import Callables
from opik_resume.engine.events import Ended, RunDropped, RunFinished, RunQueued, RunStarted
from opik_resume.evaluation.resume import prepare_resume
from opik_resume.experiment.grid import Grid
from opik_resume.experiment.planning.plan import ResumePlan
from opik_resume.metrics import Equals
from opik_resume.notebook.background import desk as background
from opik_resume.notebook.background.desk import REMEMBERED, Desk
from opik_resume.notebook.background.resume import Resume
from opik_resume.notebook.widget.wire.feed import Feed
from opik_resume.notebook.widget.wire.frames import INFINITE, TICK
from opik_resume.notebook.widget.wire.publisher import publisher
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, complete, numbers
from tests.experiments import unstarted
from tests.notebook.helpers import TIMEOUT, Gate, RecordingComm, Screen, View, ended, evaluated, reading_of
from tests.waiting import until


def carrying(store: Store, desk: Desk, experiment_id: str) -> tuple[Feed, RecordingComm]:
    feed = Feed(desk=desk)
    feed.carry(reading_of(store, experiment_id))
    recorded = feed.comm
    assert isinstance(recorded, RecordingComm)
    return feed, recorded


class Turn:
    """Says that the publisher has come round to it."""

    def __init__(self) -> None:
        self.came = threading.Event()

    def seconds(self, now: float) -> float:
        return INFINITE if self.came.is_set() else 0.0

    def speak(self) -> None:
        self.came.set()


def round_is_over() -> None:
    """Wait until every feed that had something to say has said it."""
    for _ in range(2):
        turn = Turn()
        publisher.wake(turn)
        assert turn.came.wait(TIMEOUT)


def resume_of(desk: Desk, experiment_id: str) -> tuple[Resume, Callable[..., None]]:
    """Register a resume without an engine, to play its events."""
    resume, _ = desk._register(ResumePlan(experiment_id, "name", (), 0), blocking=False)
    return resume, lambda event: desk._on_event(resume, event)


def test_it_is_headless_and_small() -> None:
    feed = Feed(desk=Desk())
    assert feed._esm == "export default {}"
    assert repr(feed) == "<Feed of nothing>"


def test_it_pushes_a_key_frame_when_it_opens(store: Store, desk: Desk) -> None:
    experiment_id = evaluated(store)
    feed, recorded = carrying(store, desk, experiment_id)
    screen = Screen.of(recorded.until(len))
    assert screen.head["id"] == experiment_id
    assert screen.states.tolist() == reading_of(store, experiment_id).grid.states.tolist()
    assert not screen.progress["active"]
    feed.close()


def test_items_with_their_own_number_of_runs_come_with_the_key_frame(store: Store, desk: Desk) -> None:
    reading = reading_of(store, unstarted(store, "uneven", numbers(store, 3)).id)
    feed = Feed(desk=desk)
    feed.carry(replace(reading, grid=Grid({"a": 3, "b": 1, "c": 2}, ())))
    (key,) = feed.comm.until(len)
    head = key.content["head"]
    assert (head["items"], head["trials"], head["cells"], head["uniform"]) == (3, 3, 6, False)
    assert np.frombuffer(key.buffers[1], "<u2").tolist() == [3, 1, 2]
    feed.close()


def test_a_resume_arrives_complete_and_in_order(store: Store, desk: Desk) -> None:
    experiment = unstarted(store, "big", numbers(store, 300))
    feed, recorded = carrying(store, desk, experiment.id)
    plan = plan_resume(experiment.id, [Equals()], store=store)
    gate = Gate()
    run = desk.prepare(plan, Callables(gate, (Equals(),)), store=store)
    run.start()
    recorded.until(lambda messages: Screen.of(messages).changed)  # its end is told apart from its start
    gate.open.set()
    assert run.wait(TIMEOUT)
    screen = ended(recorded)
    assert screen.states.tolist() == [CellState.completed | REPLAYED] * 300
    assert screen.progress["outcome"] == "finished"
    assert (screen.progress["done"], screen.progress["total"], screen.progress["failed"]) == (300, 300, 0)
    assert screen.head["state"] == "complete"
    assert screen.changed == 2
    feed.close()


def test_several_threads_write_and_nothing_is_lost(store: Store, desk: Desk) -> None:
    experiment = unstarted(store, "threads", numbers(store, 200))
    feed, recorded = carrying(store, desk, experiment.id)
    keys = list(reading_of(store, experiment.id).grid.keys())
    _, tell = resume_of(desk, experiment.id)

    def worker(part: list[CellKey]) -> None:
        for key in part:
            tell(RunQueued(key))
            tell(RunStarted(key))
            tell(RunFinished(key, complete(*key)))
            feed.snapshot()

    threads = [threading.Thread(target=worker, args=(keys[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    tell(Ended("finished"))
    screen = ended(recorded)
    assert set(screen.states.tolist()) == {CellState.completed | REPLAYED}
    assert screen.progress["done"] == 200
    feed.close()


def test_what_never_ran_goes_back_and_what_still_runs_is_interrupted(store: Store, desk: Desk) -> None:
    experiment_id = evaluated(store, items=4, broken=range(4))
    feed, recorded = carrying(store, desk, experiment_id)
    keys = list(reading_of(store, experiment_id).grid.keys())
    _, tell = resume_of(desk, experiment_id)
    for key in keys:
        tell(RunQueued(key))
    tell(RunStarted(keys[0]))
    tell(RunStarted(keys[1]))
    tell(RunFinished(keys[1], complete(*keys[1])))
    tell(Ended("stopped", "stopped by its button", (keys[0],)))
    screen = ended(recorded, "stopped")
    failed = CellState.task_failed
    assert screen.states.tolist() == [CellState.interrupted, CellState.completed | REPLAYED, failed, failed]
    assert screen.progress["abandoned"] == 1
    assert (screen.progress["outcome"], screen.progress["message"]) == ("stopped", "stopped by its button")
    assert screen.head["state"] == "resumable"
    tell(RunFinished(keys[0], complete(*keys[0])))  # it arrives after all
    screen = Screen.of(recorded.until(lambda ms: Screen.of(ms).progress["abandoned"] == 0))
    assert screen.states[0] == CellState.completed | REPLAYED
    feed.close()


def test_a_stopped_resume_may_be_followed_while_its_last_task_runs(store: Store, desk: Desk) -> None:
    experiment_id = evaluated(store, items=2, broken=range(2))
    feed, recorded = carrying(store, desk, experiment_id)
    keys = list(reading_of(store, experiment_id).grid.keys())
    _, first = resume_of(desk, experiment_id)
    for key in keys:
        first(RunQueued(key))
    first(RunStarted(keys[0]))
    assert desk.stop(experiment_id)
    resume, second = resume_of(desk, experiment_id)
    second(RunQueued(keys[0]))
    first(RunFinished(keys[0], complete(*keys[0])))
    first(Ended("stopped"))
    assert desk.active(experiment_id) is resume
    second(RunDropped(keys[0], "completed by the stopped run in the meantime"))
    second(Ended("finished"))
    screen = ended(recorded)
    assert screen.states[0] == CellState.completed | REPLAYED
    feed.close()


def test_a_second_view_joins_a_running_resume(store: Store, desk: Desk) -> None:
    experiment_id = evaluated(store, items=4, broken=range(4))
    keys = list(reading_of(store, experiment_id).grid.keys())
    _, tell = resume_of(desk, experiment_id)
    for key in keys:
        tell(RunQueued(key))
    tell(RunStarted(keys[0]))
    feed, recorded = carrying(store, desk, experiment_id)
    screen = Screen.of(recorded.until(len))
    assert screen.states.tolist() == [CellState.running, *[CellState.queued] * 3]
    assert screen.progress["active"]
    assert screen.head["state"] == "running"
    tell(RunFinished(keys[0], complete(*keys[0])))
    recorded.until(lambda ms: Screen.of(ms).states[0] == CellState.completed | REPLAYED)
    feed.close()


def test_after_its_end_the_store_knows_better(store: Store, desk: Desk) -> None:
    experiment_id = evaluated(store, items=2, broken=())
    keys = list(reading_of(store, experiment_id).grid.keys())
    _, tell = resume_of(desk, experiment_id)
    tell(RunQueued(keys[0]))
    tell(RunFinished(keys[0], complete(*keys[0])))
    tell(RunQueued(keys[1]))
    tell(RunStarted(keys[1]))
    tell(Ended("stopped", None, (keys[1],)))  # interrupted here; the store has it complete
    feed, recorded = carrying(store, desk, experiment_id)
    screen = Screen.of(recorded.until(len))
    assert screen.states.tolist() == [CellState.completed | REPLAYED, CellState.completed]
    feed.close()


def test_a_view_of_another_experiment_is_only_told_that_something_changed(store: Store, desk: Desk) -> None:
    shown, other = evaluated(store, "shown"), evaluated(store, "other")
    feed, recorded = carrying(store, desk, shown)
    recorded.until(len)
    _, tell = resume_of(desk, other)
    tell(RunQueued(next(reading_of(store, other).grid.keys())))
    messages = recorded.until(lambda ms: len(ms) >= 2)
    assert [m.content["kind"] for m in messages] == ["key", "changed"]
    feed.close()


def test_close_ends_the_comm_and_nothing_more_is_said(store: Store, desk: Desk) -> None:
    feed, recorded = carrying(store, desk, evaluated(store))
    recorded.until(len)
    feed.close()
    assert recorded.closed
    said = len(recorded.messages)
    resume_of(desk, "any")  # nobody is told any more
    feed.snapshot()
    round_is_over()
    assert len(recorded.messages) == said
    feed.close()


def test_a_broken_connection_does_not_end_the_thread(store: Store, desk: Desk) -> None:
    feed = Feed(desk=desk)
    recorded, send, failed = feed.comm, feed.comm.send, threading.Event()

    def once(*args: object, **kwargs: object) -> None:
        recorded.send = send
        failed.set()
        raise OSError("gone")

    recorded.send = once
    feed.carry(reading_of(store, evaluated(store)))
    assert failed.wait(TIMEOUT)
    feed.snapshot()
    recorded.until(len)
    feed.close()


def test_the_browser_sets_nothing(store: Store, desk: Desk, view: Callable[..., View]) -> None:
    feed, recorded = carrying(store, desk, evaluated(store))
    before = feed.get_state()
    recorded.deliver_state(_esm="evil")
    assert feed.get_state() == before
    feed.close()


def test_a_feed_that_fails_leaves_the_others_alone(store: Store, desk: Desk) -> None:
    experiment_id = evaluated(store)
    broken, _ = carrying(store, desk, experiment_id)

    def fails(*args: object, **kwargs: object) -> None:
        raise OSError("gone")

    broken.comm.send = fails
    feed, recorded = carrying(store, desk, experiment_id)
    broken.snapshot()
    feed.snapshot()
    recorded.until(len)
    for each in (broken, feed):
        each.close()


def test_one_thread_speaks_for_every_feed(store: Store, desk: Desk) -> None:
    experiment_id = evaluated(store)
    first, recorded = carrying(store, desk, experiment_id)
    recorded.until(len)
    before = threading.active_count()
    others = [carrying(store, desk, experiment_id) for _ in range(200)]
    for _, each in others:
        each.until(len)
    assert threading.active_count() == before
    feeds = [thread for thread in threading.enumerate() if thread.name.startswith("opik-resume feed")]
    assert len(feeds) == 1
    keys = list(reading_of(store, experiment_id).grid.keys())
    _, tell = resume_of(desk, experiment_id)
    for key in keys:
        tell(RunQueued(key))
        tell(RunStarted(key))
        tell(RunFinished(key, complete(*key)))
    tell(Ended("finished"))
    for _, each in others:
        assert ended(each).progress["done"] == len(keys)
    for feed, _ in [(first, recorded), *others]:
        feed.close()


def test_each_feed_keeps_its_pace(store: Store, desk: Desk) -> None:
    experiment = unstarted(store, "pace", numbers(store, 400))
    both = [carrying(store, desk, experiment.id) for _ in range(2)]
    began = time.monotonic()
    _, tell = resume_of(desk, experiment.id)
    keys = list(reading_of(store, experiment.id).grid.keys())
    for key in keys:
        tell(RunQueued(key))
        tell(RunStarted(key))
        tell(RunFinished(key, complete(*key)))
        for feed, _ in both:
            feed.snapshot()
    tell(Ended("finished"))
    for feed, recorded in both:
        ended(recorded)
        ticks = (time.monotonic() - began) / TICK + 2
        cells = [message for message in recorded.messages if message.content["kind"] != "changed"]
        assert len(cells) <= ticks
        feed.close()


def test_a_feed_that_nobody_holds_is_let_go(store: Store, desk: Desk, comms: list[RecordingComm]) -> None:
    experiment_id = evaluated(store)
    feed, recorded = carrying(store, desk, experiment_id)
    recorded.until(len)
    gone, model_id = weakref.ref(feed), feed.model_id
    _, tell = resume_of(desk, experiment_id)  # it is spoken for now and then
    # What ipywidgets and its comm hold of each widget that is on a page.
    widgets._instances.pop(model_id)
    recorded._receive = lambda message: None
    comms.clear()
    del feed, recorded
    until(lambda: gc.collect() is not None and gone() is None)
    assert desk.watching == 0
    tell(Ended("finished"))
    assert not any(reference() is None for reference in publisher._speakers.valuerefs())


def test_the_garbage_collector_may_come_while_locks_are_held(store: Store, desk: Desk) -> None:
    feed, recorded = carrying(store, desk, evaluated(store))
    recorded.until(len)
    holding, done = threading.Event(), threading.Event()

    def hold() -> None:
        with desk.lock, feed._lock, publisher._changed:
            holding.set()
            done.wait(6 * TIMEOUT)

    thread = threading.Thread(target=hold)
    thread.start()
    assert holding.wait(TIMEOUT)
    closing = threading.Thread(target=feed.close)
    closing.start()
    closing.join(TIMEOUT)
    waits = closing.is_alive()
    done.set()
    thread.join()
    assert not waits


def test_many_views_share_the_rate(store: Store, desk: Desk) -> None:
    experiment_id = evaluated(store)
    feeds = [carrying(store, desk, experiment_id)[0] for _ in range(40)]
    resume_of(desk, experiment_id)
    assert feeds[0]._frames.tick == 2 * TICK
    for feed in feeds:
        feed.close()
    feed, _ = carrying(store, desk, experiment_id)
    assert feed._frames.tick == TICK
    feed.close()


def test_only_the_latest_ended_resumes_are_remembered(store: Store, desk: Desk) -> None:
    _, tell = resume_of(desk, "running")
    for number in range(REMEMBERED + 5):
        _, tell = resume_of(desk, str(number))
        tell(Ended("finished"))
    resume_of(desk, "last")
    assert desk.find("0") is None
    assert desk.find("running") is not None
    assert desk.find(str(REMEMBERED + 4)) is not None


def test_stop_while_it_is_being_prepared(store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = unstarted(store, "early", numbers(store, 5))
    task = CountingTask()

    def slowly(*args: Any, **kwargs: Any) -> Any:
        assert desk.stop(experiment.id)
        return prepare_resume(*args, **kwargs)

    monkeypatch.setattr(background, "prepare_resume", slowly)
    run = desk.prepare(plan_resume(experiment.id, store=store), Callables(task), store=store)
    run.start()
    assert run.wait(TIMEOUT)
    assert run.outcome == "stopped"
    assert task.total == 0


def test_what_was_prepared_and_never_started_ends_when_stopped(store: Store, desk: Desk) -> None:
    experiment = unstarted(store, "never", numbers(store, 5))
    run = desk.prepare(plan_resume(experiment.id, store=store), Callables(CountingTask()), store=store)
    assert desk.stop(experiment.id)
    assert run.wait(TIMEOUT)
    assert store.leases.holder(experiment.id) is None
    assert not desk.stop(experiment.id)
