"""Ctrl-C at any moment and a resume at once, in one process, again and again; sync and async tasks, short ones and long."""

from __future__ import annotations

from random import Random

from bench.campaigns.world import World


def world(rng: Random) -> World:
    return World(server=rng.random() < 0.2)


def play(world: World, rng: Random) -> None:
    seconds = rng.choice([[0.006, 0.03], [0.05, 0.3], [0.3, 0.8]])
    stops = [rng.uniform(0, 0.5) for _ in range(rng.randint(1, 4))]
    asynchronous = rng.random() < 0.4
    process = world.start(
        "stop", stops=stops, seconds=seconds, asynchronous=asynchronous, threads=rng.choice([2, 8]), seed=rng.random()
    )
    world.finish(process)
    world.conclude()
