"""A JupyterLab server that knows nothing of the person's own settings, for the demo and the tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

TOKEN = "on-this-machine-only"  # noqa: S105  # it guards nothing but a server on loopback, for minutes
START_SECONDS = 90


@contextmanager
def server(root: Path, home: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """Serve the notebooks in ``root``; yields the URL. Settings, kernels' files and the log go to ``home``."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (home / "server.log").open("w") as log:
        process = subprocess.Popen(
            [*lab_command(), "--no-browser", f"--ServerApp.port={port}", f"--ServerApp.root_dir={root}",
             # What the tests and the demo drive JupyterLab by: window.jupyterapp.
             "--LabApp.expose_app_in_browser=True"],
            env=environment(home, variables), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            wait_until_up(url, process, home / "server.log")
            yield url
        finally:
            process.terminate()  # it ends its kernels before itself
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def lab_command() -> list[str]:
    return [
        sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={TOKEN}",
        "--LabApp.news_url=None", "--allow-root",  # loopback and a token; in a container one often is root
    ]  # fmt: skip


def environment(home: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of a server, all its folders below ``home``; asks for no news and no updates."""
    settings = home / "settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OPIK_")}
    return {**clean, **{name: str(home / folder) for name, folder in folders.items()}, **variables}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/api/status?token={TOKEN}", timeout=2):  # noqa: S310  # our own URL
                return
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")
