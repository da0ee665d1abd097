"""Builds the front end when a wheel, an sdist or an editable install is made from a checkout.

The bundle is not committed, and it travels in the sdist: who installs a wheel or an sdist needs no Node.js.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NO_NPM = (
    "opik-resume: the front end has to be built from js/, and there is no npm here. Install Node.js 20.19 or newer "
    "(it brings npm), or run `make setup`, which gets one; a released wheel or sdist needs neither."
)


class FrontEndHook(BuildHookInterface):  # type: ignore[type-arg]  # its parameter is of no interest to a hook
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build_if_needed(Path(self.root))


def build_if_needed(root: Path) -> None:
    """Build the bundle when it is missing or, in a git checkout, older than its sources."""
    bundle = [root / "src/opik_resume/notebook/widget/static" / name for name in ("widget.js", "widget.css")]
    if all(file.is_file() for file in bundle) and not ((root / ".git").exists() and _stale(bundle, root / "js")):
        return
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit(NO_NPM)
    if not (root / "js/node_modules").is_dir():
        _run(npm, "ci", "--no-audit", "--no-fund", folder=root / "js")
    _run(npm, "run", "build", folder=root / "js")
    missing = [file.name for file in bundle if not file.is_file()]
    if missing:
        raise SystemExit(f"opik-resume: `npm run build` did not make {', '.join(missing)}")


def _stale(bundle: list[Path], js: Path) -> bool:
    sources = [
        *js.glob("*.mjs"),
        js / "package-lock.json",
        *(file for file in (js / "src").rglob("*") if file.is_file()),
    ]
    return max(file.stat().st_mtime for file in sources) > min(file.stat().st_mtime for file in bundle)


def _run(*command: str, folder: Path) -> None:
    # npm's output goes to the build's log; CI=1 keeps it from asking or drawing.
    if subprocess.run(command, cwd=folder, env={**os.environ, "CI": "1"}, check=False).returncode:
        raise SystemExit(f"opik-resume: `{' '.join(['npm', *command[1:]])}` failed in {folder}; its output is above")
