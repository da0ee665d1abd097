"""Programs that do not import the ``opik`` package, or have it configured for elsewhere."""

from __future__ import annotations

from pathlib import Path

from tests.integrations.conftest import Seen, told
from tests.integrations.shared import OWN
from tests.opik_server import OpikServer
from tests.opik_server.faulty import faults

SCORING = ["metrics_calculation", "metrics_calculation/equals_metric"]


def test_configured_for_another_server_runs_stay_whole_and_the_rest_goes_there(
    server: OpikServer, seen: Seen, tmp_path: Path
) -> None:
    with OpikServer() as elsewhere:
        said = told(elsewhere, tmp_path, "program.py", "callers_spans", STORE_URL=server.url)
    assert said["callers_spans"] == {"same": True}
    assert said["heard"] == []
    tree = ["look_around", "look_around/outer", "look_around/outer/inner", "metrics_calculation"]
    assert seen.trees("caller") == seen.trees("after a leak") == [tree] * 2
    assert seen.own_traces() == []
    assert Seen(elsewhere, tmp_path).own_traces() == [(OWN, "leaky"), (OWN, "main")]


def test_nothing_of_the_package_is_needed(server: OpikServer, seen: Seen, tmp_path: Path) -> None:
    assert told(server, tmp_path, "plain.py", "without") == {"complete": True, "imported": 0, "heard": []}
    assert seen.trees("without") == [["answer", *SCORING]] * 3


def test_we_do_not_import_the_package_ourselves(server: OpikServer, tmp_path: Path) -> None:
    assert told(server, tmp_path, "plain.py", "quiet") == {"complete": True, "imported": 0, "heard": []}


def test_a_task_that_imports_it_inside_nests_from_its_second_call(
    server: OpikServer, seen: Seen, tmp_path: Path
) -> None:
    assert told(server, tmp_path, "plain.py", "inside")["complete"]
    name = "answer_with_the_package"
    first, *others = seen.trees("inside")
    assert first == [name, *SCORING]
    assert others == [[name, f"{name}/found", *SCORING]] * 2
    assert seen.own_traces() == [("Default Project", "found")]


def test_another_package_of_that_name_costs_no_run_and_is_said_once(
    server: OpikServer, seen: Seen, tmp_path: Path
) -> None:
    said = told(server, tmp_path, "plain.py", "unusable")
    assert said["complete"]
    assert ["did not become part of the runs: cannot import name" in line for line in said["heard"]] == [True]
    assert seen.trees("unusable") == [["answer", *SCORING]] * 3


def test_spans_that_do_not_arrive_are_said(server: OpikServer, seen: Seen, tmp_path: Path) -> None:
    server.faults.poison(lambda row: row.get("name") == "inner", faults.to("POST", "/spans/batch"))
    said = told(server, tmp_path, "program.py", "threads_of_the_task")
    assert ["tokens and cost may be missing" in line for line in said["heard"]] == [True]
    assert [attempt.complete for attempt, _ in seen.runs("threads of the task")] == [True, True]
