"""Children by fork while runs are going on: they use the store and end; and one that outlives its killed parent holds nothing."""

from __future__ import annotations

import os
import signal
from random import Random

from bench.campaigns import child
from bench.campaigns.world import ITEMS, World


def world(rng: Random) -> World:
    return World()


def play(world: World, rng: Random) -> None:
    (_use if rng.random() < 0.6 else _outlive)(world, rng)


def _use(world: World, rng: Random) -> None:
    """Forked children read a plan and write a dataset, in the middle of everything."""
    forks = rng.sample(range(1, ITEMS), 2)
    status, out = world.finish(world.start("evaluate", forks=forks, seed=rng.random()))
    world.bad("hung", out.count("hung"), "a forked child")
    world.bad("corrupted", int(status != child.COMPLETE), f"exit status {status}")
    world.conclude()


def _outlive(world: World, rng: Random) -> None:
    """A child that sleeps, whose parent is killed: the experiment is free."""
    process = world.start("evaluate", forks=[rng.randrange(1, ITEMS // 2)], fork_lives=30.0, seed=rng.random())
    assert process.stdout is not None
    sleeper = int(process.stdout.readline().split()[1])
    try:
        process.send_signal(signal.SIGKILL)
        process.wait()
        world.ledger.left(process.pid, died=True)
        status, _ = world.finish(world.start("resume", seed=rng.random()))
        world.bad("corrupted", int(status == child.BUSY), "a fork keeps its dead parent's lease alive")
    finally:
        os.kill(sleeper, signal.SIGKILL)
    world.conclude()
