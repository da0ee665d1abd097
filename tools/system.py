"""Small things that every part of the set-up needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV_BIN = "Scripts" if os.name == "nt" else "bin"


def say(text: str) -> None:
    """Tell the person; on stderr, as stdout carries the answer of a tool."""
    print(text, file=sys.stderr, flush=True)


def give_up(text: str) -> SystemExit:
    """The plain end of a tool that cannot get what it needs: ``raise give_up("…")``."""
    return SystemExit(f"\n{text}\n")


def run(*command: str | Path) -> bool:
    """Run a command with its output on stderr; whether it worked."""
    return subprocess.run([str(word) for word in command], stdout=sys.stderr, check=False).returncode == 0


def version_of(*command: str | Path) -> str:
    """What ``command`` prints, or "" when it does not run."""
    try:
        done = subprocess.run([str(w) for w in command], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def apt_install(package: str) -> bool:
    """Install a Debian package if this is Debian and we may; whether it worked."""
    if shutil.which("apt-get") is None:
        return False
    become = _become_root()
    if become is None:
        say(f"{package}: apt-get is here, but I am neither root nor allowed to sudo without a password.")
        return False
    say(f"Installing Debian's {package} …")
    quiet = (*become, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0")
    # An update that fails (one mirror of several, say) need not keep the package from being there.
    run(*quiet, "update")
    return run(*quiet, "install", "-y", "--no-install-recommends", package)


def _become_root() -> tuple[str, ...] | None:
    if os.name != "nt" and os.geteuid() == 0:
        return ()
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return (sudo, "-n")
    return None
