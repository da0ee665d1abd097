"""A process that forks while it evaluates. Each child says in one line of a file what it has done.

python forking.py TARGET FOLDER
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from opik_resume import connect, create_dataset, evaluate, evaluate_resume
from opik_resume.exceptions import ExperimentBusy
from opik_resume.metrics import Equals
from opik_resume.stores.protocol import Store
from tests.waiting import until

ITEMS = 40
PATIENCE = 60.0
CHILDREN = ("leave", "connect", "meet", "evaluate", "resume")
PER_CHILD = 80  # runs of the parent while a child lives; further ones wait until it has ended
MANY = 2 * len(CHILDREN) * PER_CHILD
fails = True  # the task, in the experiment that a child repairs
ended = 0  # children


async def slow(item: dict[str, Any]) -> dict[str, Any]:
    await asyncio.sleep(0.02)
    return {"output": str(item["n"])}


def flaky(item: dict[str, Any]) -> dict[str, Any]:
    if fails and item["n"] % 2:
        raise RuntimeError("no answer")
    return {"output": str(item["n"])}


async def paced(item: dict[str, Any]) -> dict[str, Any]:
    while item["turn"] > ended * PER_CHILD:
        await slow(item)
    return await slow(item)


class World:
    def __init__(self, target: str, folder: str) -> None:
        self.told = Path(folder, "told.jsonl")
        self.target = target
        self.store: Store = connect(target)
        self.dataset = create_dataset("numbers")
        self.dataset.insert({"n": n, "reference": str(n)} for n in range(ITEMS))
        self.options: dict[str, Any] = {"task_threads": 4, "verbose": 0}

    def evaluate(self) -> list[str]:
        """One of its own, and then what is missing from it, which is nothing."""
        done = evaluate(self.dataset, slow, [Equals()], experiment_name="child", **self.options)
        return [done.headline, evaluate_resume(done.experiment_id, slow, [Equals()], **self.options).headline]

    def resume(self) -> str:
        global fails
        fails = False
        return str(evaluate_resume("flaky", flaky, [Equals()], **self.options).headline)

    def meet(self) -> str:
        """The parent runs that one."""
        try:
            return str(evaluate_resume("parent", paced, [Equals()], **self.options).headline)
        except ExperimentBusy:
            return "busy"

    def leave(self) -> str:
        return "left"

    def connect(self) -> int:
        return connect(self.target).find()[1]

    def tell(self, kind: str) -> None:
        try:
            came: object = getattr(self, kind)()
        except BaseException:
            came = traceback.format_exc()
        with self.told.open("a") as file:
            file.write(json.dumps([kind, came]) + "\n")


def forked(work: Callable[[], None]) -> Callable[[], int | None]:
    """By hand, as a server does it: the child ends as a process does, with all that is registered for it."""
    child = os.fork()
    if child == 0:
        work()
        sys.exit()

    def ended() -> int | None:
        found, status = os.waitpid(child, os.WNOHANG)
        return status if found else None

    return ended


def started(work: Callable[[], None]) -> Callable[[], int | None]:
    """By multiprocessing, which ends its children in a way of its own."""
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    return lambda: child.exitcode


def wait(ended: Callable[[], int | None]) -> int | None:
    deadline = time.monotonic() + PATIENCE
    while (code := ended()) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return code


def main(target: str, folder: str) -> None:
    global ended
    world = World(target, folder)
    evaluate(world.dataset, flaky, [Equals()], experiment_name="flaky", **world.options)
    results = []

    def work() -> None:
        dataset = create_dataset("more")
        dataset.insert({"n": n, "reference": str(n), "turn": MANY - n} for n in range(MANY))  # the last comes first
        results.append(evaluate(dataset, paced, [Equals()], experiment_name="parent", **world.options).headline)

    running = threading.Thread(target=work)
    running.start()
    until(lambda: world.store.named("parent") and world.store.attempts(world.store.named("parent")[0].id))
    codes, still = [], []
    for fork in (forked, started):
        for kind in CHILDREN:
            began = time.monotonic()
            code = wait(fork(lambda kind=kind: world.tell(kind)))  # type: ignore[misc]
            codes.append([kind, code, time.monotonic() - began])
            still.append(running.is_alive())
            ended += 1
    running.join()
    attempts = world.store.attempts(world.store.named("parent")[0].id)
    print(json.dumps({"codes": codes, "meanwhile": all(still), "parent": results, "attempts": len(attempts)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
