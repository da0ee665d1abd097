from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module
from random import Random

from bench import campaigns
from bench.campaigns.world import Tally

NAMES = ("kill", "power", "race", "disk", "stop", "fork", "clock", "wire")


def campaign(name: str, rounds: int, seed: int, first: int = 0) -> Tally:
    """Play so many rounds; what went wrong is told on standard error."""
    module = import_module(f"bench.campaigns.{name}")
    total = Tally()
    for number in range(first, first + rounds):
        rng = Random(f"{name} {seed} {number}")
        with module.world(rng) as world:
            module.play(world, rng)
            total.add(world.tally)
            if not world.tally.well:
                total.told.append(f"{name}, seed {seed}, round {number}: {world.tally}")
                total.told += world.tally.told
                print(total.told[-len(world.tally.told) - 1], *world.tally.told, sep="\n", file=sys.stderr, flush=True)
    return total


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.campaigns", description=campaigns.__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("name", choices=[*NAMES, "all"])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first round")
    options = parser.parse_args()
    well = True
    for name in NAMES if options.name == "all" else [options.name]:
        began = time.monotonic()
        tally = campaign(name, options.rounds, options.seed, options.first)
        print(f"{name}: {options.rounds} rounds, {tally}, {time.monotonic() - began:.1f} s", flush=True)
        well = well and tally.well
    return int(not well)


if __name__ == "__main__":
    sys.exit(main())
