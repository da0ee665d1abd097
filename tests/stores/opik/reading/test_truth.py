"""What is read is whole, or it is refused: nothing of an answer that was cut decides what is paid for again."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from opik_resume import evaluate_resume, plan_resume
from opik_resume.base.records import CellState
from opik_resume.base.settings import opik_settings
from opik_resume.exceptions import IncompleteAnswer, ServerError, ServerUnreachable
from opik_resume.experiment.reading import read_experiment
from opik_resume.stores.opik import OpikStore
from tests.builders import CountingTask, numbers
from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.opik_server.faulty import faults
from tests.opik_server.serving.wire import Answer, Request
from tests.stores.opik.makers import error, finished, many_items, many_runs, ours, resumable, span, theirs
from tests.waiting import until

SEARCH = faults.to("POST", "/traces/search")
SPANS = faults.to("POST", "/spans/search")
ITEMS = faults.to("GET", "/items")
COMPARE = faults.to("GET", "/experiments/items")
LIST = faults.to("GET", "/private/experiments")
UNKNOWN_FILTER = faults.Status(400, body={"code": 400, "message": "Invalid filters query parameter"})
CUTS: dict[str, faults.Action] = {
    **{f"broken after {rows}": faults.CutStream(rows) for rows in (0, 1, 2)},
    **{f"ended after {rows}": faults.CutStream(rows, clean=True) for rows in (0, 1, 2)},
    **{f"error line after {rows}": faults.ErrorLine(rows) for rows in (0, 1, None)},
}
STATES = ["scores_missing", "scoring_failed", "task_failed", "completed"]


@dataclass
class Scene:
    """Another program's experiment of four runs, each with another end; spans tell the first two from the last two."""

    server: OpikServer
    store: OpikStore
    experiment_id: str
    item_ids: list[str]
    runs: list[str]

    def states(self) -> list[str]:
        reading = read_experiment(self.store.get(self.experiment_id), self.store)
        return [CellState(state).name for state in reading.grid.states.tolist()]

    def assert_refused(self, *kinds: type[ServerError]) -> None:
        """Planning and resuming say why, no task is called, and nothing is written."""
        written = [request.number for request in self.server.requests if faults.is_write(request)]
        task = CountingTask()
        with pytest.raises(kinds or (IncompleteAnswer, ServerUnreachable)):
            plan_resume(self.experiment_id, store=self.store)
        with pytest.raises(kinds or (IncompleteAnswer, ServerUnreachable)):
            evaluate_resume(self.experiment_id, task, store=self.store, verbose=0, reuse_outputs=True)
        assert task.total == 0
        assert [request.number for request in self.server.requests if faults.is_write(request)] == written
        assert self.store.leases.holder(self.experiment_id) is None


@pytest.fixture
def scene(server: OpikServer, store: OpikStore, api: Api) -> Scene:
    experiment_id, item_ids = theirs(api, 4)
    metric_raised = api.run(experiment_id, item_ids[0])
    mapping_raised = api.run(experiment_id, item_ids[1], output=None, error_info=error())
    task_raised = api.run(experiment_id, item_ids[2], output=None, error_info=error())
    whole = api.run(experiment_id, item_ids[3])
    scoring = span(api, metric_raised, "metrics_calculation")
    span(api, metric_raised, "judge", parent_span_id=scoring, error_info=error())
    span(api, mapping_raised, "task", output={"output": "kept"})
    span(api, mapping_raised, "metrics_calculation", error_info=error())
    span(api, task_raised, "task", error_info=error())
    return Scene(server, store, experiment_id, item_ids, [metric_raised, mapping_raised, task_raised, whole])


def test_undisturbed(scene: Scene) -> None:
    assert scene.states() == STATES


# Streams and pages that are cut


@pytest.mark.parametrize("where", [SEARCH, SPANS], ids=["traces", "spans"])
@pytest.mark.parametrize("cut", CUTS)
def test_a_stream_that_is_cut_once_is_asked_for_again(cut: str, where: faults.Match, scene: Scene) -> None:
    fault = scene.server.faults.add(CUTS[cut], where, times=1)
    assert scene.states() == STATES
    assert fault.hits == 1


@pytest.mark.parametrize("where", [SEARCH, SPANS], ids=["traces", "spans"])
@pytest.mark.parametrize("cut", CUTS)
def test_a_stream_that_is_always_cut_is_read_in_pieces_or_refused(cut: str, where: faults.Match, scene: Scene) -> None:
    scene.server.faults.add(CUTS[cut], where, times=None)
    if cut in ("ended after 1", "ended after 2"):
        assert scene.states() == STATES, "each answer brings it on by some rows, and the last one says that it is all"
    else:
        scene.assert_refused()


@pytest.mark.parametrize("where", [SEARCH, SPANS], ids=["traces", "spans"])
def test_a_stream_that_breaks_off_in_the_middle_for_ever_is_refused(where: faults.Match, scene: Scene) -> None:
    scene.server.faults.add(faults.CutStream(2), where, times=1)
    scene.server.faults.add(faults.ErrorLine(0), where, times=None)
    scene.assert_refused(IncompleteAnswer, ServerUnreachable)


PAGES = {"cut": faults.CutStream(), "empty": faults.ShortPage(0), "short": faults.ShortPage(3)}


@pytest.mark.parametrize("page", PAGES)
def test_items_that_are_cut_are_asked_for_again_or_refused(page: str, scene: Scene) -> None:
    once = scene.server.faults.add(PAGES[page], ITEMS, times=1)
    assert scene.states() == STATES
    assert once.hits == 1
    scene.server.faults.add(PAGES[page], ITEMS, times=None)
    scene.store = another(scene.store)  # one that does not know the items yet
    scene.assert_refused()
    scene.store.close()


@pytest.mark.parametrize("page", ["cut", "empty"])
def test_a_list_of_experiments_that_is_cut_is_asked_for_again_or_refused(page: str, scene: Scene) -> None:
    once = scene.server.faults.add(PAGES[page], LIST, times=1)
    assert [found.id for found in scene.store.named("one")] == [scene.experiment_id]
    assert once.hits == 1
    scene.server.faults.add(PAGES[page], LIST, times=1)
    assert scene.store.find()[1] == len(scene.store.find()[0]) == 1
    scene.server.faults.add(PAGES[page], LIST, times=None)
    task = CountingTask()
    with pytest.raises((IncompleteAnswer, ServerUnreachable)):
        evaluate_resume("one", task, store=scene.store, verbose=0)
    with pytest.raises((IncompleteAnswer, ServerUnreachable)):
        scene.store.find()
    assert task.total == 0


def test_the_kept_output_of_a_failed_scoring_is_not_paid_for_again_because_a_stream_was_cut(scene: Scene) -> None:
    scene.server.faults.add(faults.CutStream(0, clean=True), SPANS, times=1)
    actions = [cell.action for cell in plan_resume(scene.experiment_id, store=scene.store, reuse_outputs=True).cells]
    assert actions == ["score", "score", "run"]


def test_ten_thousand_and_one_runs_through_a_server_that_cuts_every_answer(tmp_path: Path) -> None:
    with OpikServer(check=False) as server, Api(server.url) as api:
        item_ids = many_items(api, 10_001)
        experiment_id = resumable(api)
        many_runs(api, experiment_id, item_ids[:10_000])
        server.faults.add(faults.CutStream(1500), SEARCH, times=3)
        server.faults.add(faults.CutStream(700, clean=True), SEARCH, times=None)
        store = OpikStore(opik_settings(server.url), tmp_path / "x.sqlite3")
        (missing,) = plan_resume(experiment_id, store=store).cells
        assert missing.key.item_id == item_ids[10_000]
        store.close()


# Views that lag behind


def test_during_the_lag_nothing_is_run_again(scene: Scene, api: Api) -> None:
    experiment_id = resumable(api, "lagging")
    api.run(experiment_id, scene.item_ids[0])
    scene.server.aggregates.build(experiment_id)
    scene.server.aggregates.frozen = True
    for item_id in scene.item_ids[1:]:
        api.run(experiment_id, item_id)
    dataset_id = scene.store.get(experiment_id).dataset_id
    assert len(api.compared(dataset_id, experiment_id)) == 1, "what a resume by the SDK would see"
    task = CountingTask()
    result = evaluate_resume("lagging", task, store=scene.store, verbose=0)
    assert (task.total, result.complete, len(result.test_results)) == (0, True, 4)


def test_our_own_resume_is_not_misled_by_the_picture_of_the_time_before_it(
    server: OpikServer, store: OpikStore
) -> None:
    from opik_resume import evaluate

    task = CountingTask(fail=lambda item, call: item["n"] == 1 and call == 1)
    first = evaluate(numbers(store, 4), task, store=store, verbose=0)
    server.aggregates.build(first.experiment_id)
    server.aggregates.frozen = True
    for _ in range(2):
        assert evaluate_resume(first.experiment_id, task, store=store, verbose=0).complete
    assert task.calls == Counter({0: 1, 1: 2, 2: 1, 3: 1})


# Runs that are not where one would look


def test_runs_in_two_projects_are_all_found(scene: Scene, api: Api) -> None:
    experiment_id = resumable(api, "two projects")
    for item_id, project in zip(scene.item_ids, ("demo", "another", "another", "a third"), strict=True):
        api.run(experiment_id, item_id, project_name=project)
    task = CountingTask()
    assert evaluate_resume(experiment_id, task, store=scene.store, verbose=0).complete
    assert task.total == 0


@pytest.mark.parametrize("page", ["cut", "empty"])
def test_links_that_are_cut_are_asked_for_again_or_refused(page: str, scene: Scene, api: Api) -> None:
    api.run(scene.experiment_id, scene.item_ids[2], project_name="another")
    repaired = ["scores_missing", "scoring_failed", "completed", "completed"]
    scene.server.faults.add(PAGES[page], COMPARE, times=1)
    assert scene.states() == repaired
    scene.server.faults.add(PAGES[page], COMPARE, times=None)
    assert scene.states() == repaired, "where its runs are is known"
    scene.store = another(scene.store)
    scene.assert_refused()
    scene.store.close()


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_run_in_another_project_that_the_list_did_not_show_is_not_overlooked(by: str, scene: Scene, api: Api) -> None:
    experiment_id = resumable(api, "elsewhere")
    api.run(experiment_id, scene.item_ids[0])
    scene.store.find()  # its numbers are in memory
    api.run(experiment_id, scene.item_ids[1], project_name="another")
    task = CountingTask()
    for door in (plan_resume, resumed_with(task)):
        door(experiment_id if by == "id" else "elsewhere", store=scene.store)
    assert task.total == 2


def test_a_run_in_another_project_that_is_known_is_seen_before_the_views_show_it(scene: Scene, api: Api) -> None:
    experiment_id = resumable(api, "elsewhere")
    for n, project in enumerate(("demo", "another")):
        api.run(experiment_id, scene.item_ids[n], project_name=project)
    assert plan_resume(experiment_id, store=scene.store).kept == 2
    scene.server.aggregates.build(experiment_id)
    scene.server.aggregates.frozen = True
    api.run(experiment_id, scene.item_ids[2], project_name="another")
    assert plan_resume(experiment_id, store=scene.store).kept == 3


def test_a_trace_that_was_deleted_or_has_not_arrived_does_not_block_the_rest(scene: Scene, api: Api) -> None:
    experiment_id = resumable(api, "dangling")
    api.run(experiment_id, scene.item_ids[0])
    api.link(experiment_id, scene.item_ids[1], "019b0000-0000-7000-8000-000000000000")
    plan = plan_resume(experiment_id, store=scene.store)
    assert (plan.kept, len(plan)) == (1, 3)


def test_runs_on_their_way_are_not_looked_for(server: OpikServer, store: OpikStore) -> None:
    """Our links arrive before our traces."""
    experiment = ours(store)
    attempts = finished(experiment, store)
    server.faults.add(faults.Status(503), faults.to("POST", "/traces/batch"), times=None)
    store.record(attempts)
    until(lambda: len(server.state.experiment_items) == 3)
    assert plan_resume(experiment.id, store=store).kept == 3
    assert not [request for request in server.asked("GET") if "/traces/" in request.path]


def test_a_trace_that_is_in_another_project_than_its_link_says_is_found(scene: Scene, api: Api) -> None:
    experiment_id = resumable(api, "astray")
    astray = ["019b0000-0000-7000-8000-000000000000", "019b0000-0000-7000-8000-000000000001"]
    for item_id, trace_id in zip(scene.item_ids, astray, strict=False):
        api.link(experiment_id, item_id, trace_id)
    scene.server.aggregates.build(experiment_id)
    scene.server.aggregates.frozen = True  # the views know nothing of the traces, which arrive only now
    for trace_id, project in zip(astray, ("demo", "another"), strict=True):
        api.trace(id=trace_id, project_name=project)
    assert plan_resume(experiment_id, store=scene.store).kept == 2


def test_a_run_of_two_experiments_is_a_run_of_both(scene: Scene, api: Api) -> None:
    other = resumable(api, "other")
    for item_id, trace_id in zip(scene.item_ids, scene.runs, strict=True):
        api.link(other, item_id, trace_id)
    for experiment_id in (scene.experiment_id, other):
        plan = plan_resume(experiment_id, store=scene.store)
        assert [cell.state.name for cell in plan.cells] == STATES[:3]


def test_a_run_of_two_experiments_whose_link_is_not_shown_yet_is_refused(scene: Scene, api: Api) -> None:
    other = resumable(api, "other")
    scene.server.aggregates.build(other)
    scene.server.aggregates.frozen = True
    api.link(other, scene.item_ids[3], scene.runs[3])
    scene.experiment_id = other
    scene.assert_refused(IncompleteAnswer)


# Servers of another age


def without_the_filter(request: Request) -> bool:
    return request.path.endswith(("/traces", "/traces/search"))


def test_a_server_that_does_not_know_the_filter_is_asked_run_by_run_what_its_links_leave_open(scene: Scene) -> None:
    scene.server.faults.add(UNKNOWN_FILTER, without_the_filter, times=None)
    assert scene.states() == STATES
    asked = [request.path.rpartition("/")[2] for request in scene.server.asked("GET") if "/traces/" in request.path]
    assert sorted(asked) == sorted(scene.runs[1:3]), "those that are not complete, and no others"


def test_without_the_filter_views_that_lag_are_refused(scene: Scene, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    tell_numbers_live(scene.server, monkeypatch)
    scene.server.aggregates.build(scene.experiment_id)
    scene.server.aggregates.frozen = True
    api.run(scene.experiment_id, scene.item_ids[2])
    scene.server.faults.add(UNKNOWN_FILTER, without_the_filter, times=None)
    scene.assert_refused(IncompleteAnswer)


def test_without_the_filter_a_run_whose_output_is_not_shown_yet_is_complete(scene: Scene, api: Api) -> None:
    experiment_id = resumable(api, "late")
    late = api.run(experiment_id, scene.item_ids[0], output=None)
    scene.server.aggregates.build(experiment_id)
    scene.server.aggregates.frozen = True
    api.trace(id=late)
    scene.server.faults.add(UNKNOWN_FILTER, without_the_filter, times=None)
    assert plan_resume(experiment_id, store=scene.store).kept == 1


def test_without_the_filter_long_outputs_are_whole(scene: Scene, api: Api) -> None:
    experiment_id = resumable(api, "long")
    api.run(experiment_id, scene.item_ids[0], output={"output": LONG})
    scene.server.faults.add(UNKNOWN_FILTER, without_the_filter, times=None)
    assert [attempt.task_output for attempt in scene.store.attempts(experiment_id, heavy=True)] == [{"output": LONG}]


def test_a_server_that_ignores_the_filter_is_not_believed(
    scene: Scene, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.opik_server.endpoints import filters

    api.trace()  # of no experiment
    monkeypatch.setattr(filters, "elements", lambda given, fields: [])
    scene.assert_refused(IncompleteAnswer)


def tell_numbers_live(server: OpikServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """As servers did before they computed views: how many runs an experiment has is always right."""
    numbers, picture = server.aggregates.numbers, server.aggregates._pictures

    def live(experiment_id: str) -> dict[str, Any]:
        hidden = picture.pop(experiment_id, None)
        found = numbers(experiment_id)
        if hidden is not None:
            picture[experiment_id] = hidden
        return found

    monkeypatch.setattr(server.aggregates, "numbers", live)


# Metadata that the server shortens, as some do

LONG = "é" * 20_000


class CutMetadata(faults.Action):
    def after(self, request: Request, answer: Answer) -> Answer:
        rows = [{**row, "metadata": begun(row.get("metadata"))} for row in answer.rows or ()]
        return dataclasses.replace(answer, rows=rows)


def begun(metadata: Any) -> Any:
    text = json.dumps(metadata)
    return text[:10_001] if len(text) > 10_001 else metadata


@pytest.fixture
def cutting(server: OpikServer) -> None:
    server.faults.add(CutMetadata(), lambda request: SEARCH(request) and request.body["truncate"], times=None)


@pytest.mark.usefixtures("cutting")
def test_metadata_that_the_server_shortens_is_read_whole(scene: Scene, server: OpikServer, store: OpikStore) -> None:
    scene.experiment_id = with_long_metadata(store)
    attempts = store.attempts(scene.experiment_id)
    assert [(attempt.trial, attempt.scores[0].name) for attempt in attempts] == [(0, LONG), (0, "equals"), (0, LONG)]


@pytest.mark.usefixtures("cutting")
@pytest.mark.parametrize("cut", CUTS)
def test_metadata_is_asked_for_again_until_it_is_whole(cut: str, scene: Scene, store: OpikStore) -> None:
    scene.experiment_id = with_long_metadata(store)

    def again(request: Request) -> bool:
        return SEARCH(request) and not request.body["truncate"]

    scene.server.faults.add(CUTS[cut], again, times=1)
    assert [attempt.trial for attempt in store.attempts(scene.experiment_id)] == [0, 0, 0]
    scene.server.faults.add(faults.CutStream(0, clean=True), again, times=None)
    scene.assert_refused()


def with_long_metadata(store: OpikStore) -> str:
    """Our own experiment, complete; the facts of two of its runs are longer than what the server shows of them."""
    from dataclasses import replace

    from opik_resume.base.records import ScoreResult

    experiment = ours(store)
    long = (ScoreResult(LONG, 1.0, metadata={"why": LONG}),)
    store.record([replace(a, scores=long) if n != 1 else a for n, a in enumerate(finished(experiment, store))])
    assert store.flush(10)
    return experiment.id


# Making them


def resumed_with(task: CountingTask) -> Callable[..., Any]:
    return lambda experiment, store: evaluate_resume(experiment, task, store=store, verbose=0)


def another(store: OpikStore) -> OpikStore:
    return OpikStore(store.settings, store.path)
