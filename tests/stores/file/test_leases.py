"""Who may run an experiment: one resume at a time, whatever its process or host came to."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from opik_resume.base.ids import new_id
from opik_resume.exceptions import ExperimentBusy
from opik_resume.stores.protocol import Store

HOLD = """
import sys
from pathlib import Path
from opik_resume.base.ids import new_id
from opik_resume.stores.local import LocalStore
LocalStore(Path(sys.argv[1])).leases.acquire("experiment", new_id())
print("held", flush=True)
sys.stdin.read()
"""


def rewrite(path: Path, **columns: object) -> None:
    """Change the lease's row behind the store's back, as another host would have written it."""
    import sqlite3

    with sqlite3.connect(path) as db:
        assignments = ", ".join(f"{name} = ?" for name in columns)
        db.execute(f"UPDATE leases SET {assignments}", tuple(columns.values()))
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
def test_a_reused_pid_is_not_the_holder(store: Store, tmp_path: Path, start: dict[str, object]) -> None:
    """Where nothing could be locked: by its start, as told by the system or, in rows of older versions, by the clock."""
    store.leases.acquire("experiment", new_id())
    rewrite(tmp_path / "store.sqlite3", process=None, heartbeat=LONG_AGO, **start)
    assert store.leases.holder("experiment") is None


def test_a_lease_of_this_process_without_its_run_is_a_leftover(store: Store, tmp_path: Path) -> None:
    store.leases.acquire("experiment", new_id())
    rewrite(tmp_path / "store.sqlite3", run_id="interrupted while taking it")
    store.leases.acquire("experiment", new_id())
