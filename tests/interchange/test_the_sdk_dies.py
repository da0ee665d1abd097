"""The unmodified ``opik`` package evaluates and dies; we resume. Complete runs are kept, the rest is run exactly once.

The SDK's processes work at the same time, before the first test: importing the SDK takes long, and so does waiting for
what it delivers in the background.
"""

from __future__ import annotations

import signal
import subprocess
from collections import Counter
from typing import NamedTuple

import pytest

from opik_resume import plan_resume
from opik_resume.stores.protocol import Store
from tests.interchange import by_us
from tests.interchange.cases import BY_ITSELF, IN_SCORING, KEPT_OUTPUT, METRICS, THEIRS, Case
from tests.interchange.world import Run, World, missing
from tests.waiting import soon, until

pytestmark = pytest.mark.usefixtures("they_died")


@pytest.fixture(scope="module")
def they_died(world: World) -> None:
    with world.losing_links(THEIRS[-1].name):
        alone = [(case, world.start("sdk", "evaluate", case.name)) for case in THEIRS if case.death not in BY_ITSELF]
        told = world.play("sdk", "evaluate", *[case.name for case in (*THEIRS, KEPT_OUTPUT) if case.death in BY_ITSELF])
        assert set(told.values()) == {"RuntimeError", "ScoreMethodMissingArguments", None}
        for case, process in alone:
            END[case.death](world, case, process)
    world.change_the_dataset()


def killed(world: World, case: Case, process: subprocess.Popen[str]) -> None:
    """Once what finished has arrived, all by itself: what is on its way to the server is lost with the process (B12)."""
    until(lambda: world.all_wait("sdk", case.name, case.threads), process)
    until(lambda: len(world.complete(case.name)) == case.returning, process)
    process.kill()
    process.wait()


def killed_before_links(world: World, case: Case, process: subprocess.Popen[str]) -> None:
    """When the outputs of its runs have arrived, but not the links, which go last."""
    until(lambda: world.all_wait("sdk", case.name, case.threads), process)
    until(lambda: world.unlinked() >= case.returning, process)
    process.kill()
    process.wait()
    assert world.complete(case.name) == {}


def interrupted(world: World, case: Case, process: subprocess.Popen[str]) -> None:
    """One Ctrl-C ends a task in the main thread, but no pool (B5): there it is pressed until the SDK gives up."""
    until(lambda: world.all_wait("sdk", case.name, case.threads), process)
    process.send_signal(signal.SIGINT)
    while case.threads > 1 and not soon(lambda: world.noted("sdk", "interrupted", case.name), 1):
        process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130


END = {
    "SIGKILL": killed,
    "SIGKILL, links under way": killed_before_links,
    "Ctrl-C": interrupted,
    "Ctrl-C, one thread": interrupted,
}


class Left(NamedTuple):
    """What we make of a run that is not whole: why it is not, what is done about it, and which metrics score it."""

    state: str
    reason: str
    action: str = "run"
    scored: tuple[str, ...] = METRICS


LEFT = {
    "task raised": Left("task_failed", "RuntimeError: no answer"),
    "metric raised": Left("scores_missing", "shaky raised", "score", ("shaky",)),
    "argument missing": Left("scoring_failed", "ScoreMethodMissingArguments: The scoring method needy is missing"),
    "argument missing, tolerated": Left("scores_missing", "needy raised", "score", ("needy",)),
    "Ctrl-C": Left("never_run", "never started"),
    "Ctrl-C, one thread": Left("interrupted", "stopped while running"),
    "SIGKILL": Left("never_run", "never started"),
    "SIGKILL, links under way": Left("never_run", "never started"),
}


@pytest.mark.parametrize("case", THEIRS, ids=lambda case: case.name)
def test_what_the_sdk_left_we_finish(case: Case, world: World, store: Store) -> None:
    before, left = world.complete(case.name), LEFT[case.death]
    not_whole = case.bad if case.death in IN_SCORING else missing(case.wanted, before)
    plan = plan_resume(case.name)
    told = Counter((world.numbers[cell.key.item_id], cell.state.name, cell.action) for cell in plan.cells)
    assert told == {(n, left.state, left.action): runs for n, runs in not_whole.items()}
    assert all(cell.reason.startswith(left.reason) for cell in plan.cells)

    result = by_us.resume(case.name, world.notes("us"))
    called = not_whole if left.action == "run" else Counter()
    assert world.noted("us", "called", case.name) == called, "the rest is run exactly once, nothing else"
    for metric in METRICS:
        assert world.noted("us", metric, case.name) == (not_whole if metric in left.scored else Counter()), metric
    assert world.is_whole(case, before)
    assert world.has_all_scores(case)
    assert (result.complete, result.failed_runs) == (True, [])
    returned = {test.test_case.trace_id: test.test_case.task_output for test in result.test_results}
    assert returned == {id_: run.output for id_, run in world.complete(case.name).items()}
    assert len(plan_resume(case.name)) == 0


def test_an_output_whose_scoring_failed_is_scored_without_the_task(world: World, store: Store) -> None:
    case, before = KEPT_OUTPUT, world.complete(KEPT_OUTPUT.name)
    traces = [(n, trace["id"]) for n, trace in world.linked(case.name) if trace and trace["id"] not in before]
    returned = {id_: Run(n, world.returned(id_)) for n, id_ in traces}
    assert {run.output["output"] for run in returned.values()} == {f"{n}, call {c}" for n in case.bad for c in (1, 2)}
    assert {cell.action for cell in plan_resume(case.name, reuse_outputs=True).cells} == {"score"}
    assert by_us.resume(case.name, world.notes("us"), reuse_outputs=True).complete
    assert world.noted("us", "called", case.name) == Counter()
    assert all(world.noted("us", metric, case.name) == case.bad for metric in METRICS)
    assert world.is_whole(case, before | returned)
    assert world.has_all_scores(case)


def test_then_the_sdk_has_nothing_left_to_do(world: World, store: Store) -> None:
    """But where it takes all explicit ids for what was asked for, whatever else was (B2, B3)."""
    cases = [case for case in (*THEIRS, KEPT_OUTPUT) if not case.ids_are_narrowed]
    for case in cases:
        assert by_us.resume(case.name, world.notes("us")).complete
    told = world.play("sdk", "resume", *[word for c in cases for word in (c.name, world.experiment(c.name))])
    assert told == {case.name: case.wanted.total() for case in cases}
    for case in cases:
        assert world.noted("sdk", "called", f"{case.name}; resumed") == Counter()
