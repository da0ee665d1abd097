"""Two experiments go to and fro, one begun by the SDK and one by us; in every turn but the last some runs fail."""

from __future__ import annotations

from collections import Counter

from opik_resume.reading import find_experiment, read_experiment
from opik_resume.stores.protocol import Store
from tests.interchange.cases import ITEMS, LAST_TURN, OWN_POLICY, SAMPLES
from tests.interchange.world import Run, World, missing

THEIRS, OURS = "begun by the SDK", "begun by us"
WANTED = Counter({n: OWN_POLICY.get(n, LAST_TURN + 1) for n in range(ITEMS - SAMPLES, ITEMS)})
TURNS = [  # a process takes a turn at each of the two: the SDK's is slow to start
    ("us", {OURS: 0}),
    ("sdk", {THEIRS: 0, OURS: 1}),
    ("us", {THEIRS: 1, OURS: 2}),
    ("sdk", {THEIRS: 2, OURS: 3}),
    ("us", {THEIRS: 3, OURS: 4}),
    ("sdk", {THEIRS: 4}),
]


def test_trials_are_neither_lost_nor_doubled(world: World, store: Store) -> None:
    complete: dict[str, dict[str, Run]] = {THEIRS: {}, OURS: {}}
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
        reading = read_experiment(find_experiment(name, store), store)
        assert (reading.state, len(reading.grid), reading.grid.surplus) == ("complete", WANTED.total(), [])
        assert {attempt.id for attempt in reading.grid.attempts if attempt} == runs.keys()


def _words(world: World, turns: dict[str, int]) -> list[str]:
    ids = {name: world.experiment(name) if number else "new" for name, number in turns.items()}
    return [word for name, number in turns.items() for word in (str(number), name, ids[name])]
