"""The disk or the file fails for a moment, while tasks return: what they returned is kept, there or in a file that we are told of.

``full``: no file of the process grows, ``locked``: another program locks the database for longer than a write waits,
``away``: the database and its log are moved away and come back, ``deleted``: they do not come back.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from bench.campaigns import child
from bench.campaigns.world import ITEMS, Process, World

THREADS = 4  # that many were on their way when it was deleted
FAULTS = ("full", "locked", "away", "deleted")


def world(rng: Random) -> World:
    return World()


def play(world: World, rng: Random) -> None:
    fault, lasting = rng.choice(FAULTS), rng.uniform(0.05, 0.4)
    options: dict[str, Any] = {"busy": 0.1, "threads": THREADS, "seed": rng.random()}
    if fault == "full":
        options["full"] = [rng.uniform(0, 0.1), lasting]
    process = world.start("evaluate", **options)
    world.until_answered(rng.randrange(1, ITEMS // 2), process)
    {"full": _nothing, "locked": _lock, "away": _move, "deleted": _delete}[fault](world, process, lasting)
    world.finish(process)
    elsewhere = _offered(world)
    if fault != "deleted":
        world.conclude(elsewhere)
        return
    account = world.ledger.account()
    lost = [n for n in account.answered if child.answer(n) not in elsewhere]
    # What was on the disk went with the file; what came after that is handed over.
    world.bad(
        "lost", max(0, len(lost) - world.deleted_at - THREADS), f"{lost}, after {world.deleted_at} the file was deleted"
    )
    world.bad("corrupted", int(process.returncode == 0), "it ended as if nothing had happened")


def _nothing(world: World, process: Process, lasting: float) -> None:
    """The process does it to itself."""


def _lock(world: World, process: Process, lasting: float) -> None:
    with closing(sqlite3.connect(world.database, timeout=10, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(lasting)
        connection.execute("ROLLBACK")


def _move(world: World, process: Process, lasting: float) -> None:
    files = world.files()
    for file in files:
        file.rename(file.with_name(f"away-{file.name}"))
    time.sleep(lasting)
    for file in files:
        file.with_name(f"away-{file.name}").replace(file)


def _delete(world: World, process: Process, lasting: float) -> None:
    for file in world.files():
        file.unlink()
    world.deleted_at = world.ledger.count("answered")


def _offered(world: World) -> str:
    """Every file with lines of JSON that lies beside the store or in the temporary folder."""
    files: list[Path] = [file for file in world.folder.rglob("*.json*") if file.is_file()]
    return "".join(file.read_text() for file in files)
