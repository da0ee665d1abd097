"""Finds Node.js with npm, or installs it from a Python package. Prints the folder to put on PATH.

python3 -m tools.node
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tools import venv
from tools.system import ROOT, VENV_BIN, give_up, say, version_of

OLDEST = (20, 19)  # what the front end's build and test tools run on
OWN = ROOT / ".tools/node"
LOCK = ROOT / "requirements/node.txt"


def main() -> None:
    print(find() or install())


def find() -> Path | None:
    """The folder of a good enough Node.js: the machine's, else the one installed here before."""
    node = shutil.which("node")
    folders = [Path(node).parent] if node else []
    return next((folder for folder in (*folders, OWN / VENV_BIN) if good(folder)), None)


def good(folder: Path) -> bool:
    # npm is looked for on PATH as well: some systems keep it in another folder.
    found = re.fullmatch(r"v(\d+)\.(\d+)\..*", version_of(folder / "node", "--version"))
    recent = found is not None and (int(found[1]), int(found[2])) >= OLDEST
    return recent and (shutil.which("npm", path=str(folder)) or shutil.which("npm")) is not None


def install() -> Path:
    wanted = ".".join(map(str, OLDEST))
    say(f"No Node.js {wanted} or newer with npm here: installing one into .tools/node …")
    venv.pip_install(venv.create(OWN), "--no-deps", "-r", LOCK)
    folder = OWN / VENV_BIN
    if not good(folder):
        raise give_up(f"The Node.js from the Python package does not run here. Install Node.js {wanted} or newer.")
    return folder


if __name__ == "__main__":
    main()
