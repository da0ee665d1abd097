"""Ids of ours: version 7, in order whoever mints them, and of the present."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from uuid import UUID

from opik_resume.base.ids import is_id, new_id


def test_ids_are_version_7_of_this_moment() -> None:
    before = time.time()
    made = UUID(new_id())
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert int(before * 1000) <= made.int >> 80 <= time.time() * 1000
    assert is_id(str(made))
    assert not is_id("one")


def test_ids_of_many_threads_are_each_once_and_in_order() -> None:
    minted: list[list[str]] = []

    def mint() -> None:
        minted.append([new_id() for _ in range(2_000)])

    threads = [threading.Thread(target=mint) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(ids == sorted(ids) for ids in minted)
    assert len({each for ids in minted for each in ids}) == 16_000
    assert new_id() > max(ids[-1] for ids in minted)


def test_many_ids_of_one_moment_do_not_run_ahead_of_the_clock() -> None:
    last = [new_id() for _ in range(20_000)][-1]
    assert UUID(last).int >> 80 <= time.time() * 1000


def test_a_forked_child_does_not_go_on_with_its_parents_numbers() -> None:
    # One write each: with PYTHONUNBUFFERED, what two processes print comes apart.
    mint = "import os\nfrom opik_resume.base.ids import new_id\nos.fork()\nos.write(1, new_id()[19:].encode() + b'\\n')"
    said = subprocess.run([sys.executable, "-c", mint], capture_output=True, text=True, check=True, timeout=60)
    assert len(set(said.stdout.split())) == 2, said.stdout


def test_who_seeds_the_common_random_numbers_does_not_seed_ids() -> None:
    halves = set()
    for _ in range(2):
        random.seed(1)
        halves.add(new_id()[19:])
    assert len(halves) == 2
