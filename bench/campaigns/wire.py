"""Faults at random requests of an evaluation and its resumes: all of it arrives, once."""

from __future__ import annotations

from random import Random

from bench.campaigns import child
from bench.campaigns.world import World
from tests.opik_server.faulty import faults

REFUSALS = (400, 404, 409, 413, 422)  # of whatever is written: a proxy that is being restarted
ERRORS = (401, 408, 429, 500, 502, 503, 504)
MOST_TRIES = 6


def world(rng: Random) -> World:
    return World(server=True)


def play(world: World, rng: Random) -> None:
    assert world.server is not None
    for _ in range(rng.randint(1, 4)):
        world.server.faults.add(
            _action(rng),
            faults.is_write if rng.random() < 0.5 else None,
            times=rng.randint(1, 12),
            after=rng.randrange(20),
        )
    for _ in range(MOST_TRIES):  # what a user does: the cell ended in an error, and is run again
        status, _ = world.finish(world.start(_door(world), seed=rng.random(), impatient=True))
        if status == child.COMPLETE:
            break
    world.server.faults.clear()
    world.conclude()


def _door(world: World) -> str:
    assert world.server is not None
    return "resume" if any(row["name"] == "e" for row in world.server.state.experiments.values()) else "evaluate"


def _action(rng: Random) -> faults.Action:
    kind = rng.randrange(5)
    if kind == 0:
        return faults.DropBefore(reset=rng.random() < 0.5)
    if kind == 1:
        return faults.DropAfter(reset=rng.random() < 0.5)
    if kind == 2:
        return faults.Status(rng.choice(REFUSALS))
    if kind == 3:
        return faults.Status(rng.choice(ERRORS), processed=rng.random() < 0.5)
    return faults.Delay(rng.uniform(0, 0.3))
