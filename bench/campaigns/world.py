"""What a round is played in: a folder, a store, processes, a ledger; and how its end is judged."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.campaigns import child
from bench.campaigns.ledger import Account, Ledger
from opik_resume import create_dataset, plan_resume
from opik_resume.base.settings import opik_settings
from opik_resume.stores.local import LocalStore
from opik_resume.stores.opik import OpikStore
from opik_resume.stores.protocol import Store
from tests.opik_server import OpikServer

ROOT = Path(__file__).parents[2]
ITEMS = 40
PATIENCE = 60.0  # seconds after which a process hangs
_LOOK = 0.001
_LAST_RESUMES = 4  # an experiment that so many have not completed is broken
Process = subprocess.Popen[str]


@dataclass
class Tally:
    """What must be zero."""

    lost: int = 0
    twice: int = 0
    corrupted: int = 0
    hung: int = 0
    told: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"lost {self.lost}, twice {self.twice}, corrupted {self.corrupted}, hung {self.hung}"

    @property
    def well(self) -> bool:
        return not (self.lost or self.twice or self.corrupted or self.hung)

    def add(self, other: Tally) -> None:
        self.lost += other.lost
        self.twice += other.twice
        self.corrupted += other.corrupted
        self.hung += other.hung


class World:
    """One round's. ``server``: on a stand-in server, else in the embedded store."""

    def __init__(self, *, server: bool = False) -> None:
        self.tally = Tally()
        self.deleted_at = 0  # how much had been answered when the database was deleted
        self._temporary = tempfile.TemporaryDirectory(prefix="campaign-")
        self.folder = Path(self._temporary.name)
        self.database = self.folder / "store.sqlite3"
        self.ledger = Ledger(self.folder / "ledger.txt")
        self.server = OpikServer(check=False) if server else None
        if self.server is not None:
            self.server.go_up()
        self._processes: list[Process] = []
        with closing(self.open()) as store:
            create_dataset("others", store=store)
            numbers = create_dataset("numbers", store=store)
            numbers.insert({"n": n, "reference": child.answer(n)} for n in range(ITEMS))
            self._numbers = {item["id"]: item["n"] for item in numbers.get_items()}

    def files(self) -> list[Path]:
        """The database and what SQLite keeps beside it. Not who is alive: that goes with the processes."""
        return [file for file in self.folder.glob(f"{self.database.name}*") if file.is_file()]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()
        if self.server is not None:
            self.server.go_down()
        self.ledger.close()
        self._temporary.cleanup()

    def open(self) -> Store:
        if self.server is None:
            return LocalStore(self.database)
        return OpikStore(opik_settings(self.server.url), self.database)

    # Processes

    def start(self, door: str, **options: Any) -> Process:
        """A process of :mod:`bench.campaigns.child`."""
        target = self.server.url if self.server is not None else str(self.database)
        given = {"target": target, "database": str(self.database), "ledger": str(self.ledger.path), **options}
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OPIK_")}
        environment |= {"OPIK_RESUME_DB": str(self.database), "TMPDIR": str(self.folder)}
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.campaigns.child", door, json.dumps(given)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._processes.append(process)
        return process

    def until(self, true: Callable[[], bool], *processes: Process) -> bool:
        """Wait until it is true, or all of these have ended. Returns whether it is."""
        deadline = time.monotonic() + PATIENCE
        while not true():
            if all(process.poll() is not None for process in processes):
                return true()
            if time.monotonic() > deadline:
                self.bad("hung", 1, "it never came so far")
                return False
            time.sleep(_LOOK)
        return True

    def until_answered(self, count: int, *processes: Process) -> bool:
        return self.until(lambda: self.ledger.count("answered") >= count, *processes)

    def kill(self, process: Process) -> None:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        # It may have ended by itself a moment before; what it had answered was then kept, which is not demanded here.
        self.ledger.left(process.pid, died=True)

    def finish(self, process: Process) -> tuple[int, str]:
        """Wait for its end: exit status and what it printed."""
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            _, err = process.communicate()
            self.bad("hung", 1, err)
            self.ledger.left(process.pid, died=True)
            return 1, ""
        self.ledger.left(process.pid, died=False)
        if process.returncode == 1:
            self.tally.told.append(err)
        return process.returncode, out

    # Judging

    def bad(self, what: str, count: int, words: str) -> None:
        if count:
            setattr(self.tally, what, getattr(self.tally, what) + count)
            self.tally.told.append(f"{what}: {words}")

    def door(self) -> str:
        """What a user does next: resume, if there is something."""
        with closing(self.open()) as store:
            return "resume" if store.named("e") else "evaluate"

    def complete(self) -> set[int]:
        """The items whose run is complete, as a plan has it."""
        with closing(self.open()) as store:
            if not store.named("e"):
                return set()
            missing = {self._numbers[cell.key.item_id] for cell in plan_resume("e", store=store).cells}
        return set(self._numbers.values()) - missing

    def check(self, elsewhere: str = "") -> Account:
        """Now that nothing runs: all that was acknowledged is complete here, or its answer is in that text."""
        account = self.ledger.account()
        try:
            complete = self.complete()
            gone = account.acknowledged - complete
            offered = {n for n in gone if child.answer(n) in elsewhere}
            lost = gone - offered
            self.ledger.note("kept", complete)
            self.ledger.note("offered", offered)
            self.bad("lost", len(lost), f"{sorted(lost)}")
            self._check_file()
        except Exception as error:
            self.bad("corrupted", 1, repr(error))
        return account

    def conclude(self, elsewhere: str = "") -> None:
        """Resume until it is complete, and look at everything once more."""
        self.check(elsewhere)
        status, out = 1, ""
        for _ in range(_LAST_RESUMES):
            status, out = self.finish(self.start(self.door()))
            if status == child.COMPLETE:
                break
        account = self.check(elsewhere)
        self.bad("twice", len(account.twice), f"{account.twice}")
        printed = json.loads(out)["outputs"] if status == child.COMPLETE else {}
        wanted = {str(n): {"output": child.answer(n)} for n in range(ITEMS)}
        self.bad("corrupted", int(printed != wanted), f"exit status {status}, {len(printed)} outputs of {ITEMS}")
        if self.server is not None:
            self._check_server(self.server)

    def _check_file(self) -> None:
        with closing(sqlite3.connect(self.database)) as connection:
            ((words,),) = connection.execute("PRAGMA integrity_check").fetchall()
        self.bad("corrupted", int(words != "ok"), words)

    def _check_server(self, server: OpikServer) -> None:
        with closing(self.open()) as store:
            store.flush(PATIENCE)
            pending = len(store.pending())
        traces = [server.state.traces[link["trace_id"]] for link in server.state.experiment_items.values()]
        there = sorted(trace["input"]["n"] for trace in traces if "output" in trace)
        missing = set(range(ITEMS)) - set(there)
        self.bad("lost", len(missing), f"{missing} did not arrive; {pending} are kept")
        self.bad("twice", len(there) - len(set(there)), f"on the server: {there}")
