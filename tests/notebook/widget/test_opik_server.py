"""The widget on an Opik server, whose answers come late: nothing blocks, nothing is asked twice for nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_resume, experiments
from opik_resume.base.ids import new_id
from opik_resume.base.records import REPLAYED, CellState
from opik_resume.base.settings import opik_settings
from opik_resume.experiment.limits import Limits
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.lifecycle import conclude as concluding
from opik_resume.lifecycle import settling
from opik_resume.metrics import Equals
from opik_resume.notebook.background import elsewhere, patience, readings, undelivered
from opik_resume.notebook.magics import resuming
from opik_resume.notebook.namespace.choosing import Given
from opik_resume.notebook.widget import listing
from opik_resume.notebook.widget.control import ResumeBrowser
from opik_resume.notebook.widget.finishing import answering
from opik_resume.stores.opik import OpikStore
from tests.builders import CountingTask, numbers
from tests.notebook.helpers import TIMEOUT, Screen, Sent, View, evaluated
from tests.notebook.widget.wire.test_feed import round_is_over
from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.opik_server.faulty import faults
from tests.stores.opik.makers import finished, ours, theirs
from tests.waiting import until

Views = Callable[..., View]
LATENCY = 0.03  # of each request, above what a handler waits for


@pytest.fixture(autouse=True)
def quick(quick_store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undelivered, "PERIOD", 0.02)
    monkeypatch.setattr(undelivered, "IDLE_PERIOD", 0.05)


@pytest.fixture
def store(server: OpikServer, tmp_path: Path) -> Iterator[OpikStore]:
    opened = OpikStore(opik_settings(server.url), tmp_path / "local.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def slow(server: OpikServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request takes longer than a handler waits."""
    for module in (patience, answering):
        monkeypatch.setattr(module, "PATIENCE", LATENCY / 3)
    server.latency = LATENCY


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "SERVER_PERIOD", 0.02)


def progress(messages: list[Sent]) -> dict[str, Any]:
    """As last told."""
    return next((m.content["progress"] for m in reversed(messages) if "progress" in m.content), {})


def news(messages: list[Sent], what: str) -> int:
    return sum(what in m.content.get("what", ()) for m in messages)


def exact(shown: View, *ids: str) -> list[dict[str, Any]]:
    """The rows of these experiments, once they have been read."""
    shown.told("list")
    shown.result("look", experiments=list(ids))
    while True:
        heard = len(shown.feed.messages)
        rows = shown.told("list")["rows"]
        if all(row["state"] != "reading" for row in rows if row["id"] in ids):
            return [row for row in rows if row["id"] in ids]
        shown.hear(heard)


# The list


def test_a_row_says_at_once_what_its_experiment_says_and_is_exact_when_it_is_in_sight(
    store: OpikStore, view: Views
) -> None:
    seen, other = evaluated(store, "seen", items=4, broken=(1,)), evaluated(store, "other", items=3, broken=())
    shown = view()
    rows = shown.told("list", sort="created_at")["rows"]
    assert [(row["id"], row["state"], row["done"], row["expected"]) for row in rows] == [
        (seen, "reading", None, 4),
        (other, "reading", None, 3),
    ]
    (row,) = exact(shown, seen)
    assert (row["state"], row["done"], row["expected"], row["failed"]) == ("resumable", 3, 4, 1)
    (row,) = [row for row in shown.told("list")["rows"] if row["id"] == other]
    assert row["state"] == "reading", "it was not in sight"


def test_rows_are_read_once_until_this_process_runs_them(
    server: OpikServer, store: OpikStore, view: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "SERVER_PERIOD", 1e6)
    ids = [evaluated(store, name, items=3, broken=(1,)) for name in ("a", "b", "c")]
    shown = view(Given(CountingTask(), [Equals()]))
    exact(shown, *ids)
    server.forget_requests()
    for _ in range(3):
        shown.result("look", experiments=ids)
        shown.told("list", sort="name")
    assert [request.path for request in server.requests] == ["/v1/private/experiments"], "one page, no runs"

    plan = shown.told("open", experiment=ids[0])["plan"]
    shown.result("resume", experiment=ids[0], plan=plan["id"])
    shown.ended()
    server.forget_requests()
    until(lambda: exact(shown, ids[0])[0]["state"] == "complete")
    until(lambda: server.asked("GET", f"/experiments/{ids[0]}"))
    assert [row["done"] for row in exact(shown, *ids)] == [2, 2, 3]
    monkeypatch.setattr(listing, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(readings, "FRESH_SECONDS", 0.0)
    server.forget_requests()
    shown.result("look", experiments=ids[1:])
    until(lambda: all(server.asked("GET", f"/experiments/{id_}") for id_ in ids[1:]))
    assert server.asked("GET", f"/experiments/{ids[0]}") == [], "it is not in sight"


def test_a_whole_experiment_that_was_left_running_is_completed_when_it_is_in_sight(
    store: OpikStore, view: Views
) -> None:
    experiment = ours(store)
    store.record(finished(experiment, store))
    assert store.flush(10)
    (row,) = exact(view(), experiment.id)
    assert (row["state"], row["done"]) == ("complete", 3)
    assert store.get(experiment.id).status == "completed"


def test_four_experiments_are_read_at_a_time(server: OpikServer, store: OpikStore, view: Views) -> None:
    ids = [evaluated(store, str(n), items=1, broken=()) for n in range(6)]
    shown = view()
    shown.told("list")
    held = faults.Hold()
    fault = server.faults.add(held, faults.to("GET", ""), times=None)
    server.forget_requests()
    shown.result("look", experiments=ids)
    until(lambda: len(server.requests) == 4)
    server.faults.remove(fault)
    held.released.set()
    assert {row["done"] for row in exact(shown, *ids)} == {1}


@pytest.mark.usefixtures("slow")
def test_every_request_is_answered_before_the_server_has(store: OpikStore, view: Views) -> None:
    experiment_id = evaluated(store, items=3, broken=(1,))
    shown = view(Given(CountingTask(), ()))
    assert shown.ask("list").content["result"] is None
    assert shown.ask("open", experiment=experiment_id).content["result"] == {"head": None, "plan": None}
    assert shown.told("list")["total"] == 1
    assert shown.told("plan", experiment=experiment_id)["plan"]["run"] == 1
    assert shown.told("open", experiment=experiment_id)["head"]["id"] == experiment_id
    assert shown.ask("cell", experiment=experiment_id, cell=0).content["result"] is None
    assert shown.ask("details", experiment=experiment_id, cell=0).content["result"] is None
    while (known := shown.ask("cell", experiment=experiment_id, cell=0).content["result"]) is None:
        shown.feed.until(lambda ms: news(ms, "cell") >= 1)  # of both at once, perhaps
    assert known["cell"] == 0


def test_a_project_is_searched_sorted_and_paged_by_its_server(
    server: OpikServer, store: OpikStore, view: Views
) -> None:
    for name in ("apple", "pear", "pineapple"):
        evaluated(store, name, items=1, broken=())
    shown = view()
    assert [row["name"] for row in shown.told("list", search="apple")["rows"]] == ["pineapple", "apple"]
    assert [row["name"] for row in shown.told("list", sort="name", limit=2)["rows"]] == ["apple", "pear"]
    assert [row["name"] for row in shown.told("list", sort="name", offset=2, limit=2)["rows"]] == ["pineapple"]
    assert shown.told("list", sort="name", offset=2, limit=2)["total"] == 3
    assert len(server.asked("GET", "/experiments")) == 3


def test_a_server_that_is_away_is_said_and_asked_again_with_the_next_request(
    server: OpikServer, store: OpikStore, view: Views
) -> None:
    experiment_id = evaluated(store, items=2, broken=())
    shown = view()
    with server.down():
        for method in ("list", "open"):
            refused: list[Sent] = []
            while not refused:
                heard = len(shown.feed.messages)
                asked = shown.ask(method, experiment=experiment_id)
                refused = [asked] if not asked.content["ok"] else []
                if not refused:
                    shown.hear(heard)
            assert "cannot be reached" in refused[0].content["error"]["message"]
    assert shown.told("list")["total"] == 1
    assert shown.told("open", experiment=experiment_id)["head"]["state"] == "complete"


def test_a_row_that_cannot_be_read_says_so_and_is_tried_again_later(
    server: OpikServer, store: OpikStore, view: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment_id = evaluated(store, items=2, broken=())
    shown = view()
    shown.told("list")
    with server.down():
        (row,) = exact(shown, experiment_id)
    assert (row["state"], row["done"]) == ("unread", None)
    assert "cannot be reached" in row["reason"]
    server.forget_requests()
    shown.result("look", experiments=[experiment_id])
    assert server.requests == []
    monkeypatch.setattr(listing, "_UNREAD_SECONDS", 0.0)
    until(lambda: exact(shown, experiment_id)[0]["state"] == "complete")
    assert exact(shown, experiment_id)[0]["reason"] is None


def test_one_whose_project_was_deleted_is_unread_for_that_reason_and_hides_none(
    server: OpikServer, store: OpikStore, view: Views, api: Api
) -> None:
    good, (bad, _) = evaluated(store, items=2, broken=()), theirs(api)
    project_id = api.ok("GET", f"/experiments/{bad}")["project_id"]
    api.ok("DELETE", f"/projects/{project_id}")
    rows = {row["id"]: row for row in exact(view(), good, bad)}
    assert (rows[good]["state"], rows[bad]["state"], rows[bad]["done"]) == ("complete", "unread", None)
    assert "its project was deleted" in rows[bad]["reason"]
    frame = experiments(store=store).set_index("id")
    assert (frame.state[bad], frame.reason[bad]) == ("unread", rows[bad]["reason"]), "same word, same reason"


def test_only_what_is_listed_is_looked_at(server: OpikServer, store: OpikStore, view: Views) -> None:
    experiment_id = evaluated(store, items=2, broken=())
    shown = view()
    server.forget_requests()
    shown.result("look", experiments=[experiment_id, "evil"])
    assert shown.refusal("look", experiments="evil")["type"] == "RequestRefused"
    assert shown.refusal("list", sort="evil")["message"].startswith("sort must be one of -created_at, ")
    assert server.requests == []


def test_what_is_shown_while_it_is_read_again_has_what_was_run_here(server: OpikServer, store: OpikStore) -> None:
    experiment_id = evaluated(store, items=4, broken=(1, 3))
    kept = readings.readings_of(store)
    assert kept.read(experiment_id).grid.done == 2
    evaluate_resume(experiment_id, CountingTask(), verbose=0, store=store)
    held = faults.Hold()
    fault = server.faults.add(held, faults.to("GET", f"/experiments/{experiment_id}"), times=None)
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(kept.read, experiment_id, anew=True)
        assert held.arrived.wait(TIMEOUT)
        shown = kept.last(experiment_id)
        merged = pool.submit(kept.merge, experiment_id, [])
        server.faults.remove(fault)
        held.released.set()
        assert shown is not None
        assert [each.grid.done for each in (shown, reading.result(TIMEOUT), merged.result(TIMEOUT))] == [4, 4, 4]


# One run


def test_a_cell_tells_what_the_server_knows_of_its_run(store: OpikStore, view: Views) -> None:
    def answer(item: dict[str, Any]) -> dict[str, Any]:
        if item["n"] == 1:
            raise TimeoutError("no answer")
        return {"output": item["reference"]}

    result = evaluate(
        numbers(store, 2), answer, [Equals(name="equals")], experiment_name="mine", verbose=0, store=store
    )
    shown = view()
    shown.told("open", experiment=result.experiment_id)
    grid = readings.readings_of(store).read(result.experiment_id).grid
    failed = grid.states.tolist().index(CellState.task_failed)
    assert shown.ask("cell", experiment=result.experiment_id, cell=failed).content["result"]["error"]["message"]
    details = shown.ask("details", experiment=result.experiment_id, cell=1 - failed).content["result"]["details"]
    names = [(span["name"], span["depth"], span["kind"]) for span in details["spans"]]
    assert names == [("answer", 0, "general"), ("metrics_calculation", 0, "general"), ("equals", 1, "general")]
    assert details["spans"][0]["output"] == {"output": "0"}
    assert details["url"].startswith("http://127.0.0.1:")
    assert (details["tokens"], details["cost"]) == (None, None)
    details = shown.ask("details", experiment=result.experiment_id, cell=failed).content["result"]["details"]
    assert details["spans"][0]["error"]["message"] == "no answer"


def test_cells_are_coloured_by_what_traces_say_they_cost_and_items_grouped_by_a_field(
    api: Api, store: OpikStore, view: Views
) -> None:
    experiment = ours(store, 3)
    runs = finished(experiment, store)
    store.record(runs)
    assert store.flush(10)
    spans = [
        {
            "id": new_id(), "trace_id": run.id, "project_name": "Default Project", "name": "chat", "type": "llm",
            "start_time": run.started_at.isoformat(), "usage": {"total_tokens": 7}, "total_estimated_cost": 0.5,
        }
        for run in runs[:2]
    ]  # fmt: skip
    api.ok("POST", "/spans/batch", {"spans": spans})
    shown = view()
    shown.told("open", experiment=experiment.id)
    scales = shown.told("scales", experiment=experiment.id)
    assert (scales["measures"], scales["fields"]) == (["duration", "attempts", "cost", "tokens"], ["n"])
    for by, value in (("cost", 0.5), ("tokens", 7.0)):
        plane = shown.told("plane", experiment=experiment.id, by=by)
        assert (plane["n"], plane["low"], plane["high"]) == (2, value, value)
    assert shown.told("order", experiment=experiment.id, by="field:n")["groups"] == [["0", 1], ["1", 1], ["2", 1]]


def test_a_run_that_was_deleted_is_said_in_a_sentence(api: Api, store: OpikStore, view: Views) -> None:
    experiment_id = evaluated(store, items=1, broken=())
    shown = view()
    shown.told("open", experiment=experiment_id)
    assert store.flush(10)
    readings.readings_of(store).read(experiment_id, anew=True)
    (attempt,) = store.attempts(experiment_id)
    until(lambda: store._journal.find(attempt.id) is None)
    api.ok("POST", "/traces/delete", {"ids": [attempt.id]})
    refusal = shown.refusal("cell", experiment=experiment_id, cell=0)
    assert refusal["message"] == "This run is not there any more: somebody has deleted it."


# Delivery


def test_what_is_still_to_be_delivered_is_told_until_it_is(
    server: OpikServer, store: OpikStore, view: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment_id = evaluated(store, items=4, broken=(1, 3))
    monkeypatch.setattr(concluding, "DELIVERY_SECONDS", 0.2)
    shown = view(Given(CountingTask(), [Equals()]))
    plan = shown.told("open", experiment=experiment_id)["plan"]
    away = server.faults.add(faults.Status(503), faults.is_write, times=None)
    shown.result("resume", experiment=experiment_id, plan=plan["id"])
    shown.ended()
    messages = shown.feed.until(lambda ms: (progress(ms).get("undelivered") or {}).get("problem"))
    told = progress(messages)["undelivered"]
    assert (told["waiting"], told["refused"], told["words"]) == (2, 0, [])
    assert "503" in told["problem"]
    server.faults.remove(away)
    messages = shown.feed.until(lambda ms: progress(ms)["undelivered"] is None)
    assert progress(messages)["outcome"] == "finished"
    assert news(messages, "cell"), "the server knows more of the run on show now"


def test_what_the_server_refuses_is_told_in_its_words(server: OpikServer, store: OpikStore, view: Views) -> None:
    experiment_id = evaluated(store, items=3, broken=(1,))
    shown = view(Given(CountingTask(), [Equals()]))
    plan = shown.told("open", experiment=experiment_id)["plan"]
    taken = set(server.state.traces)  # as long as it takes no other run either, it is not this one that it refuses
    server.faults.poison(lambda row: row["id"] not in taken, faults.to("POST", "/traces/batch"))
    shown.result("resume", experiment=experiment_id, plan=plan["id"])
    messages = shown.feed.until(lambda ms: (progress(ms).get("undelivered") or {}).get("refused"))
    told = progress(messages)["undelivered"]
    assert (told["waiting"], told["refused"], told["problem"]) == (0, 1, None)
    assert len(told["words"]) == 1


@pytest.mark.usefixtures("slow")
def test_a_click_while_the_server_is_away_is_answered_and_works_when_it_is_back(
    server: OpikServer, store: OpikStore, view: Views
) -> None:
    experiment_id = evaluated(store, items=3, broken=(1,))
    task = CountingTask()
    shown = view(Given(task, [Equals()]))
    shown.told("open", experiment=experiment_id)
    plan = shown.told("plan", experiment=experiment_id)["plan"]
    with server.down():
        shown.result("resume", experiment=experiment_id, plan=plan["id"])
        assert "cannot be reached" in shown.ended("broken").progress["message"]
    assert task.total == 0
    plan = shown.told("plan", experiment=experiment_id)["plan"]
    shown.result("resume", experiment=experiment_id, plan=plan["id"])
    assert shown.ended().states.tolist().count(CellState.completed | REPLAYED) == 1


# Others


@pytest.mark.usefixtures("slow")
def test_the_plan_after_a_run_is_not_the_one_that_came_late_before_it(store: OpikStore, view: Views) -> None:
    experiment_id = evaluated(store)
    shown = view(Given(CountingTask(), ()))
    assert shown.result("open", experiment=experiment_id)["plan"] is None
    shown.feed.until(lambda ms: Screen.of(ms).head.get("id") == experiment_id)
    assert shown.told("plan", experiment=experiment_id)["plan"]["run"] == 2
    evaluate_resume(experiment_id, CountingTask(), [Equals()], store=store, verbose=0)
    assert shown.told("plan", experiment=experiment_id)["plan"]["run"] == 0


@pytest.mark.usefixtures("looking")
def test_cells_that_others_fill_appear(api: Api, store: OpikStore, view: Views) -> None:
    experiment_id, item_ids = theirs(api)
    shown = view(Given(CountingTask(), ()))
    assert shown.told("open", experiment=experiment_id)["plan"]["run"] == 3
    api.run(experiment_id, item_ids[1])
    shown.feed.until(lambda ms: Screen.of(ms).states.tolist() == [0, CellState.completed, 0])
    shown.feed.until(lambda ms: news(ms, "plan"))
    assert shown.told("plan", experiment=experiment_id)["plan"]["run"] == 2
    for item_id in (item_ids[0], item_ids[2]):
        api.run(experiment_id, item_id)
    shown.feed.until(lambda ms: Screen.of(ms).head["state"] == "complete")


@pytest.mark.usefixtures("looking")
def test_a_server_that_cannot_be_looked_at_is_one_sentence_which_goes_away(
    server: OpikServer, store: OpikStore, view: Views, caplog: pytest.LogCaptureFixture
) -> None:
    experiment_id = evaluated(store, items=2, broken=())
    shown = view()
    shown.told("open", experiment=experiment_id)
    with server.down():
        messages = shown.feed.until(lambda ms: progress(ms).get("problem"))
        assert "cannot be reached" in progress(messages)["problem"]
    heard = len(shown.feed.messages)
    messages = shown.feed.until(lambda ms: progress(ms)["problem"] is None and news(ms[heard:], "plan"))
    assert news(messages[heard:], "list"), "what could not be told is asked again"
    assert [record for record in caplog.records if record.name.startswith("opik_resume.notebook")] == []


def test_a_lookout_rests_longer_the_longer_a_look_takes_and_the_oftener_it_fails(store: OpikStore) -> None:
    lookout = elsewhere.Lookout(store, readings.readings_of(store))
    assert lookout.seconds(0.0) == float("inf"), "nobody has been there"
    lookout.attend()
    now = lookout._attended
    lookout.refreshed()
    assert lookout.seconds(now) == pytest.approx(elsewhere.SERVER_PERIOD, abs=0.5)
    lookout._rest(10.0)
    assert lookout.seconds(now) == pytest.approx(40.0, abs=0.5)
    lookout._failures = 2
    lookout._rest(0.0)
    assert lookout.seconds(now) == pytest.approx(4 * elsewhere.SERVER_PERIOD, abs=0.5)
    lookout._failures = 50
    lookout._rest(0.0)
    assert lookout.seconds(now) == pytest.approx(elsewhere.LONGEST_REST, abs=0.5)
    assert lookout.seconds(now + elsewhere.ATTENTION + 1) == float("inf"), "nobody has been there for long"


@pytest.mark.usefixtures("looking")
def test_a_server_is_not_looked_at_when_the_view_is_closed(server: OpikServer, store: OpikStore, view: Views) -> None:
    experiment_id = evaluated(store, items=2, broken=())
    shown = view()
    shown.told("open", experiment=experiment_id)
    server.forget_requests()
    until(lambda: len(server.requests) >= 2)
    shown.widget.close()
    round_is_over()
    until(lambda: not shown.widget.feed._lookout._looking)
    server.forget_requests()
    evaluated(store, "another", items=1, broken=())
    assert [r for r in server.requests if experiment_id in f"{r.path}{r.query}{r.body}"] == []


# A saved notebook


def test_a_picture_of_the_list_does_not_read_every_experiment(
    server: OpikServer, store: OpikStore, view: Views
) -> None:
    evaluated(store, items=2, broken=())
    shown = view()
    server.forget_requests()
    bundle = shown.widget._repr_mimebundle_()
    assert bundle is not None
    assert bundle[0]["text/plain"] == f"{store.label}: 1 experiment"
    assert len(server.requests) == 1


def test_the_traits_say_which_store_it_is(store: OpikStore, view: Views) -> None:
    shown = view()
    assert (shown.widget.remote, shown.widget.store) == (True, store.label)


# What others see


def of_the_sdk(server: OpikServer, api: Api) -> str:
    """Complete runs are missing from it, and the server has a view of it."""
    experiment_id, item_ids = theirs(api)
    api.run(experiment_id, item_ids[0])
    server.aggregates.build(experiment_id)
    return experiment_id


def test_it_is_said_where_a_run_has_ended_that_others_see_it_later(
    server: OpikServer, api: Api, store: OpikStore, view: Views
) -> None:
    experiment_id = of_the_sdk(server, api)
    shown = view(Given(CountingTask(), []))
    plan = shown.told("open", experiment=experiment_id)["plan"]
    shown.result("resume", experiment=experiment_id, plan=plan["id"])
    messages = shown.feed.until(lambda ms: progress(ms)["outcome"] == "finished")
    assert progress(messages)["note"] == "other programs see this in about a minute"


def test_the_magic_waits_for_it(
    server: OpikServer, api: Api, store: OpikStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settling, "LOOK", 0.01)
    experiment_id = of_the_sdk(server, api)
    told: list[EvaluationResult] = []
    views: list[ResumeBrowser] = []

    def made(*given: Any, **options: Any) -> ResumeBrowser:
        views.append(ResumeBrowser(*given, **options))
        return views[-1]

    monkeypatch.setattr(resuming, "ResumeBrowser", made)

    def type_it() -> None:
        given = Given(CountingTask(), [])
        told.append(
            resuming.resume(store.get(experiment_id), given, Limits(), store, only=(), reuse_outputs=False, settle=True)
        )

    typed = threading.Thread(target=type_it, daemon=True)
    typed.start()
    until(lambda: sum("experiment_ids" in r.query for r in server.asked("GET", "/experiments")) > 2)
    assert told == []
    server.aggregates.advance(61)
    typed.join(60)
    assert told[0].complete
    assert told[0].seen_by is None
    assert "seen by others" in capsys.readouterr().err
    for view in views:
        view.close()
