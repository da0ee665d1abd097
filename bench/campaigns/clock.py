"""A rival whose wall clock was stepped: who holds the lease still lives, whatever the time is said to be."""

from __future__ import annotations

from random import Random

from bench.campaigns.world import ITEMS, World

STEPS = (-3600.0, -60.0, -2.0, -1.0, 1.0, 2.0, 60.0, 3600.0)  # seconds


def world(rng: Random) -> World:
    return World()


def play(world: World, rng: Random) -> None:
    clocks = [rng.choice(STEPS), 0.0]
    rng.shuffle(clocks)
    gate = world.folder / "gate"
    rival = world.start("resume", clock=clocks[1], gate=str(gate), seed=rng.random())
    first = world.start("evaluate", clock=clocks[0], seconds=[0.05, 0.15], seed=rng.random())
    world.until_answered(rng.randrange(1, ITEMS // 4), first)
    gate.touch()
    world.finish(rival)
    world.finish(first)
    world.conclude()
