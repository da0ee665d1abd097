"""What a resume needs is written by both programs alike, byte for byte, and read by both: blob and checkpoint.

The checkpoints of explicit ids together with a filter or ``nb_samples`` differ on purpose: the SDK writes the ids as
given and then resumes all of them (B2, B3); we write what they come to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from opik_resume import plan_resume
from opik_resume.base.metadata import checkpoints, resume_state
from opik_resume.base.metadata.resume_state import ResumeState
from opik_resume.exceptions import LocalCheckpointMissing
from opik_resume.stores.protocol import Store
from tests.interchange.cases import CASES, WHOLE, Case
from tests.interchange.world import DELETED, World


@dataclass(frozen=True)
class Written:
    """The experiments' ids, by the case's name, and what the SDK reads of each, by id."""

    theirs: dict[str, str]
    ours: dict[str, str]
    as_read: dict[str, Any]


@pytest.fixture(scope="module")
def written(world: World) -> Written:
    names = [case.name for case in WHOLE]
    world.play("us", "evaluate", *names)
    ours = {name: world.experiment(name) for name in names}
    world.play("sdk", "evaluate", *names)
    others = [(row["name"], id_) for id_, row in world.server.state.experiments.items() if id_ not in ours.values()]
    theirs = {name: id_ for name, id_ in others if name != DELETED}
    assert theirs.keys() == ours.keys()
    return Written(theirs, ours, world.play("sdk", "read", *ours.values(), *theirs.values()))


@pytest.mark.parametrize("case", WHOLE, ids=lambda case: case.name)
def test_both_write_the_same_resume_state(case: Case, written: Written, world: World) -> None:
    theirs, ours = (_row(world, ids[case.name])["metadata"]["_opik_resume"] for ids in (written.theirs, written.ours))
    assert isinstance(ours, str)
    assert ours.encode() == theirs.encode()


@pytest.mark.parametrize("case", WHOLE, ids=lambda case: case.name)
def test_both_write_the_same_checkpoint(case: Case, written: Written, world: World) -> None:
    """Or none, or one that differs on purpose."""
    theirs, ours = written.theirs[case.name], written.ours[case.name]
    if not {"sampler", "ids"} & {*case.options}:
        assert not _checkpoint(world, theirs).exists()
        assert not _checkpoint(world, ours).exists()
    elif case.ids_are_narrowed:
        numbers = [world.numbers[id_] for id_ in json.loads(_checkpoint(world, ours).read_bytes())[IDS]]
        assert numbers == sorted(case.wanted, reverse=True)
    else:
        assert _checkpoint(world, ours).read_text().replace(ours, theirs) == _checkpoint(world, theirs).read_text()


@pytest.mark.parametrize("case", WHOLE, ids=lambda case: case.name)
def test_each_reads_of_the_other_what_it_reads_of_itself(
    case: Case, written: Written, world: World, store: Store
) -> None:
    theirs, ours = written.theirs[case.name], written.ours[case.name]
    state, ids = written.as_read[ours]
    assert state == written.as_read[theirs][0]
    assert ids == written.as_read[theirs][1] or case.ids_are_narrowed
    read = [resume_state.read(store.get(id_).metadata) for id_ in (theirs, ours)]
    assert read[0] == read[1] == ResumeState(**state)
    for id_ in (theirs, ours):
        known = checkpoints.read(id_)
        assert (list(known) if known is not None else None) == written.as_read[id_][1]


@pytest.mark.parametrize("option", ["sampler", "ids"])
def test_on_another_machine_ours_are_resumable_by_us(
    option: str, written: Written, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Theirs are not: what was chosen is on the first machine only."""
    monkeypatch.setenv("HOME", str(tmp_path))
    name = next(case.name for case in WHOLE if option in case.options)
    plan = plan_resume(written.ours[name])
    assert (len(plan), plan.kept) == (0, CASES[name].wanted.total())
    with pytest.raises(LocalCheckpointMissing, match="not on this machine"):
        plan_resume(written.theirs[name])


IDS = "resolved_dataset_item_ids"


def _row(world: World, experiment_id: str) -> dict[str, Any]:
    return world.server.state.experiments[experiment_id]


def _checkpoint(world: World, experiment_id: str) -> Path:
    return world.home / ".opik" / "resume" / f"{experiment_id}.json"
