"""A power cut at any moment of a process that writes.

What is simulated: the process is halted, the database and its write-ahead log are copied as they are, and the log's end
is torn off at a random byte (or overwritten with garbage from there) behind all that was acknowledged until then. Then
process, database, log and shared memory are gone, and the copy takes their place. So a commit whose last bytes did not
reach the disk is torn anywhere; one that was acknowledged must be there, since it was synced before.

What is not: pages of the database itself that were on their way when a checkpoint was cut (the log still has them then),
disks that lie about syncing, and file systems that lose names or lengths of files.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

from bench.campaigns.world import ITEMS, Process, World

HALTS = 30  # at most, until one is found where the log is ahead of what was acknowledged


def world(rng: Random) -> World:
    return World()


def play(world: World, rng: Random) -> None:
    for _ in range(rng.randint(1, 2)):
        process = world.start(world.door(), seed=rng.random())
        world.until_answered(world.ledger.count("answered") + rng.randrange(ITEMS // 2), process)
        _halt(world, process, rng)
        _cut(world, rng, partial(world.kill, process))
        world.check()
    world.conclude()


def _halt(world: World, process: Process, rng: Random) -> None:
    """At a moment when something is on its way to the disk, if one is found."""
    for left in reversed(range(rng.randint(1, HALTS))):
        time.sleep(rng.uniform(0, 0.004))
        if process.poll() is not None:
            return
        process.send_signal(signal.SIGSTOP)
        world.until(partial(_halted, process.pid), process)
        log = Path(f"{world.database}-wal")
        if not left or (log.exists() and log.stat().st_size > world.ledger.account().log_bytes):
            return
        process.send_signal(signal.SIGCONT)


def _cut(world: World, rng: Random, kill: Callable[[], None]) -> None:
    database, log = world.database, Path(f"{world.database}-wal")
    kept = world.folder / "kept"
    kept.mkdir()
    for file in (database, log):
        if file.exists():
            shutil.copyfile(file, kept / file.name)
    safe = world.ledger.account().log_bytes
    kill()
    for file in world.files():
        file.unlink()
    for file in kept.iterdir():
        file.rename(world.folder / file.name)
    kept.rmdir()
    if log.exists() and log.stat().st_size > safe:
        _tear(log, safe, rng)


def _tear(log: Path, safe: int, rng: Random) -> None:
    """Bytes from a random place behind what is safe on are not there, or are not what was written."""
    data = log.read_bytes()
    cut = rng.randint(safe, len(data))
    log.write_bytes(data[:cut] + (rng.randbytes(len(data) - cut) if rng.random() < 0.3 else b""))


def _halted(process_id: int) -> bool:
    return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] in "TZ"
