"""Experiments go to and fro between the SDK and us, and no turn but the last ends well."""

from __future__ import annotations

from collections import Counter

from opik_resume.experiment.reading import find_experiment, read_experiment
from opik_resume.stores.protocol import Store
from tests.interchange import by_us
from tests.interchange.cases import ITEMS, LAST_TURN, OWN_POLICY, SAMPLES, THEIRS
from tests.interchange.world import Run, World, missing
from tests.waiting import until

BY_SDK, BY_US = "begun by the SDK", "begun by us"
WANTED = Counter({n: OWN_POLICY.get(n, LAST_TURN + 1) for n in range(ITEMS - SAMPLES, ITEMS)})
TURNS = [  # a process takes a turn at each of the two: the SDK's is slow to start
    ("us", {BY_US: 0}),
    ("sdk", {BY_SDK: 0, BY_US: 1}),
    ("us", {BY_SDK: 1, BY_US: 2}),
    ("sdk", {BY_SDK: 2, BY_US: 3}),
    ("us", {BY_SDK: 3, BY_US: 4}),
    ("sdk", {BY_SDK: 4}),
]


def test_some_runs_fail_in_every_turn(world: World, store: Store) -> None:
    """Trials are neither lost nor doubled."""
    complete: dict[str, dict[str, Run]] = {BY_SDK: {}, BY_US: {}}
    for program, turns in TURNS:
        world.play(program, "turn", *_words(world, turns))
        for name, number in turns.items():
            before, after = complete[name], world.complete(name)
            left = missing(WANTED, before)
            assert world.noted(program, "called", f"{name}; turn {number}") == left, "the rest runs exactly once"
            assert before.items() <= after.items(), "every complete run is kept"
            assert bool(missing(WANTED, after)) == (number < LAST_TURN)
            assert len(after) > len(before) or not left
            complete[name] = after
    for name, runs in complete.items():
        assert Counter(run.n for run in runs.values()) == WANTED
        assert _cells(name, store) == runs.keys()


def test_both_are_killed_in_their_turns(world: World, store: Store) -> None:
    """Of what the SDK has left undone we do two runs and are killed, then the SDK does so, then we finish."""
    case = THEIRS[0]
    world.play("sdk", "evaluate", case.name)
    failed = world.complete(case.name)
    with world.taking_no_trace():
        _kill(world, "us", case.name)
    assert world.complete(case.name) == failed
    world.play("us", "resume")  # nothing: it is the start that delivers
    by_us_too = world.complete(case.name)
    _kill(world, "sdk", case.name, arrived=len(by_us_too) + 2)
    by_both = world.complete(case.name)
    assert failed.items() < by_us_too.items() < by_both.items()
    assert [len(failed), len(by_us_too), len(by_both)] == [5, 7, 9]

    assert by_us.resume(case.name, world.notes("us")).complete
    assert world.noted("us", "called", case.name) == missing(case.wanted, by_both)
    assert world.is_whole(case, by_both)
    assert _cells(case.name, store) == world.complete(case.name).keys()


def _kill(world: World, program: str, name: str, arrived: int = 0) -> None:
    """Once two of its runs have finished; with ``arrived``, once so many are complete on the server."""
    process = world.start(program, "halt", name, world.experiment(name))
    until(lambda: world.all_wait(program, f"{name}; halted", 2), process)
    until(lambda: len(world.complete(name)) >= arrived, process)
    process.kill()
    process.wait()
    assert world.noted(program, "called", f"{name}; halted").total() == 4


def _cells(name: str, store: Store) -> set[str]:
    """The attempts in the cells of a whole experiment."""
    reading = read_experiment(find_experiment(name, store), store)
    assert (reading.state, reading.grid.surplus) == ("complete", [])
    return {attempt.id for attempt in reading.grid.attempts if attempt}


def _words(world: World, turns: dict[str, int]) -> list[str]:
    ids = {name: world.experiment(name) if number else "new" for name, number in turns.items()}
    return [word for name, number in turns.items() for word in (str(number), name, ids[name])]
