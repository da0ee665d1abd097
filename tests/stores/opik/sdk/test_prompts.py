"""Prompts of the library are linked with an experiment and its runs as the SDK links them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_resume
from opik_resume.exceptions import ArgumentError
from opik_resume.stores.opik import OpikStore
from tests.builders import CountingTask, numbers
from tests.opik_server import OpikServer, sdk

SCRIPT = str(Path(__file__).with_name("by_prompts.py"))


def test_prompts_are_linked_as_the_sdk_links_them(server: OpikServer, tmp_path: Path) -> None:
    for who in ("theirs", "ours"):
        sdk.run(server.url, tmp_path, SCRIPT, who, OPIK_RESUME_DB=str(tmp_path / "local.sqlite3"))
    theirs, ours = linked(server, "theirs"), linked(server, "ours")
    assert ours == theirs
    assert len(ours["versions"]) == 2
    assert ours["templates"]["greet"] == "Answer {{question}}"
    assert [info["name"] for info in ours["runs"][0]] == ["greet", "talk"]


def linked(server: OpikServer, name: str) -> dict[str, Any]:
    state = server.state
    (experiment,) = [row for row in state.experiments.values() if row["name"] == name]
    (created,) = [r.body for r in server.asked("POST", "/experiments") if r.body["name"] == name]
    traces = [state.traces[state.experiment_items[i]["trace_id"]] for i in state.items_of_experiment[experiment["id"]]]
    return {
        "versions": created["prompt_versions"],
        "templates": experiment["metadata"]["prompts"],
        "runs": [trace["metadata"]["opik_prompts"] for trace in traces],
    }


def test_the_runs_of_a_resume_are_linked_too(server: OpikServer, store: OpikStore) -> None:
    broken = CountingTask(fail=lambda item, call: True)
    result = evaluate(numbers(store, 1), broken, prompts=[Prompt("greet")], verbose=0)
    assert evaluate_resume(result.experiment_id, CountingTask(), verbose=0, store=store).complete
    complete = [trace for trace in server.state.traces.values() if "output" in trace]
    assert [trace["metadata"]["opik_prompts"] for trace in complete] == [[Prompt("greet").info]]


def test_what_is_no_prompt_is_refused_and_nothing_is_made(server: OpikServer, store: OpikStore) -> None:
    with pytest.raises(ArgumentError, match=r"prompts\[1\] must be a Prompt of the opik package, got str"):
        evaluate(numbers(store, 1), CountingTask(), prompts=[Prompt("greet"), "text"], verbose=0)
    assert server.state.experiments == {}


def test_prompts_of_the_users_own_configuration_come_first(
    server: OpikServer, store: OpikStore, caplog: pytest.LogCaptureFixture
) -> None:
    config = {"prompts": "mine"}
    result = evaluate(numbers(store, 1), CountingTask(), prompt=Prompt("greet"), experiment_config=config, verbose=0)
    assert server.state.experiments[result.experiment_id]["metadata"]["prompts"] == "mine"
    assert "not linked" in caplog.text


class Prompt:
    """What we need of a prompt of the ``opik`` package that was never sent to a server."""

    def __init__(self, name: str) -> None:
        self.info = {"name": name, "template_structure": "text", "version": {"template": "Answer"}}

    def __internal_api__to_info_dict__(self) -> dict[str, Any]:
        return self.info
