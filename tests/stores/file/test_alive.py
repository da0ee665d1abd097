"""A process is alive while its lock is held, whatever clocks, process ids and forks say. With real processes."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from opik_resume.base.ids import new_id
from opik_resume.exceptions import ExperimentBusy
from opik_resume.stores.file.lease import alive
from opik_resume.stores.file.lease.alive import LifeSigns
from opik_resume.stores.file.lease.processes import STALE_AFTER, named
from opik_resume.stores.local import LocalStore


def opened(path: Path) -> closing[LocalStore]:
    return closing(LocalStore(path))


class Processes:
    """Processes that want the lease of one experiment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path.with_name(f"{path.name}.alive")
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *like: str) -> tuple[subprocess.Popen[str], str]:
        """One more, and what it says."""
        command = [sys.executable, "-m", "tests.stores.file.holder", str(self.path), *like]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.started.append(process)
        return process, self.line(process)

    def line(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        return process.stdout.readline().strip()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    made = Processes(tmp_path / "store.sqlite3")
    yield made
    for process in made.started:
        process.kill()
        process.communicate()


def silence(path: Path) -> None:
    """The holder has not said anything for years."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE leases SET heartbeat = '2020-01-01T00:00:00+00:00'")
        db.commit()


RIVALS = [[], ["stepped_clock"], ["own_namespace"], ["stepped_clock", "own_namespace"], ["another_host"]]


@pytest.mark.parametrize("rival", RIVALS, ids=["-".join(rival) or "plain" for rival in RIVALS])
def test_a_living_holder_is_seen_and_a_killed_one_is_gone(processes: Processes, rival: list[str]) -> None:
    holder, said = processes.start()
    assert said == "held"
    silence(processes.path)
    _, said = processes.start(*rival)
    assert said.startswith("busy: "), said
    assert "in this process" not in said
    holder.kill()
    holder.wait()
    _, said = processes.start(*[like for like in rival if like != "another_host"])
    assert said == "held"


def test_a_holder_is_seen_through_a_link_to_the_file(processes: Processes, tmp_path: Path) -> None:
    """As SQLite puts its own files beside the file itself."""
    holder, _ = processes.start()
    link = tmp_path / "elsewhere" / "link.sqlite3"
    link.parent.mkdir()
    link.symlink_to(processes.path)
    with opened(link) as store, pytest.raises(ExperimentBusy, match=f"by process {holder.pid}"):
        store.leases.acquire("experiment", new_id())


def test_a_suspended_holder_is_alive(processes: Processes) -> None:
    holder, _ = processes.start()
    holder.send_signal(signal.SIGSTOP)
    silence(processes.path)
    with opened(processes.path) as store, pytest.raises(ExperimentBusy, match=f"by process {holder.pid}"):
        store.leases.acquire("experiment", new_id())


@pytest.mark.parametrize("like", [["forked"], ["forked", "without_locks"]], ids=["locks", "no locks"])
def test_a_killed_parent_is_dead_though_its_fork_lives(processes: Processes, like: list[str]) -> None:
    holder, said = processes.start(*like)
    assert said == "held"
    child = int(processes.line(holder))
    with opened(processes.path) as store:
        assert store.leases.holder("experiment") is not None
        holder.kill()
        holder.wait()
        try:
            os.kill(child, 0)  # the child lives
            assert store.leases.holder("experiment") is None
            store.leases.acquire("experiment", new_id()).release()
        finally:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


def test_a_fork_does_not_take_what_its_living_parent_holds(tmp_path: Path) -> None:
    signs = LifeSigns(tmp_path / "store.sqlite3")
    token = signs.give()
    assert token is not None
    child = os.fork()
    if not child:  # nothing of pytest may run here
        os._exit(10 * (signs.shows(token) is True) + (alive.is_ours(token) or signs.give() == token))
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 10, "it sees its parent alive, and has a token of its own"
    assert signs.shows(token)
    signs.take_back()


@pytest.mark.parametrize("rival", [["without_locks"], ["without_locks", "stepped_clock"]], ids=["plain", "stepped"])
def test_where_nothing_can_be_locked_ticks_since_the_boot_tell(processes: Processes, rival: list[str]) -> None:
    holder, _ = processes.start("without_locks")
    silence(processes.path)
    assert not any(processes.folder.iterdir()), "a file that cannot be locked is not kept"
    assert processes.start(*rival)[1].startswith("busy: ")
    holder.kill()
    holder.wait()
    assert processes.start(*rival)[1] == "held"


def test_where_nothing_can_be_locked_another_namespace_is_told_by_the_heartbeat(processes: Processes) -> None:
    processes.start("without_locks")
    assert processes.start("without_locks", "own_namespace")[1].startswith("busy: ")


def test_files_of_the_dead_are_removed_and_those_of_the_living_stay(processes: Processes) -> None:
    (dead, _), (_, _) = processes.start(), processes.start()
    before = set(processes.folder.iterdir())
    assert len(before) == 2, "each that wants a lease shows that it lives"
    dead.kill()
    dead.wait()
    signs = LifeSigns(processes.path)
    signs.give()
    assert len(before & set(processes.folder.iterdir())) == 1
    signs.take_back()


def test_the_folder_goes_with_the_last_of_them(tmp_path: Path) -> None:
    with opened(tmp_path / "store.sqlite3") as store:
        store.leases.acquire("experiment", new_id()).release()
        assert (tmp_path / "store.sqlite3.alive").exists()
    assert not (tmp_path / "store.sqlite3.alive").exists()


def test_a_lease_that_is_held_is_held_though_its_store_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    with opened(path) as store:
        store.leases.acquire("experiment", new_id())
    with opened(path) as again, pytest.raises(ExperimentBusy, match="in this process"):
        again.leases.acquire("experiment", new_id())


def test_several_runs_of_one_process_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    with opened(path) as one, opened(path) as other:
        first, second = one.leases.acquire("first", new_id()), other.leases.acquire("second", new_id())
        first.release()
        assert (one.leases.holder("first"), other.leases.holder("second") is not None) == (None, True)
        assert one.leases.holder("second") is not None, "through another handle on the file, too"
        second.release()


def test_a_file_that_was_cleaned_away_is_made_again_with_the_next_beat(processes: Processes) -> None:
    with opened(processes.path) as store:
        lease = store.leases.acquire("experiment", new_id())
        (file,) = processes.folder.iterdir()
        file.unlink()
        processes.folder.rmdir()
        assert lease.beat()
        assert file.exists()
        assert processes.start()[1].startswith("busy: ")
        lease.release()


@pytest.mark.parametrize("name", ["../precious", "precious", "", "/etc/hostname"])
def test_a_name_out_of_a_database_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "store.sqlite3.alive"
    folder.mkdir()
    for precious in (tmp_path / "precious", folder / "precious"):
        precious.write_text("keep me")
    signs = LifeSigns(tmp_path / "store.sqlite3")
    assert signs.shows(name) is None
    assert signs.give() is not None, "which sweeps the folder"
    assert (tmp_path / "precious").exists()
    assert (folder / "precious").exists()
    signs.take_back()


def test_who_holds_it_is_told_by_the_name_of_its_program_and_no_clock_ends_its_right(processes: Processes) -> None:
    holder, said = processes.start()
    assert said == "held"
    with opened(processes.path) as store:
        held = store.leases.holder("experiment")
    assert held is not None
    assert (held.pid, held.program, held.until) == (holder.pid, "tests.stores.file.holder", None)


def test_a_holder_on_another_host_can_be_taken_over_a_minute_after_its_last_word(processes: Processes) -> None:
    _, said = processes.start("another_host", "without_locks")
    assert said == "held"
    with opened(processes.path) as store:
        held = store.leases.holder("experiment")
    assert held is not None
    assert held.program == ""
    assert held.until == held.heartbeat + STALE_AFTER


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("python -m ipykernel_launcher -f /run/kernel-1.json", "ipykernel_launcher"),
        ("python -u -X dev /home/me/night.py --key sk-1234", "night.py"),
        ("python -c print(1)", ""),
        ("python", ""),
        ("", ""),
    ],
)
def test_of_a_command_its_program_is_told_and_no_argument(command: str, name: str) -> None:
    assert named(command.split()) == name
