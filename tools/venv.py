"""Makes ``.venv`` from the lock files, and makes it again only when they change.

python3 -m tools.venv
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.system import ROOT, VENV_BIN, apt_install, give_up, run, say

VENV = ROOT / ".venv"
LOCK = ROOT / "requirements/dev.txt"
DATA = ROOT / "requirements/data.txt"


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036  # run by whatever Python the machine has
        raise give_up(
            f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Try: make PYTHON=python3.12 …"
        )
    stamp, wanted = VENV / ".made-from", fingerprint(LOCK, DATA)
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    say(f"Making .venv with Python {sys.version.split()[0]} …")
    python = create(VENV)
    # The lock is complete, so nothing is resolved; `pip check` then proves it for the Python at hand.
    pip_install(python, "--no-deps", "-r", LOCK)
    if not run(python, "-m", "pip", "check"):
        raise give_up("The locked packages do not fit together on this Python: see above.")
    pip_install(python, "--no-deps", "-r", DATA)
    stamp.write_text(wanted)


def create(folder: Path) -> Path:
    """A new, empty environment in place of whatever is in ``folder``; returns its Python."""
    if importlib.util.find_spec("ensurepip") is None and not apt_install(f"python3.{sys.version_info.minor}-venv"):
        raise give_up(
            "This Python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv"
        )
    shutil.rmtree(folder, ignore_errors=True)
    # In a new process: ensurepip may have been installed only just now.
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return folder / VENV_BIN / "python"


def pip_install(python: Path, *what: str | Path) -> None:
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
    if not run(python, "-m", "pip", "install", *quiet, *what):
        raise give_up(f"pip could not install {' '.join(map(str, what))}: see above. Is a package index reachable?")


def fingerprint(*files: Path) -> str:
    """Changes with the Python and with the content of ``files``; a new checkout of the same content is the same."""
    digest = hashlib.sha256(f"{os.path.realpath(sys.executable)} {sys.version_info[:3]}".encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
