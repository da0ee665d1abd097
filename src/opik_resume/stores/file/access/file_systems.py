"""Where the file may be: WAL needs shared memory and honest locks, which network and cluster file systems do not give."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from opik_resume.base.text import redaction
from opik_resume.exceptions import StoreError

_SHARED = {
    "9p2000", "acfs", "afp", "afpfs", "afs", "auristorfs", "beegfs", "ceph", "ceph-fuse", "cifs", "coda", "curlftpfs",
    "cvmfs", "cvmfs2", "davfs", "davfs2", "fhgfs", "gcsfuse", "geesefs", "gfs", "gfs2", "glusterfs", "goofys", "gpfs",
    "hdfs", "juicefs", "lizardfs", "lustre", "lustre_lite", "mfs", "mmfs", "moosefs", "mount-s3", "ncp", "ncpfs", "ocfs2",
    "orangefs", "panfs", "pvfs2", "quobyte", "rclone", "s3fs", "seaweedfs", "smb", "sshfs", "stornext", "webdav", "weka",
    "wekafs", "xtreemfs",
}  # fmt: skip
_SHARED_FAMILIES = ("nfs", "smb", "beegfs", "glusterfs", "lustre", "juicefs")  # with a version or an edition
_UNCERTAIN = {
    "9p", "drvfs", "fakeowner", "fuse", "macfuse", "osxfuse", "prl_fs", "vboxsf", "virtiofs", "vmhgfs", "wslfs",
}  # fmt: skip
_LOCAL_FUSE = {"fuse-overlayfs", "fuseblk"}
_SECONDS = 20.0  # in which another process must have answered

logger = redaction.logger("opik_resume")


def make_home(path: Path) -> None:
    """Make the folder of a file, and make sure that SQLite works there.

    Raises:
        StoreError: it is on a network or cluster file system, or on one that does not have what SQLite needs.
        OSError: the folder cannot be made.
    """
    real = Path(os.path.realpath(path))
    kind = _file_system(real)
    if _is_shared(kind):
        raise StoreError(
            f"{path} lies on a network file system ({kind}), where SQLite can lose data: "
            "name a file on a local disk in OPIK_RESUME_DB or connect()."
        )
    real.parent.mkdir(parents=True, exist_ok=True)
    if _is_uncertain(kind):
        _try_out(path, real.parent, kind)


def _file_system(path: Path) -> str:
    """The type of the file system that a real path is on; empty if it is not known."""
    import psutil  # when a file is opened

    parents = {str(parent) for parent in path.parents}
    kind, longest = "", -1
    for mount in psutil.disk_partitions(all=True):
        if mount.mountpoint in parents and len(mount.mountpoint) >= longest:  # the last of several hides the others
            kind, longest = mount.fstype.lower(), len(mount.mountpoint)
    return kind


def _is_shared(kind: str) -> bool:
    name = kind.removeprefix("fuse.")
    return name in _SHARED or name.startswith(_SHARED_FAMILIES)


def _is_uncertain(kind: str) -> bool:
    return kind in _UNCERTAIN or (kind.startswith("fuse.") and kind.removeprefix("fuse.") not in _LOCAL_FUSE)


def _try_out(path: Path, folder: Path, kind: str) -> None:
    problem = problem_between_processes(folder)
    if problem is not None:
        raise StoreError(
            f"{path} lies on a file system ({kind}) where {problem}, so that SQLite can lose data: "
            "name a file on a local disk in OPIK_RESUME_DB or connect()."
        )
    logger.warning(
        "%s lies on a file system (%s) that may not keep SQLite's promises. Two processes of this machine do not get in "
        "each other's way there; only ever use it from one machine. A local disk is safer: OPIK_RESUME_DB or connect().",
        path,
        kind,
    )


# What the other process does: it says what comes of each statement.
_OTHER = """
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
for statement in sys.stdin:
    try:
        told = db.execute(statement).fetchall()
    except sqlite3.OperationalError as error:
        told = str(error)
    print(json.dumps(told), flush=True)
"""


def problem_between_processes(folder: Path) -> str | None:
    """Try a lock and the shared memory of WAL between two processes. What does not hold there, or None."""
    try:
        with (
            tempfile.TemporaryDirectory(dir=folder, prefix=".opik-resume-", ignore_cleanup_errors=True) as home,
            closing(sqlite3.connect(f"{home}/try.sqlite3", timeout=0, isolation_level=None)) as db,
            _other_process(f"{home}/try.sqlite3") as ask,
        ):
            return _problem(db, ask)
    except (OSError, ValueError, sqlite3.Error) as error:
        return f"two processes cannot use one database ({error})"


@contextmanager
def _other_process(database: str) -> Iterator[Callable[[str], Any]]:
    command = [sys.executable, "-I", "-c", _OTHER, database]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        deadline = threading.Timer(_SECONDS, process.kill)
        deadline.daemon = True
        deadline.start()

        def ask(statement: str) -> Any:
            print(statement, file=process.stdin, flush=True)
            return json.loads(process.stdout.readline() if process.stdout else "")

        try:
            yield ask
        finally:
            deadline.cancel()
            process.kill()


def _problem(db: sqlite3.Connection, ask: Callable[[str], Any]) -> str | None:
    if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        return "processes cannot share memory"
    db.execute("CREATE TABLE t (n)")
    if ask("SELECT * FROM t") != []:
        return "a process does not see what another writes"
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO t VALUES (1)")
    if ask("BEGIN IMMEDIATE") != "database is locked":
        return "what one process locks another can write to"
    db.execute("COMMIT")
    if ask("SELECT * FROM t") != [[1]]:
        return "a process does not see what another writes"
    ask("INSERT INTO t VALUES (2)")
    if db.execute("SELECT * FROM t").fetchall() != [(1,), (2,)]:
        return "a process does not see what another writes"
    return None
