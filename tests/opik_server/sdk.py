"""Run the real ``opik`` package in a process of its own, against a stand-in and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def environment(url: str, home: Path, **more: str) -> dict[str, str]:
    """What the SDK's process sees: this server, an empty home, and no telemetry, price maps or proxies."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("OPIK", "_OPIK", "COMET")) and not name.upper().endswith("_PROXY")
    }
    ours = {
        "OPIK_URL_OVERRIDE": url,
        "OPIK_WORKSPACE": "default",
        "OPIK_SENTRY_ENABLE": "false",
        "OPIK_ANALYTICS_ENABLE": "false",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
    }
    return {**inherited, **ours, **more}


def start(url: str, home: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    """``python <arguments>`` with pipes for its input and output; stderr is the test's."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=environment(url, home, **more),
        cwd=home,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def run(url: str, home: Path, *arguments: str, timeout: float = 120, **more: str) -> str:
    """What ``python <arguments>`` printed, once it ended well."""
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment(url, home, **more),
        cwd=home,
        text=True,
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
