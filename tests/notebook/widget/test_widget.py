"""The control widget: every request is answered, and the browser decides nothing."""

from __future__ import annotations

import gc
import json
import logging
import sqlite3
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from opik_resume import browse, evaluate, evaluate_resume, experiments, plan_resume
from opik_resume.base.ids import new_id
from opik_resume.base.records import REPLAYED, CellState, Json
from opik_resume.engine import Callables
from opik_resume.exceptions import ArgumentError, FrontEndMissing
from opik_resume.metrics import Equals
from opik_resume.notebook.background import elsewhere, readings
from opik_resume.notebook.background.desk import Desk
from opik_resume.notebook.namespace.choosing import Given
from opik_resume.notebook.widget import listing
from opik_resume.notebook.widget.finishing.offers import NO_TASK
from opik_resume.notebook.widget.looking import inspection, payload
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers
from tests.experiments import unstarted
from tests.notebook.helpers import TIMEOUT, Gate, RecordingComm, View, decoded, evaluated, reading_of
from tests.notebook.widget.wire.test_feed import round_is_over
from tests.waiting import until

Views = Callable[..., View]


def test_hello_is_answered(view: Views) -> None:
    shown = view()
    for _ in range(3):
        assert shown.result("hello") == {}


def test_the_traits_are_those_of_the_protocol_and_small(store: Store, view: Views) -> None:
    experiment_id = evaluated(store, items=500)
    shown = view()
    shown.result("open", experiment=experiment_id)
    state = shown.widget.get_state()
    assert state["feed"] == f"anywidget:{shown.widget.feed.model_id}"
    assert (state["mode"], state["store"], state["selected"]) == ("browser", store.label, experiment_id)
    kept = {key: value for key, value in state.items() if key not in ("_esm", "_css")}
    assert len(json.dumps(kept, default=str)) < 2_000
    assert len(json.dumps(shown.widget.feed.get_state(), default=str)) < 2_000


def test_what_one_looks_at_is_remembered_for_a_reload(store: Store, view: Views) -> None:
    experiment_id = evaluated(store)
    shown = view()
    looked = {
        "experiment": experiment_id,
        "cell": 3,
        "tab": "Scores",
        "colour": "duration",
        "sort": "failures",
        "zoom": 2.5,
    }
    assert shown.result("remember", **looked) == {}
    assert shown.widget.get_state()["memory"] == looked
    odd = [
        ("cell", -1),
        ("cell", "3"),
        ("tab", 7),
        ("colour", "x" * 10_001),
        ("sort", None),
        ("zoom", "2"),
        ("zoom", True),
    ]
    for name, value in [*odd, ("zoom", float("nan"))]:
        assert name in shown.refusal("remember", **{**looked, name: value})["message"]
    assert shown.widget.memory == looked
    assert shown.result("remember", **{**looked, "cell": None, "tab": None, "zoom": 0, "more": "x" * 9_000}) == {}
    assert shown.widget.memory == {**looked, "cell": None, "tab": None, "zoom": 1.0}
    wordy = {**looked, "colour": "beside:e score:" + "judge whether " * 300, "sort": "score:" + "judge whether " * 300}
    assert shown.result("remember", **wordy) == {}
    assert shown.widget.memory == wordy


def test_the_list_is_newest_first_with_strips(store: Store, view: Views) -> None:
    old, new = evaluated(store, "old", items=3, broken=(1,)), evaluated(store, "new", items=600, broken=())
    reply = view().ask("list", search="", offset=0, limit=50)
    result, strips = reply.content["result"], reply.buffers[0]
    assert (result["store"], result["total"]) == (store.label, 2)
    first, second = result["rows"]
    assert (first["id"], second["id"]) == (new, old)
    assert (second["done"], second["expected"], second["failed"], second["state"]) == (2, 3, 1, "resumable")
    assert first["state"] == "complete"
    assert first["created_at"].endswith("+00:00")
    start, length = first["strip"]
    assert start == 0
    assert set(decoded(strips[start : start + length])) == {CellState.completed}
    start, length = second["strip"]
    assert decoded(strips[start : start + length]).tolist() == reading_of(store, old).grid.states.tolist()


def test_the_list_is_searched_and_paged(store: Store, view: Views) -> None:
    for name in ("apple", "pear", "pineapple"):
        evaluated(store, name, items=1, broken=())
    shown = view()
    assert [row["name"] for row in shown.result("list", search="apple", offset=0, limit=9)["rows"]] == [
        "pineapple",
        "apple",
    ]
    page = shown.result("list", search="", offset=1, limit=1)
    assert ([row["name"] for row in page["rows"]], page["total"]) == (["pear"], 3)
    assert shown.result("list", search="nothing", offset=0, limit=9)["rows"] == []
    assert shown.ask("list").buffers[0]


def test_a_row_that_is_broken_in_the_file_is_unread_for_the_reason_that_the_table_gives(
    store: Store, view: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad, odd = (evaluated(store, name, items=2, broken=()) for name in ("good", "bad", "odd"))

    def broken(statement: str, value: str, experiment_id: str) -> None:
        with closing(sqlite3.connect(store.path)) as file, file:
            file.execute(statement, (value, experiment_id))

    broken("UPDATE experiments SET metadata = ? WHERE id = ?", "{not JSON", bad)
    broken("UPDATE experiments SET tags = ? WHERE id = ?", "{not JSON", odd)
    shown = view()
    rows = {row["id"]: row for row in shown.told("list")["rows"]}
    assert [rows[id_]["state"] for id_ in (good, bad, odd)] == ["complete", "unread", "unread"]
    frame = experiments(store=store).set_index("id")
    for id_ in (bad, odd):
        assert rows[id_]["done"] is None
        assert (frame.state[id_], frame.reason[id_]) == ("unread", rows[id_]["reason"])
    bundle = shown.widget._repr_mimebundle_()
    assert bundle is not None
    assert "unread" in bundle[0]["text/html"]
    broken("UPDATE experiments SET tags = ? WHERE id = ?", "[]", odd)
    monkeypatch.setattr(listing, "_UNREAD_SECONDS", 0.0)
    until(lambda: {row["id"]: row["state"] for row in shown.told("list")["rows"]}[odd] == "complete")


def test_the_list_sees_what_has_changed(store: Store, view: Views) -> None:
    experiment_id = evaluated(store, items=4)
    shown = view(Given(CountingTask(), (Equals(),)))
    assert shown.result("list")["rows"][0]["state"] == "resumable"
    plan = shown.told("open", experiment=experiment_id)["plan"]
    shown.result("resume", experiment=experiment_id, plan=plan["id"])
    shown.ended()
    assert shown.result("list")["rows"][0]["state"] == "complete"


def test_the_row_of_a_large_experiment_keeps_the_means_that_its_view_has_read(
    store: Store, view: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload, "_MOST_SCORED", 5)
    experiment_id = evaluated(store, items=6, broken=(1,))
    small = evaluated(store, "small", items=2, broken=())
    shown = view()

    def scores() -> dict[str, list[str]]:
        return {row["id"]: [score["name"] for score in row["scores"]] for row in shown.result("list")["rows"]}

    assert scores() == {experiment_id: [], small: ["equals_metric"]}
    shown.result("open", experiment=experiment_id)
    told = shown.told("scales", experiment=experiment_id)["scales"]
    shown.feed.until(lambda ms: any("list" in m.content.get("what", []) for m in ms))
    shown.result("open", experiment=small)
    assert scores()[experiment_id] == ["equals_metric"]
    assert shown.result("list")["rows"][1]["scores"] == told
    evaluate_resume(experiment_id, CountingTask(), [Equals()], store=store, verbose=0)
    assert scores()[experiment_id] == [], "of what has changed since, they are not known"


def test_open_shows_head_and_plan_and_the_feed_carries_it(store: Store, view: Views) -> None:
    experiment_id = evaluated(store, items=5, broken=(2,), trials=2)
    shown = view(Given(CountingTask(), (Equals(name="same"),), task_threads=3))
    result = shown.result("open", experiment=experiment_id)
    head, plan = result["head"], result["plan"]
    assert (head["items"], head["trials"], head["cells"], head["uniform"]) == (5, 2, 10, True)
    assert (head["name"], head["dataset"], head["version"], head["state"]) == (
        "first",
        "data of first",
        "v1",
        "resumable",
    )
    assert (plan["run"], plan["score"], plan["kept"], plan["threads"], plan["metrics"]) == (2, 0, 8, 3, ["same"])
    low, high = plan["seconds"]
    assert 0 < low <= high
    assert plan["cost"] is None, "nobody knows"
    assert plan["obstacle"] is None
    shown.feed.until(len)
    assert shown.screen().head == head
    assert shown.widget.selected == experiment_id


def test_a_cell_shows_everything(store: Store, view: Views) -> None:
    experiment_id = evaluated(store, items=3, broken=(1,))
    shown = view()
    reading = reading_of(store, experiment_id)
    failed = reading.grid.states.tolist().index(CellState.task_failed)
    cell = shown.result("cell", experiment=experiment_id, cell=failed)
    assert (cell["cell"], cell["position"], cell["trial"], cell["state"]) == (failed, failed, 0, "task_failed")
    assert cell["item"] == {"n": 1, "reference": "1"}
    assert cell["error"]["type"] == "RuntimeError"
    assert "no answer for 1" in cell["error"]["traceback"]
    assert (cell["output"], cell["scores"], cell["attempts"]) == (None, [], 1)
    done = shown.result("cell", experiment=experiment_id, cell=0)
    assert done["output"] == {"output": done["item"]["reference"]}
    assert [(score["name"], score["value"], score["failed"]) for score in done["scores"]] == [
        ("equals_metric", 1.0, False)
    ]
    assert done["error"] is None
    assert done["seconds"] >= 0
    assert done["started_at"].endswith("+00:00")


def test_a_cell_tells_its_prints_and_all_tries_newest_first(store: Store, view: Views) -> None:
    def loud(item: Json) -> Json:
        print("asked", item["n"])
        raise TimeoutError("slow\nvery")

    experiment = unstarted(store, "loud", numbers(store, 1))
    for task in (CountingTask(fail=lambda item, call: True), loud):
        evaluate_resume(experiment.id, task, verbose=0, store=store)
    cell = view().result("cell", experiment=experiment.id, cell=0)
    assert cell["prints"] == "asked 0\n"
    assert cell["attempts"] == len(cell["history"]) == 2
    newest, first = cell["history"]
    assert (newest["state"], newest["error"], newest["shown"]) == ("task_failed", "TimeoutError: slow", True)
    assert (first["error"], first["shown"]) == ("RuntimeError: no answer for 0", False)
    assert newest["started_at"] > first["started_at"]
    assert newest["seconds"] >= 0
    assert cell["error"]["stack"][0]["frames"][0]["name"] == "loud"


def test_an_item_is_put_in_the_notebook(store: Store, view: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment_id = evaluated(store, items=3)
    shown = view()
    assert "no notebook" in shown.refusal("keep", experiment=experiment_id, cell=1)["message"]
    put: dict[str, Json] = {}

    def keep(name: str, value: Json) -> str:
        put[name] = value
        return name

    monkeypatch.setattr(inspection, "put", keep)
    assert shown.result("keep", experiment=experiment_id, cell=1) == {"name": "item_1"}
    assert put["item_1"]["n"] == 1
    assert set(put["item_1"]) == {"n", "reference", "id"}
    assert "no cell 99" in shown.refusal("keep", experiment=experiment_id, cell=99)["message"]


def test_a_cell_that_stayed_as_shown_is_not_read_with_all_the_others(
    store: Store, view: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment_id = evaluated(store, items=3, broken=(1,))
    shown = view()
    before = shown.result("cell", experiment=experiment_id, cell=1)
    shown.result("open", experiment=experiment_id)
    monkeypatch.setattr(readings, "read_and_finish", None)
    assert shown.result("cell", experiment=experiment_id, cell=1) == before


def test_a_cell_that_never_ran(store: Store, view: Views) -> None:
    experiment = unstarted(store, "new", numbers(store, 2))
    cell = view().result("cell", experiment=experiment.id, cell=1)
    assert (cell["state"], cell["attempts"], cell["started_at"], cell["seconds"]) == ("never_run", 0, None, None)


def test_a_metric_that_raised_shows_its_traceback(store: Store, view: Views) -> None:
    class Broken:
        name = "broken"

        def score(self, output: str) -> float:
            raise KeyError(output)

    experiment = unstarted(store, "new", numbers(store, 1))
    shown = view(Given(CountingTask(), (Broken(),)))
    plan = shown.told("open", experiment=experiment.id)["plan"]
    shown.result("resume", experiment=experiment.id, plan=plan["id"])
    shown.ended()
    cell = shown.result("cell", experiment=experiment.id, cell=0)
    assert cell["state"] == "scores_missing"
    assert cell["scores"][0]["failed"]
    assert "KeyError" in cell["error"]["traceback"]
    plan = shown.told("plan", experiment=experiment.id)["plan"]
    assert (plan["score"], plan["obstacle"]) == (1, None)


def test_half_a_surrogate_pair_does_not_silence_the_widget(store: Store, view: Views) -> None:
    experiment = unstarted(store, "new", numbers(store, 1))
    shown = view(Given(lambda item: {"output": "\ud800 odd"}, ()))
    plan = shown.told("open", experiment=experiment.id)["plan"]
    shown.result("resume", experiment=experiment.id, plan=plan["id"])
    shown.ended()
    assert shown.result("cell", experiment=experiment.id, cell=0)["output"] == {"output": "\\ud800 odd"}


def test_resume_runs_what_is_missing_and_only_that(store: Store, view: Views) -> None:
    experiment_id = evaluated(store, items=8, broken=(1, 3))
    task = CountingTask()
    shown = view(Given(task, (Equals(),)))
    plan = shown.told("open", experiment=experiment_id)["plan"]
    shown.result("resume", experiment=experiment_id, plan=plan["id"])
    screen = shown.ended()
    assert task.calls == {1: 1, 3: 1}
    grid = reading_of(store, experiment_id).grid
    assert grid.complete
    assert (screen.states & 0x7F).tolist() == grid.states.tolist()
    assert (screen.states & REPLAYED).astype(bool).sum() == 2
    assert shown.result("cell", experiment=experiment_id, cell=grid.index(next(grid.keys())))["state"] == "completed"


def test_a_second_view_of_the_same_experiment_sees_it_live(store: Store, view: Views) -> None:
    experiment_id = evaluated(store)
    first, second = view(Given(CountingTask(), (Equals(),))), view()
    plan = first.told("open", experiment=experiment_id)["plan"]
    second.result("open", experiment=experiment_id)
    first.result("resume", experiment=experiment_id, plan=plan["id"])
    assert first.ended().states.tolist() == second.ended().states.tolist()


def test_stop_stops(store: Store, view: Views) -> None:
    experiment = unstarted(store, "long", numbers(store, 20))
    gate = Gate()
    shown = view(Given(gate, (), task_threads=2))
    plan = shown.told("open", experiment=experiment.id)["plan"]
    shown.result("resume", experiment=experiment.id, plan=plan["id"])
    gate.wait_for_calls(2)
    running = shown.told("plan", experiment=experiment.id)["plan"]
    assert running["obstacle"] == "It is being resumed now."
    assert shown.result("stop", experiment=experiment.id) == {}
    shown.feed.until(lambda ms: any(m.content.get("progress", {}).get("stopping") for m in ms))
    gate.open.set()
    screen = shown.ended("stopped")
    assert (screen.progress["done"], screen.progress["total"]) == (2, 20)
    assert screen.progress["message"] == "stopped by its button"
    assert sorted(set(screen.states.tolist())) == [CellState.never_run, CellState.completed | REPLAYED]
    assert reading_of(store, experiment.id).grid.done == 2


def test_a_cell_on_its_way_says_so(store: Store, view: Views) -> None:
    experiment = unstarted(store, "long", numbers(store, 2))
    gate = Gate()
    shown = view(Given(gate, (), task_threads=1))
    plan = shown.told("open", experiment=experiment.id)["plan"]
    shown.result("resume", experiment=experiment.id, plan=plan["id"])
    gate.wait_for_calls(1)
    states = {shown.result("cell", experiment=experiment.id, cell=cell)["state"] for cell in range(2)}
    gate.open.set()
    shown.ended()
    assert states == {"running", "queued"}


# Refusals


def test_unknown_requests_are_refused(store: Store, view: Views) -> None:
    shown = view()
    for method in ("evil", "__init__", None, 7, ["list"]):
        assert shown.refusal(method)["type"] == "RequestRefused"
    shown.control.deliver({"kind": "other", "id": 99})
    shown.control.deliver("nonsense")
    shown.control.deliver({"kind": "request", "id": 100, "method": "list", "params": [1]})
    assert [m.content["ok"] for m in shown.control.messages[-3:]] == [False] * 3
    assert [m.content["id"] for m in shown.control.messages[-3:]] == [99, None, 100]
    before = len(shown.control.messages)
    shown.control.deliver({"kind": "nudge"})
    assert len(shown.control.messages) == before, "it says nothing, and is not answered"


@pytest.mark.parametrize("method", ["open", "plan", "cell", "resume", "stop"])
def test_an_experiment_must_be_named_and_known(method: str, store: Store, view: Views) -> None:
    shown = view()
    assert shown.refusal(method, experiment=7, cell=0, plan="p")["message"] == "experiment must be a text."
    refusal = shown.refusal(method, experiment=new_id(), cell=0, plan="p")
    assert refusal["type"] in ("ExperimentNotFound", "ArgumentError", "RequestRefused")


@pytest.mark.parametrize("cell", [-1, 8, True, "0", None, 1.5])
def test_only_cells_of_the_experiment_are_shown(cell: Any, store: Store, view: Views) -> None:
    assert view().refusal("cell", experiment=evaluated(store), cell=cell)["type"] == "RequestRefused"


def test_only_a_plan_that_was_shown_is_run(store: Store, view: Views) -> None:
    one, two = evaluated(store, "one"), evaluated(store, "two")
    task = CountingTask()
    shown = view(Given(task, ()))
    plan = shown.told("open", experiment=one)["plan"]
    for experiment, plan_id in ((one, "made up"), (two, plan["id"])):
        refusal = shown.refusal("resume", experiment=experiment, plan=plan_id)
        assert refusal["message"].startswith("This plan is not on show any more")
    other = view(Given(task, ()))
    assert not other.ask("resume", experiment=one, plan=plan["id"]).content["ok"]
    assert task.total == 0


def test_resuming_twice_is_refused(store: Store, view: Views) -> None:
    experiment = unstarted(store, "long", numbers(store, 2))
    gate = Gate()
    shown = view(Given(gate, ()))
    plan = shown.told("open", experiment=experiment.id)["plan"]
    shown.result("resume", experiment=experiment.id, plan=plan["id"])
    gate.wait_for_calls(2)
    assert shown.refusal("resume", experiment=experiment.id, plan=plan["id"])["type"] == "ExperimentBusy"
    gate.open.set()
    shown.ended()


def test_stopping_nothing_is_refused(store: Store, view: Views) -> None:
    assert "Nothing of this experiment runs" in view().refusal("stop", experiment=evaluated(store))["message"]


def test_a_fault_is_answered_and_logged_and_not_printed(
    store: Store,
    view: Views,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = view()

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(readings, "read_and_finish", broken)
    with caplog.at_level(logging.ERROR):
        refusal = shown.refusal("open", experiment=evaluated(store))
    assert refusal["type"] == "ZeroDivisionError"
    assert refusal["message"].startswith("Unexpected ZeroDivisionError: by nought.")
    assert "a request failed" in caplog.text
    monkeypatch.setattr(readings, "read_and_finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    assert shown.refusal("open", experiment=evaluated(store, "second"))["type"] == "KeyboardInterrupt"
    assert capsys.readouterr() == ("", "")


def test_requests_from_many_threads_are_all_answered(store: Store, view: Views) -> None:
    ids = [evaluated(store, name, items=3, broken=(1,)) for name in ("a", "b", "c")]
    shown = view(Given(CountingTask(), ()))
    threads = [
        threading.Thread(target=shown.control.deliver, args=({"kind": "request", "id": n, "method": m, "params": p},))
        for n, (m, p) in enumerate(
            [("open", {"experiment": id_}) for id_ in ids * 5] + [("list", {})] * 5 + [("hello", {})] * 5
        )
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    assert sorted(m.content["id"] for m in shown.control.messages) == list(range(25))
    assert all(m.content["ok"] for m in shown.control.messages)
    assert shown.widget.selected == shown.widget.feed.experiment_id
    shown.feed.until(lambda ms: ms[-1].content.get("head", {}).get("id") == shown.widget.selected)


def test_the_browser_sets_no_trait(store: Store, view: Views) -> None:
    shown = view()
    shown.control.deliver_state(selected="evil", mode="evil", _esm="evil", feed=None)
    assert (shown.widget.selected, shown.widget.mode) == ("", "browser")
    assert shown.widget.feed is not None


# Obstacles, and whose task


def obstacle(shown: View, experiment_id: str) -> str | None:
    text = shown.told("plan", experiment=experiment_id)["plan"]["obstacle"]
    assert text is None or isinstance(text, str)
    return text


def test_without_a_task_the_plan_says_what_to_do(store: Store, view: Views) -> None:
    experiment = unstarted(store, "new", numbers(store, 3))
    shown = view()
    plan = shown.told("plan", experiment=experiment.id)["plan"]
    assert (plan["run"], plan["task"], plan["metrics"], plan["obstacle"]) == (3, None, [], NO_TASK)
    assert shown.refusal("resume", experiment=experiment.id, plan=plan["id"])["message"] == NO_TASK


def test_a_complete_experiment_has_nothing_to_run(store: Store, view: Views) -> None:
    assert obstacle(view(), evaluated(store, broken=())) == "Complete: there is nothing to run."


def test_a_closed_experiment_says_how_to_reopen_it(store: Store, view: Views) -> None:
    experiment_id = evaluated(store)
    store.update(experiment_id, status="cancelled")
    shown = view(Given(CountingTask()))
    assert shown.result("open", experiment=experiment_id)["head"]["state"] == "closed"
    text = obstacle(shown, experiment_id)
    assert text is not None
    assert "reopen_experiment(" in text
    assert shown.result("list")["rows"][0]["state"] == "closed"


def test_missing_scores_without_their_metric(store: Store, view: Views) -> None:
    class Broken:
        name = "broken"

        def score(self, output: str) -> float:
            raise KeyError(output)

    experiment = unstarted(store, "new", numbers(store, 2))
    shown = view(Given(CountingTask(), (Broken(),)))
    plan = shown.told("open", experiment=experiment.id)["plan"]
    shown.result("resume", experiment=experiment.id, plan=plan["id"])
    shown.ended()
    text = obstacle(view(Given(CountingTask(), (Equals(),))), experiment.id)
    assert text is not None
    assert text.startswith("Every run is complete, but 2 runs lack scores")


def test_a_lease_held_elsewhere_is_named(store: Store, view: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment_id = evaluated(store)
    shown = view(Given(CountingTask(), ()))
    lease = store.leases.acquire(experiment_id, new_id())
    assert obstacle(shown, experiment_id) == "A cell of this notebook is running it: ■ stops that."
    plan = shown.told("plan", experiment=experiment_id)["plan"]
    assert shown.refusal("resume", experiment=experiment_id, plan=plan["id"])["type"] == "ExperimentBusy"
    assert shown.widget._desk.active(experiment_id) is None
    monkeypatch.setattr("opik_resume.stores.file.lease.processes.is_this", lambda row: False)
    text = obstacle(shown, experiment_id)
    assert text is not None
    assert text.startswith("Another process is running it (pid ")
    lease.release()
    assert obstacle(shown, experiment_id) is None


EVALUATES = """
import sys, time
from opik_resume import connect, evaluate_resume
from opik_resume.exceptions import EvaluationInterrupted
store = connect(sys.argv[1])

def task(item):
    print("called", flush=True)
    time.sleep(0.3)
    return {"output": item["reference"]}

try:
    evaluate_resume("first", task, [], task_threads=1, verbose=0, store=store)
except EvaluationInterrupted as interruption:
    print(interruption)
"""


def test_a_run_of_another_process_is_asked_to_stop_and_goes_on_here(
    store: Store, view: Views, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "PERIOD", 0.05)
    experiment_id = evaluated(store, items=40, broken=range(40))
    shown = view(Given(CountingTask(), (Equals(),)))
    asked = [sys.executable, "-c", EVALUATES, str(tmp_path / "store.db")]
    with subprocess.Popen(asked, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "called\n"
        shown.told("open", experiment=experiment_id)
        assert "■ asks it to stop" in str(obstacle(shown, experiment_id))
        shown.result("stop", experiment=experiment_id)
        told, _ = process.communicate(timeout=60)
    assert "Stopped: asked to stop by another process" in told
    assert "finishing its last runs" not in str(obstacle(shown, experiment_id))
    assert 0 < reading_of(store, experiment_id).grid.done < 40
    plan = shown.told("plan", experiment=experiment_id)["plan"]
    shown.result("resume", experiment=experiment_id, plan=plan["id"])
    shown.ended()
    assert reading_of(store, experiment_id).grid.complete


def test_a_row_and_what_is_opened_from_it_say_the_same(store: Store, view: Views) -> None:
    experiment_id = evaluated(store)
    shown = view()

    def listed() -> str:
        (row,) = shown.told("list")["rows"]
        return str(row["state"])

    assert listed() == "resumable"
    lease = store.leases.acquire(experiment_id, new_id())  # of another process, as it were: nothing tells this one
    heard = len(shown.feed.messages)
    shown.told("open", experiment=experiment_id)
    shown.hear(heard)
    assert listed() == "running"
    lease.release()


def test_what_evaluate_used_in_this_process_is_offered(store: Store, view: Views) -> None:
    experiment_id = evaluated(store)
    plan = view().told("plan", experiment=experiment_id)["plan"]
    assert (plan["task"], plan["metrics"], plan["threads"]) == ("CountingTask", ["equals_metric"], 4)
    assert plan["obstacle"] is None


def test_a_redefined_task_is_called_and_named(store: Store, view: Views) -> None:
    experiment = unstarted(store, "new", numbers(store, 2))
    notebook: dict[str, Any] = {"__name__": "__main__"}
    exec("def answer(item): raise ValueError('old')", notebook)
    shown = view(Given(notebook["answer"], ()), notebook)
    plan = shown.told("open", experiment=experiment.id)["plan"]
    assert plan["task"] == "answer"
    exec("def answer(item): return {'output': 'new'}", notebook)
    assert shown.told("plan", experiment=experiment.id)["plan"]["task"] == "answer (as redefined)"
    shown.result("resume", experiment=experiment.id, plan=plan["id"])
    shown.ended()
    assert shown.result("cell", experiment=experiment.id, cell=0)["output"] == {"output": "new"}


def test_a_blocking_run_is_stopped_by_its_cell(store: Store, view: Views, desk: Desk) -> None:
    experiment = unstarted(store, "magic", numbers(store, 1))
    gate = Gate()
    inside, beside = view(mode="run"), view()
    inside.widget.show(reading_of(store, experiment.id))
    beside.widget.show(reading_of(store, experiment.id))
    run = desk.prepare(plan_resume(experiment.id, store=store), Callables(gate), store=store, blocking=True)
    run.start()
    gate.wait_for_calls(1)
    for shown, own in ((inside, False), (beside, True)):
        shown.result("snapshot")
        shown.feed.until(lambda ms: ms[-1].content.get("progress", {}).get("active"))
        assert shown.screen().progress["own"] is own
    gate.open.set()
    inside.ended()


# browse(), display and close


def test_browse_checks_its_arguments(store: Store) -> None:
    with pytest.raises(ArgumentError, match="task is of type str and cannot be called"):
        browse("answer")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"pass an instance, Equals\(\)"):
        browse(CountingTask(), [Equals])
    with pytest.raises(ArgumentError, match="task_threads"):
        browse(task_threads=0)


def test_browse_uses_the_default_store_and_finds_what_runs(store: Store) -> None:
    experiment = unstarted(store, "long", numbers(store, 2))
    gate = Gate()
    first = browse(gate, [])
    assert first.store == store.label
    assert first.selected == ""
    shown = View(first, first.comm, first.feed.comm)
    plan = shown.told("open", experiment=experiment.id)["plan"]
    shown.result("resume", experiment=experiment.id, plan=plan["id"])
    gate.wait_for_calls(2)
    first.close()  # what runs goes on
    second = browse()
    assert second.selected == experiment.id
    again = View(second, second.comm, second.feed.comm)
    gate.open.set()
    assert again.ended().progress["done"] == 2
    second.close()


def test_a_missing_bundle_is_a_plain_sentence(store: Store, static: Path, comms: list[RecordingComm]) -> None:
    (static / "widget.js").unlink()
    with pytest.raises(FrontEndMissing, match=r"not built: there is no widget\.js\. .*`make build`"):
        browse()
    assert comms == []


def bundle_of(shown: View) -> dict[str, Any]:
    bundle = shown.widget._repr_mimebundle_()
    assert bundle is not None
    return bundle[0]


def test_a_saved_notebook_shows_a_picture(store: Store, view: Views) -> None:
    experiment_id = evaluated(store, "<script>alert(1)</script>", items=6, broken=(1,))
    shown = view()
    bundle = bundle_of(shown)
    assert bundle["text/plain"] == "local store: 1 experiment"
    assert "&lt;script&gt;" in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle
    shown.result("open", experiment=experiment_id)
    bundle = bundle_of(shown)
    assert bundle["text/plain"] == "<script>alert(1)</script>: 5 of 6 done; 5 completed, 1 task_failed"
    assert "<script>" not in bundle["text/html"]
    assert repr(shown.widget) == "<ResumeBrowser of local store>"


def test_a_picture_that_cannot_be_drawn_hides_nothing(store: Store, view: Views) -> None:
    shown = view()
    shown.widget.set_trait("selected", new_id())
    bundle = bundle_of(shown)
    assert "There is no experiment" in bundle["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_close_ends_everything_but_the_run(store: Store, view: Views) -> None:
    shown = view()
    shown.result("open", experiment=evaluated(store))
    shown.widget.close()
    assert shown.control.closed
    assert shown.feed.closed
    shown.widget.close()


def test_what_is_left_of_a_closed_view_is_its_picture(
    store: Store, view: Views, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = view()
    shown.result("open", experiment=evaluated(store, items=6, broken=(1,)))
    shown.widget.close()
    shown.widget._ipython_display_()
    assert "5 of 6 done" in capsys.readouterr().out


def test_two_hundred_views_are_no_two_hundred_threads(store: Store) -> None:
    experiment_id = evaluated(store)
    views = [browse(store=store) for _ in range(2)]
    views[0].want(experiment_id)
    round_is_over()
    before = threading.active_count()
    views += [browse(store=store) for _ in range(200)]
    for each in views:
        each.want(experiment_id)
    round_is_over()
    assert threading.active_count() <= before
    for each in views:
        each.close()


def test_a_closed_view_is_let_go(store: Store, comms: list[RecordingComm]) -> None:
    experiment_id = evaluated(store)
    shown = browse(store=store)
    shown.want(experiment_id)
    gone = [weakref.ref(shown), weakref.ref(shown.feed)]
    shown.close()
    comms.clear()
    del shown
    until(lambda: gc.collect() is not None and not any(reference() for reference in gone))


# Metrics that differ from those of the kept runs


def drifted(store: Store) -> tuple[str, CountingTask]:
    task = CountingTask(fail=lambda item, call: item["n"] < 2 and call == 1)
    metrics = [Equals(name="eq"), Equals(name="co")]
    result = evaluate(numbers(store, 4), task, metrics, verbose=0, store=store)
    return result.experiment_id, task


@pytest.mark.parametrize(("said", "state"), [({}, "scores_missing"), ({"on_drift": "ignore"}, "completed")])
def test_metrics_that_are_not_given_are_in_the_plan_and_may_be_meant_so(
    store: Store, view: Views, said: dict[str, str], state: str
) -> None:
    experiment_id, task = drifted(store)
    shown = view(Given(task, (Equals(name="eq"),)))
    plan = shown.told("open", experiment=experiment_id)["plan"]
    assert plan["drift"] == "co was scored on the kept runs and is not given"
    assert plan["obstacle"] is None
    shown.result("resume", experiment=experiment_id, plan=plan["id"], **said)
    shown.ended()
    grid = reading_of(store, experiment_id).grid
    assert grid.counts()[CellState[state]] == (4 if state == "completed" else 2)
    again = shown.told("plan", experiment=experiment_id)["plan"]
    assert again["drift"] is None
    assert ("co" in again["obstacle"]) == (state == "scores_missing")
    scores = shown.result("cell", experiment=experiment_id, cell=3)["scores"]
    absent = {"name": "co", "value": None, "reason": "was not given", "failed": False}
    assert (absent in scores) == (state == "scores_missing")
    repairing = view(Given(task, (Equals(name="eq"), Equals(name="co"))))
    plan = repairing.told("open", experiment=experiment_id)["plan"]
    assert (plan["run"], plan["score"]) == (0, 2 if state == "scores_missing" else 0)


def test_a_task_that_has_changed_is_in_the_plan(store: Store, view: Views) -> None:
    def tasked(text: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        def reply(item: dict[str, Any]) -> dict[str, Any]:
            if item["n"] < 2 and text == "small":
                raise ValueError("broken")
            return {"output": text}

        return reply

    metrics = (Equals(name="eq"),)
    experiment_id = evaluate(numbers(store, 4), tasked("small"), metrics, verbose=0, store=store).experiment_id
    assert view(Given(tasked("small"), metrics)).result("open", experiment=experiment_id)["plan"]["drift"] is None
    shown = view(Given(tasked("large"), metrics))
    plan = shown.result("open", experiment=experiment_id)["plan"]
    assert plan["drift"] == "reply has changed since 2 of 4 runs were made (text)"  # its diff is a click away
    assert plan["obstacle"] is None
    shown.result("resume", experiment=experiment_id, plan=plan["id"])
    shown.ended()
    assert reading_of(store, experiment_id).grid.complete
    assert shown.result("plan", experiment=experiment_id)["plan"]["drift"] is None, "nothing is left to run"


def test_what_was_meant_for_one_resume_is_not_meant_for_the_next(store: Store, view: Views) -> None:
    experiment_id, task = drifted(store)
    evaluate_resume(experiment_id, task, [Equals(name="eq")], verbose=0, on_drift="ignore", store=store)
    shown = view()
    assert shown.widget._offers.calls(store.get(experiment_id)).on_drift == "warn"


def test_the_browser_cannot_invent_what_is_to_be_done_about_drift(store: Store, view: Views) -> None:
    experiment_id, task = drifted(store)
    shown = view(Given(task, (Equals(name="eq"),)))
    plan = shown.told("open", experiment=experiment_id)["plan"]
    refused = shown.refusal("resume", experiment=experiment_id, plan=plan["id"], on_drift="error")
    assert refused["type"] == "RequestRefused"
