"""Where the file may be: with a table of mounts that is made up, and with processes that are real."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from opik_resume.exceptions import StoreError
from opik_resume.stores.file.access import file_systems
from opik_resume.stores.file.database import Database

Mount = Callable[..., None]


@pytest.fixture
def mount(monkeypatch: pytest.MonkeyPatch) -> Mount:
    """Pretend that folders are mounted, in this order: ``mount((folder, "nfs4"), …)``."""

    def mounted(*table: tuple[Path, str]) -> None:
        mounts = [SimpleNamespace(mountpoint=str(folder), fstype=kind) for folder, kind in table]
        monkeypatch.setattr(psutil, "disk_partitions", lambda **_: mounts)

    return mounted


@pytest.fixture
def away(tmp_path: Path) -> Path:
    """What is mounted there; the rest is local."""
    folder = tmp_path.resolve() / "away"
    folder.mkdir()
    return folder


SHARED = [
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "mmfs", "beegfs", "beegfs_nodev", "ceph", "glusterfs", "afs",
    "ncpfs", "ocfs2", "gfs2", "afpfs", "webdav", "NFS", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph-fuse", "fuse.rclone",
    "fuse.s3fs", "fuse.gcsfuse", "fuse.juicefs", "fuse.nfs-ganesha",
]  # fmt: skip
UNCERTAIN = ["9p", "virtiofs", "drvfs", "fuse.mergerfs", "fuse.grpcfuse", "fuse.gocryptfs", "fuse", "macfuse", "vboxsf"]
LOCAL = ["ext4", "xfs", "overlay", "fuse-overlayfs", "fuse.fuse-overlayfs", "fuseblk", "tmpfs", "apfs", "NTFS", "zfs"]


@pytest.mark.parametrize("kind", SHARED)
def test_network_and_cluster_file_systems_are_refused_and_left_alone(mount: Mount, away: Path, kind: str) -> None:
    mount((Path("/"), "ext4"), (away, kind))
    with pytest.raises(StoreError, match=rf"network file system \({kind.lower()}\).*OPIK_RESUME_DB"):
        Database(away / "folder" / "store.sqlite3")
    assert list(away.iterdir()) == []


@pytest.mark.parametrize("link", ["folder", "file", "dangling"])
def test_a_link_does_not_pass(mount: Mount, away: Path, tmp_path: Path, link: str) -> None:
    mount((Path("/"), "ext4"), (away, "nfs4"))
    if link == "folder":
        (tmp_path / "near").symlink_to(away)
        path = tmp_path / "near" / "store.sqlite3"
    else:
        path = tmp_path / "store.sqlite3"
        path.symlink_to(away / "store.sqlite3")
        if link == "file":
            (away / "store.sqlite3").touch()
    with pytest.raises(StoreError, match=r"network file system \(nfs4\)"):
        Database(path)


def test_a_link_to_a_local_disk_is_followed(mount: Mount, away: Path, tmp_path: Path) -> None:
    mount((Path("/"), "ext4"), (away, "nfs4"))
    (away / "store.sqlite3").symlink_to(tmp_path / "store.sqlite3")
    Database(away / "store.sqlite3").close()
    assert (tmp_path / "store.sqlite3").exists()


def test_the_nearest_mount_counts_and_the_last_one_there(mount: Mount, away: Path) -> None:
    mount((away, "ext4"), (Path("/"), "nfs4"))
    Database(away / "store.sqlite3").close()
    mount((away, "autofs"), (Path("/"), "ext4"), (away, "nfs4"))
    with pytest.raises(StoreError, match="nfs4"):
        Database(away / "store.sqlite3")


@pytest.mark.parametrize("kind", LOCAL)
def test_local_file_systems_are_not_tried_out(
    mount: Mount, away: Path, kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mount((Path("/"), "ext4"), (away, kind))
    monkeypatch.setattr(file_systems, "problem_between_processes", pytest.fail)
    Database(away / "store.sqlite3").close()
    assert caplog.text == ""


@pytest.mark.parametrize("kind", UNCERTAIN)
def test_what_may_work_is_tried_out_used_and_warned_of_once(
    mount: Mount, away: Path, kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[Path] = []
    mount((Path("/"), "ext4"), (away, kind))
    monkeypatch.setattr(file_systems, "problem_between_processes", tried.append)
    Database(away / "folder" / "store.sqlite3").close()
    assert tried == [away / "folder"]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"({kind})" in caplog.text


@pytest.mark.parametrize("kind", UNCERTAIN)
def test_what_was_tried_out_and_does_not_work_is_refused(
    mount: Mount, away: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount((Path("/"), "ext4"), (away, kind))
    monkeypatch.setattr(file_systems, "problem_between_processes", lambda folder: "nothing holds")
    with pytest.raises(StoreError, match=rf"\({kind}\) where nothing holds, .*OPIK_RESUME_DB"):
        Database(away / "store.sqlite3")
    assert list(away.iterdir()) == []


def test_a_real_folder_holds_between_two_real_processes(away: Path) -> None:
    assert file_systems.problem_between_processes(away) is None
    assert list(away.iterdir()) == [], "nothing is left of it"


def answering(statement: str, answer: str) -> str:
    """The other process, on a file system where this statement comes to something else."""
    work = "told = db.execute(statement).fetchall()"
    assert work in file_systems._OTHER
    return file_systems._OTHER.replace(work, f"told = {answer} if {statement!r} in statement else {work[7:]}")


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (answering("BEGIN IMMEDIATE", "[]"), "what one process locks another can write to"),
        (answering("BEGIN IMMEDIATE", "'disk I/O error'"), "what one process locks another can write to"),
        (answering("SELECT", "[]"), "does not see what another writes"),
        (answering("INSERT", "[]"), "does not see what another writes"),
        ("raise SystemExit(1)", "cannot use one database"),
        ("import time; time.sleep(1000)", "cannot use one database"),
    ],
)
def test_what_does_not_hold_is_found(away: Path, monkeypatch: pytest.MonkeyPatch, other: str, says: str) -> None:
    monkeypatch.setattr(file_systems, "_OTHER", other)
    monkeypatch.setattr(file_systems, "_SECONDS", 3.0)
    problem = file_systems.problem_between_processes(away)
    assert problem
    assert says in problem
    assert list(away.iterdir()) == []


def test_a_folder_in_which_nothing_can_be_made_does_not_hold(away: Path) -> None:
    assert "cannot use one database" in (file_systems.problem_between_processes(away / "missing") or "")


def test_a_store_on_such_a_file_system_works(mount: Mount, away: Path, caplog: pytest.LogCaptureFixture) -> None:
    mount((Path("/"), "ext4"), (away, "9p"))
    database = Database(away / "store.sqlite3")
    database.write(lambda db: db.execute("INSERT INTO datasets (id, name, created_at) VALUES ('i', 'n', 't')"))
    database.close()
    assert [each.name for each in away.iterdir()] == ["store.sqlite3"]
    assert caplog.text.count("only ever use it from one machine") == 1
