"""The unmodified ``opik`` package works against the stand-in: it creates, evaluates, fails, resumes and re-scores."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.opik_server import OpikServer, sdk


@pytest.fixture(scope="module")
def server() -> Iterator[OpikServer]:
    with OpikServer() as running:
        yield running


@pytest.fixture(scope="module")
def told(server: OpikServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the SDK saw, by scenario; it is slow to import, so one process does everything."""
    home = tmp_path_factory.mktemp("home")
    printed = sdk.run(server.url, home, "-m", "tests.opik_server.proofs.sdk_scenarios")
    result: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return result


def items_of(server: OpikServer, experiment_id: str) -> list[dict[str, Any]]:
    state = server.state
    return [state.experiment_items[id_] for id_ in state.items_of_experiment[experiment_id]]


def test_all_it_asked_and_got_is_in_the_api_document(server: OpikServer, told: dict[str, Any]) -> None:
    assert server.problems == []
    assert {request.status for request in server.requests} <= {200, 201, 204, 404}


def test_trials(server: OpikServer, told: dict[str, Any]) -> None:
    experiment = server.state.experiments[told["trials"]["id"]]
    items = items_of(server, experiment["id"])
    assert told["trials"]["runs"] == len(items) == 10
    assert all(server.state.traces[item["trace_id"]]["output"] for item in items)
    assert all(set(server.state.scores[item["trace_id"]]) == {"exact"} for item in items)
    assert experiment["status"] == "completed"
    assert experiment["experiment_scores"] == [{"name": "mean", "value": 1.0}]


def test_samples_filter_ids_and_sampler(told: dict[str, Any]) -> None:
    found = told["chosen"]
    assert found["samples"]["asked"] == ["q4", "q5"]
    assert found["filter"]["asked"] == ["q1", "q3", "q5"]
    assert found["ids"]["asked"] == ["q0", "q5"]
    assert len(found["sampler"]["asked"]) == 3
    assert [way["asked again"] for way in found.values()] == [[], [], [], []]


def test_a_failed_item_is_resumed_at_the_pinned_version(server: OpikServer, told: dict[str, Any]) -> None:
    found = told["fails_and_resumes"]
    assert found["raised"] == "boom"
    assert sum(found["asked"].values()) == 10
    assert found["asked again"] == {"q3": 2}
    assert found["idle"] == {}
    assert found["runs"] == 10
    assert found["questions"] == ["q0", "q1", "q2", "q3", "q4"]
    items = items_of(server, found["id"])
    outputs = [server.state.traces[item["trace_id"]].get("output") for item in items]
    assert (len(items), outputs.count(None)) == (12, 2)


def test_a_missing_score_argument(server: OpikServer, told: dict[str, Any]) -> None:
    found = told["scoring_fails"]
    assert found["raised"] == "ScoreMethodMissingArguments"
    assert found["asked again"] == {"q0": 1, "q1": 1}
    assert len(items_of(server, found["id"])) == 4


def test_scoring_again(server: OpikServer, told: dict[str, Any]) -> None:
    assert told["scored_again"]["same"]
    for item in items_of(server, told["scored_again"]["id"]):
        assert set(server.state.scores[item["trace_id"]]) == {"exact", "second"}


def test_a_prompt_is_linked(server: OpikServer, told: dict[str, Any]) -> None:
    experiment = server.state.experiments[told["prompted"]["id"]]
    assert [link["prompt_name"] for link in experiment["prompt_versions"]] == ["greet"]
    assert experiment["metadata"]["prompts"] == {"greet": "Answer {{question}}"}


def test_look_ups(told: dict[str, Any]) -> None:
    assert told["looked_up"] == {
        "traces": [{"output": "a0"}, {"output": "a1"}, {"output": "a2"}],
        "spans": ["exact_arg_validation", "llm_task", "metrics_calculation"],
        "items": 3,
        "of dataset": 1,
        "version": "v1",
    }
