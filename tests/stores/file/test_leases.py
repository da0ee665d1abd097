"""Who may run an experiment: one resume at a time, whatever its process or host came to."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from opik_resume.base.ids import new_id
from opik_resume.base.records import CellKey, Experiment, utc_now
from opik_resume.exceptions import ExperimentBusy, LeaseLost
from opik_resume.stores.file import schema
from opik_resume.stores.local import LocalStore
from opik_resume.stores.protocol import Store
from tests.builders import complete, failed, numbers
from tests.experiments import unstarted
from tests.waiting import until

HOLD = """
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from opik_resume.base.ids import new_id
from opik_resume.stores.local import LocalStore
LocalStore(Path(sys.argv[1])).leases.acquire("experiment", new_id())
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def experiment(store: Store) -> Experiment:
    return unstarted(store, "e", numbers(store, 3))


def rewrite(path: Path, table: str = "leases", **columns: object) -> None:
    """Change the rows behind the store's back, as another host would have written them."""
    with sqlite3.connect(path) as db:
        assignments = ", ".join(f"{name} = ?" for name in columns)
        db.execute(f"UPDATE {table} SET {assignments}", tuple(columns.values()))
    db.close()


def test_one_resume_at_a_time_even_in_one_process(store: Store) -> None:
    lease = store.leases.acquire("experiment", new_id())
    with pytest.raises(ExperimentBusy, match="in this process"):
        store.leases.acquire("experiment", new_id())
    store.leases.acquire("another experiment", new_id())
    lease.release()
    store.leases.acquire("experiment", new_id())


def test_the_holder_is_known_until_it_lets_go(store: Store) -> None:
    run_id = new_id()
    lease = store.leases.acquire("experiment", run_id)
    holder = store.leases.holder("experiment")
    assert holder is not None
    assert (holder.run_id, holder.pid, holder.host) == (run_id, os.getpid(), socket.gethostname())
    lease.release()
    lease.release()
    assert store.leases.holder("experiment") is None


def test_a_stopping_run_of_this_process_may_be_taken_over_and_notices(store: Store) -> None:
    old = store.leases.acquire("experiment", new_id())
    assert old.beat()
    old.stopping()
    new = store.leases.acquire("experiment", new_id())
    assert not old.beat(), "the token has moved on"
    old.release()
    assert new.beat(), "a late release of the old one does not take it from the new one"


def test_who_is_asked_to_stop_starts_nothing_more_and_has_it_until_its_last_run_has_ended(store: Store) -> None:
    assert not store.leases.ask_to_stop("experiment"), "nobody runs it"
    lease = store.leases.acquire("experiment", new_id())
    assert store.leases.ask_to_stop("experiment")
    holder = store.leases.holder("experiment")
    assert holder is not None
    assert (holder.run_id, holder.stopping) == (lease.run_id, True)
    with pytest.raises(LeaseLost, match="asked to stop by another process"):
        lease.claim([CellKey("a", 0)])
    assert not lease.beat()
    with pytest.raises(ExperimentBusy, match="finishing its last runs"):
        store.leases.acquire("experiment", new_id())
    lease.release([CellKey("a", 0)])
    assert store.leases.holder("experiment") is None
    assert store.leases.living("experiment").keys() == {CellKey("a", 0)}
    store.leases.acquire("experiment", new_id())


def test_another_process_is_refused_while_the_holder_lives_and_not_after(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(ExperimentBusy, match=f"by process {process.pid}"):
            store.leases.acquire("experiment", new_id())
        process.kill()
        process.wait()
        store.leases.acquire("experiment", new_id())


def test_another_host_counts_while_its_heartbeat_is_young(store: Store, tmp_path: Path) -> None:
    store.leases.acquire("experiment", new_id())
    rewrite(tmp_path / "store.sqlite3", host="elsewhere", process=None)
    with pytest.raises(ExperimentBusy, match="on elsewhere"):
        store.leases.acquire("experiment", new_id())
    rewrite(tmp_path / "store.sqlite3", heartbeat="2020-01-01T00:00:00+00:00")
    store.leases.acquire("experiment", new_id())


def test_an_earlier_boot_of_this_host_counts_no_more(store: Store, tmp_path: Path) -> None:
    store.leases.acquire("experiment", new_id())
    rewrite(tmp_path / "store.sqlite3", boot_id="an earlier boot", process="0" * 32)
    assert store.leases.holder("experiment") is None


LONG_AGO = "2020-01-01T00:00:00+00:00"


@pytest.mark.parametrize("start", [{"start_ticks": 1}, {"start_ticks": None, "process_start": 1.0}])
def test_a_reused_pid_is_not_the_holder(store: Store, tmp_path: Path, start: dict[str, Any]) -> None:
    """Where nothing could be locked: by its start, as told by the system or, in rows of older versions, by the clock."""
    store.leases.acquire("experiment", new_id())
    rewrite(tmp_path / "store.sqlite3", **start, process=None, heartbeat=LONG_AGO)
    assert store.leases.holder("experiment") is None


def test_a_lease_of_this_process_without_its_run_is_a_leftover(store: Store, tmp_path: Path) -> None:
    store.leases.acquire("experiment", new_id())
    rewrite(tmp_path / "store.sqlite3", run_id="interrupted while taking it")
    store.leases.acquire("experiment", new_id())


HERE = CellKey("item", 0)
CELLS = [HERE, CellKey("item", 1), CellKey("other", 0)]


def test_a_claim_sees_what_was_recorded_since(store: Store, experiment: Experiment) -> None:
    first, second, other = (CellKey(item.id, 0) for item in store.items(experiment.dataset_id, "v1"))
    lease = store.leases.acquire(experiment.id, new_id())
    assert lease.claim([first, second, other]) == {}
    another = replace(experiment, id=new_id(), name="another")
    store.create(another)
    store.record([complete(*first, experiment_id=experiment.id), failed(*second, experiment_id=experiment.id)])
    store.record([complete(*other, experiment_id=another.id)])
    assert lease.claim([other, first, second]) == {first: "completed in the meantime"}
    assert lease.claim([second]) == {}
    assert lease.claim([CellKey(first.item_id, 1)]) == {}, "another trial"
    lease.release()


def test_a_claim_of_one_who_was_taken_over_says_by_whom(store: Store) -> None:
    old = store.leases.acquire("experiment", new_id())
    old.stopping()
    store.leases.acquire("experiment", new_id())
    with pytest.raises(LeaseLost, match=r"^taken over by another run of this process at \d\d:\d\d:\d\d UTC"):
        old.claim(CELLS)


def test_tasks_that_outlive_their_run_are_marked_until_they_come_back(store: Store) -> None:
    lease = store.leases.acquire("experiment", new_id())
    lease.release(CELLS[:2])
    assert store.leases.holder("experiment") is None, "the lease is given back"
    words = "a task of a stopped run is still running on it in this process"
    again = store.leases.acquire("experiment", new_id())
    assert store.leases.living("experiment") == dict.fromkeys(CELLS[:2], words)
    assert again.claim(CELLS[1:]) == {CELLS[1]: words}
    lease.came_back(CELLS[1], completed=False)
    lease.came_back(HERE, completed=True)
    until(lambda: again.claim(CELLS) == {HERE: "completed in the meantime"})
    again.release()
    last = store.leases.acquire("experiment", new_id())
    assert last.claim(CELLS) == {}, "whoever takes the lease reads what was completed before"
    last.release()


def test_marks_of_a_process_that_is_gone_count_no_more(store: Store, tmp_path: Path) -> None:
    lease = store.leases.acquire("experiment", new_id())
    lease.release(CELLS)
    rewrite(tmp_path / "store.sqlite3", "living_tasks", process="0" * 32)
    assert store.leases.living("experiment") == {}
    assert store.leases.acquire("experiment", new_id()).claim(CELLS) == {}


@pytest.mark.parametrize("seconds", [0, 3], ids=["the clock as it was", "the clock was stepped"])
def test_a_lease_of_an_older_version_is_still_read(tmp_path: Path, seconds: int) -> None:
    """It knows its process by the clock alone: while its heartbeat is young, a clock that was stepped says nothing."""
    path = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(path)) as old, subprocess.Popen([sys.executable], stdin=subprocess.PIPE) as process:
        old.executescript("".join(schema.STEPS[:2]))
        old.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        old.execute("PRAGMA user_version = 2")
        now, boot_id = utc_now().isoformat(), Path("/proc/sys/kernel/random/boot_id")
        started = psutil.Process(process.pid).create_time() + seconds
        boot = boot_id.read_text().strip() if boot_id.exists() else ""
        values = ("experiment", 7, "run", socket.gethostname(), boot, process.pid, started, now, now)
        old.execute("INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)", values)
        old.commit()
        with closing(LocalStore(path)) as store:
            with pytest.raises(ExperimentBusy, match=f"by process {process.pid} on "):
                store.leases.acquire("experiment", new_id())
            process.kill()
            process.wait()
            assert store.leases.acquire("experiment", new_id()).token == 8
