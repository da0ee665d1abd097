"""Programs as users write them come to the same with one line changed: what they get, and what the server holds."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.examples.cookbook import WAYS, as_text, changed, programs
from tests.opik_server import OpikServer, sdk

# What is ours on purpose, by program. The SDK counts the trials that a resume finds from 0, whichever they were, and it
# sends the spans of scoring again as traces of their own, where ours are in the trace of the run.
OTHERWISE = {"resumed": "trials", "scored again": "spans"}
OPIKS_METRICS = {
    "tracked application with openai": "Hallucination",
    "a judge of one's own": "GEval",
    "an aggregated metric": "AggregatedMetric",
    "a prompt": "Hallucination",
}
_UNSENT = "_arg_validation"  # the SDK's span of its look at the arguments of a metric: it tells nothing of the run


class Ran:
    """All programs, run once: what they came to, and what the server held afterwards, by experiment."""

    def __init__(self, which: str, home: Path) -> None:
        told = home / "told.json"
        with OpikServer() as server:
            arguments = ("-m", "tests.evaluation.examples.cookbook", which, str(told))
            sdk.run(server.url, home, *arguments, timeout=600, OPIK_RESUME_DB=str(home / "ours.sqlite3"))
            self.problems = list(server.problems)
            self.held = held(server)
        self.outcomes: dict[str, Any] = json.loads(told.read_text())


def held(server: OpikServer) -> dict[str, Any]:
    """The experiments by name: without ids and times."""
    state = server.state
    datasets = {i: {n: item for v in d.versions for n, item in v.items.items()} for i, d in state.datasets.items()}
    found = {}
    for experiment in state.experiments.values():
        rows = [state.experiment_items[item] for item in state.items_of_experiment[experiment["id"]]]
        metadata = {
            k: v for k, v in (experiment.get("metadata") or {}).items() if k not in {"opik_resume", "_opik_resume"}
        }
        found[experiment["name"]] = {
            "dataset": state.datasets[experiment["dataset_id"]].row["name"],
            "project": state.projects[experiment["project_id"]]["name"],
            "status": experiment["status"],
            "tags": sorted(experiment.get("tags") or []),
            "metadata": metadata,
            "scores": sorted((s["name"], s["value"]) for s in experiment.get("experiment_scores") or []),
            "prompts": [version["prompt_name"] for version in experiment.get("prompt_versions") or []],
            "runs": sorted(
                (
                    run(server, row["trace_id"], datasets[experiment["dataset_id"]][row["dataset_item_id"]])
                    for row in rows
                ),
                key=as_text,
            ),
        }
    return found


def run(server: OpikServer, trace_id: str, item: dict[str, Any]) -> dict[str, Any]:
    state = server.state
    trace = state.traces[trace_id]
    spans = [state.spans[span] for span in state.spans_of_trace[trace_id]]
    names = {span["id"]: span["name"] for span in spans}
    return {
        "item": item["data"],
        "trace": (trace["name"], {k: v for k, v in trace["input"].items() if k != "id"}, trace.get("output")),
        "project": state.projects[trace["project_id"]]["name"],
        "scores": sorted((name, float(score["value"])) for name, score in state.scores[trace_id].items()),
        "spans": sorted(
            (str(names.get(span.get("parent_span_id") or "")), span["name"], span["type"])
            for span in spans
            if not span["name"].endswith(_UNSENT)
        ),
        "tokens": sorted((s.get("model"), sorted((s.get("usage") or {}).items())) for s in spans if s.get("usage")),
    }


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """Side by side: they wait a good deal."""
    with ThreadPoolExecutor(len(WAYS)) as pool:
        running = {which: pool.submit(Ran, which, tmp_path_factory.mktemp(which)) for which in WAYS}
        return {which: each.result() for which, each in running.items()}


@pytest.fixture
def theirs(ran: dict[str, Ran]) -> Ran:
    return ran["opik"]


@pytest.fixture
def ours(ran: dict[str, Ran]) -> Ran:
    return ran["one"]


def test_one_line_is_changed_and_no_other() -> None:
    assert len(programs()) >= 20
    for program in programs().values():
        pairs = zip(program.splitlines(), changed(program).splitlines(), strict=True)
        (lines,) = [(before, after) for before, after in pairs if before != after]
        assert lines[1] == lines[0].replace("from opik.evaluation import", "from opik_resume.evaluation import")


@pytest.mark.parametrize("title", programs())
def test_the_program_comes_to_the_same(title: str, ours: Ran, theirs: Ran) -> None:
    mine, other = ours.outcomes[title], theirs.outcomes[title]
    assert "raised" not in other, other
    assert "raised" not in mine, mine["raised"]
    assert mine["results"]
    assert comparable(title, mine) == comparable(title, other)


def comparable(title: str, outcome: dict[str, Any]) -> dict[str, Any]:
    return {**outcome, "results": {name: without(title, each) for name, each in outcome["results"].items()}}


def without(title: str, told: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key != OTHERWISE.get(title)}


@pytest.mark.parametrize("title", programs())
def test_with_every_import_changed_too_or_it_is_said_where_the_name_is(title: str, ran: dict[str, Ran]) -> None:
    mine, other = ran["every"].outcomes[title], ran["opik"].outcomes[title]
    if title in OPIKS_METRICS:
        assert f"no metric {OPIKS_METRICS[title]!r} of its own: take the opik package's" in mine["raised"]
    else:
        assert "raised" not in mine, mine["raised"]
        assert comparable(title, mine) == comparable(title, other)


@pytest.mark.parametrize("title", programs())
def test_and_the_server_holds_the_same(title: str, ours: Ran, theirs: Ran) -> None:
    names = {result["name"] for result in theirs.outcomes[title]["results"].values()} - {None}
    for name in names:
        mine, other = dict(ours.held[name]), dict(theirs.held[name])
        assert [without(title, each) for each in mine.pop("runs")] == [
            without(title, each) for each in other.pop("runs")
        ]
        assert mine == other


def test_no_program_made_anything_that_the_other_did_not(ours: Ran, theirs: Ran) -> None:
    assert sorted(ours.held) == sorted(theirs.held)
    assert (ours.problems, theirs.problems) == ([], [])
