"""Ways of choosing items that leave little or nothing: what is run, and that it is no error, beside the SDK."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opik_resume import evaluate_resume, exceptions, experiments, plan_resume
from opik_resume.base.settings import opik_settings
from opik_resume.stores.opik import OpikStore
from tests.builders import CountingTask
from tests.integrations.conftest import told
from tests.opik_server import OpikServer

NOT_TOLD = {"all", "a time long ago"}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """By program, what it told."""
    found = {}
    for program in ("theirs", "ours"):
        with OpikServer() as server:
            found[program] = told(server, tmp_path_factory.mktemp(program), "choosing.py", program)
            found[program]["experiments"] = {
                row["name"]: (row["id"], row["status"]) for row in server.state.experiments.values()
            }
            assert server.problems == []
    return found


def test_the_same_items_are_run(outcomes: dict[str, dict[str, Any]]) -> None:
    ran = {
        program: {way: sorted(there[way][0]) for way in there if way != "experiments"}
        for program, there in outcomes.items()
    }
    assert ran["ours"] == ran["theirs"]
    assert ran["ours"]["one known id of two"] == ["1"]
    assert [way for way, items in ran["ours"].items() if not items] == [
        "of an empty dataset", "of one that was emptied", "a filter that matches nothing", "tags that nobody has",
        "a time to come", "no known id", "a sampler that draws nothing", "a sampler of an empty dataset",
    ]  # fmt: skip


def test_what_is_left_out_is_said(outcomes: dict[str, dict[str, Any]]) -> None:
    quiet = {way for way, row in outcomes["ours"].items() if way != "experiments" and not row[1]}
    assert quiet == NOT_TOLD


def test_each_has_its_experiment_and_is_completed(outcomes: dict[str, dict[str, Any]]) -> None:
    for there in outcomes.values():
        for way, (experiment_id, status) in there["experiments"].items():
            assert experiment_id == there[way][2]
            assert status == "completed"
    assert outcomes["ours"]["experiments"].keys() == outcomes["theirs"]["experiments"].keys()


def test_a_resume_of_nothing_runs_nothing(tmp_path: Path) -> None:
    with OpikServer() as server:
        ours = told(server, tmp_path, "choosing.py", "ours")
        store = OpikStore(opik_settings(server.url), tmp_path / "local.sqlite3")
        for way, (ran, _, experiment_id) in ours.items():
            if way in ("of an empty dataset", "a sampler of an empty dataset"):  # no version could be pinned
                with pytest.raises(exceptions.ExperimentNotResumable, match="nothing had been inserted"):
                    plan_resume(experiment_id, store=store)
                continue
            task = CountingTask()
            assert len(plan_resume(experiment_id, store=store)) == 0
            assert len(evaluate_resume(experiment_id, task, verbose=0, store=store).test_results) == len(ran)
            assert task.total == 0
        listed = experiments(store=store).set_index("name").state
        assert set(listed) == {"complete", "not_resumable"}
        store.close()
