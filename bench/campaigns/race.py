"""Two processes resume the same experiment at once: one is refused, or comes when the other is done."""

from __future__ import annotations

from random import Random

from bench.campaigns.world import ITEMS, World


def world(rng: Random) -> World:
    return World(server=rng.random() < 0.2)


def play(world: World, rng: Random) -> None:
    process = world.start("evaluate", seed=rng.random())
    world.until_answered(rng.randrange(ITEMS // 2), process)
    world.kill(process)
    world.check()
    gate = world.folder / "gate"
    rivals = [
        world.start("resume", gate=str(gate), delay=rng.uniform(0, 0.03) * rng.randint(0, 1), seed=rng.random())
        for _ in range(rng.randint(2, 3))
    ]
    gate.touch()
    for rival in rivals:
        world.finish(rival)
    world.conclude()
