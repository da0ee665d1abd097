"""SIGKILL at any moment of an evaluation and of its resumes, in the embedded store and on a stand-in server."""

from __future__ import annotations

import time
from random import Random

from bench.campaigns.world import ITEMS, World

KILLS = 3  # at most, of one experiment


def world(rng: Random) -> World:
    return World(server=rng.random() < 0.3)


def play(world: World, rng: Random) -> None:
    for _ in range(rng.randint(1, KILLS)):
        process = world.start(world.door(), seed=rng.random())
        if rng.random() < 0.9:
            world.until_answered(world.ledger.count("answered") + rng.randrange(ITEMS // 2), process)
            time.sleep(rng.uniform(0, 0.02))
        else:  # at its start
            time.sleep(rng.uniform(0, 1))
        world.kill(process)
        world.check()
    world.conclude()
