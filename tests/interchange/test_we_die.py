"""We evaluate and die; the SDK's ``evaluate_resume`` finishes. Complete runs are kept, the rest is run exactly once.

While a process lives that does not end by itself, the server takes no trace: what had finished is in the journal of a
dead process then, and the next start of ours delivers it.
"""

from __future__ import annotations

import signal
import subprocess
from collections import Counter
from dataclasses import dataclass

import pytest

from opik_resume import plan_resume
from opik_resume.experiment.reading import find_experiment, read_experiment
from opik_resume.stores.protocol import Store
from tests.interchange import by_us
from tests.interchange.cases import BY_ITSELF, IN_SCORING, OURS, Case
from tests.interchange.world import Run, World, missing
from tests.waiting import until


def killed(world: World, case: Case, process: subprocess.Popen[str]) -> None:
    until(lambda: world.all_wait("us", case.name, case.threads), process)
    process.kill()
    assert process.wait(60) == -signal.SIGKILL


def interrupted(world: World, case: Case, process: subprocess.Popen[str]) -> None:
    until(lambda: world.all_wait("us", case.name, case.threads), process)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130


def out_of_memory(world: World, case: Case, process: subprocess.Popen[str]) -> None:
    assert process.wait(60) == 137


END = {"SIGKILL": killed, "Ctrl-C": interrupted, "out of memory": out_of_memory}


@dataclass(frozen=True)
class Resumed:
    """What was complete before the SDK resumed, and how many results it returned, by evaluation."""

    before: dict[str, dict[str, Run]]
    results: dict[str, int]


@pytest.fixture(scope="module")
def resumed(world: World) -> Resumed:
    world.play("us", "evaluate", *[case.name for case in OURS if case.death in BY_ITSELF])
    with world.taking_no_trace():
        for case in OURS:
            if case.death in END:
                END[case.death](world, case, world.start("us", "evaluate", case.name))
                assert world.complete(case.name) == {}
    world.change_the_dataset()
    world.play("us", "resume")  # nothing: it is the start that delivers
    before = {case.name: world.complete(case.name) for case in OURS}
    told = world.play("sdk", "resume", *[word for case in OURS for word in (case.name, world.experiment(case.name))])
    return Resumed(before, told)


@pytest.mark.parametrize("case", OURS, ids=lambda case: case.name)
def test_what_we_left_the_sdk_finishes(case: Case, resumed: Resumed, world: World, store: Store) -> None:
    before = resumed.before[case.name]
    called = world.noted("sdk", "called", f"{case.name}; resumed")
    assert called == missing(case.wanted, before), "the rest is run exactly once, nothing else"
    if case.death in IN_SCORING:
        assert called == (case.bad if case.death == "argument missing" else Counter())
    else:
        assert called
    assert resumed.results[case.name] == case.wanted.total()
    assert world.is_whole(case, before)
    reading = read_experiment(find_experiment(case.name, store), store)
    assert (reading.state, reading.grid.surplus) == ("complete", [])
    assert len(plan_resume(case.name)) == (case.bad.total() if case.death in COMPLETE_UNSCORED else 0)
    assert store.get(reading.experiment.id).status == "completed", "whoever reads it first says so"


COMPLETE_UNSCORED = ("metric raised", "argument missing, tolerated")


@pytest.mark.parametrize("case", [c for c in OURS if c.death in COMPLETE_UNSCORED], ids=lambda case: case.name)
def test_what_the_sdk_leaves_unscored_we_repair(case: Case, resumed: Resumed, world: World, store: Store) -> None:
    before, called = resumed.before[case.name], world.noted("us", "called", case.name)
    result = by_us.resume(case.name, world.notes("us"))
    assert (result.complete, result.failed_runs, len(plan_resume(case.name))) == (True, [], 0)
    assert world.noted("us", "called", case.name) == called
    assert world.is_whole(case, before)
    assert world.has_all_scores(case)


@pytest.mark.parametrize("case", [c for c in OURS if c.death in END], ids=lambda case: case.name)
def test_what_had_finished_is_delivered_by_the_next_start(case: Case, resumed: Resumed) -> None:
    """After Ctrl-C also what was on its way: it gets the time to come back."""
    on_the_way = case.threads if case.death == "Ctrl-C" else 0
    assert len(resumed.before[case.name]) == case.returning + on_the_way
