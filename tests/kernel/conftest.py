"""One kernel for each module, with a store of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

import opik_resume
from opik_resume.base.process import hosts
from opik_resume.stores import close_all, connect
from opik_resume.stores.protocol import Store
from tests.kernel.harness import TIMEOUT, Kernel

PREPARE = """
import pathlib, time
from opik_resume import browse, create_dataset, evaluate, evaluate_resume
from opik_resume.metrics import Equals
from opik_resume.notebook.widget import bundle
bundle.STATIC = pathlib.Path({static!r})
%load_ext opik_resume

gates, calls = pathlib.Path({gates!r}), pathlib.Path({calls!r})
equals = Equals(name="equals")

def broken(item):
    raise ValueError(f"item {{item['n']}} is broken")

def answer(item):
    with calls.open("a") as file:
        file.write(f"{{item['n']}}\\n")
    return {{"output": item["reference"]}}

def gated(item):
    result = answer(item)
    while not (gates / str(item["n"])).exists() and not (gates / "all").exists():
        time.sleep(0.005)
    return result

def experiment(name, items, task=broken, **more):
    dataset = create_dataset("data of " + name)
    dataset.insert([{{"n": n, "reference": str(n)}} for n in range(items)])
    return evaluate(dataset, task, [equals], experiment_name=name, verbose=0, **more).experiment_id
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kernel")
    for name in ("static", "gates", "ipython"):
        (folder / name).mkdir()
    (folder / "static" / "widget.js").write_text("export default {}")
    (folder / "static" / "widget.css").write_text("")
    return folder


@pytest.fixture(scope="module")
def kernel(folder: Path) -> Iterator[Kernel]:
    with started(folder) as kernel:
        kernel.open_subshell()
        paths = {name: str(folder / name) for name in ("static", "gates", "calls")}
        kernel.run(PREPARE.format(**paths))
        yield kernel


@contextmanager
def started(folder: Path, **variables: str) -> Iterator[Kernel]:
    """A kernel in which nothing was run, with these variables. Nobody is known to look at its notebook unless they say so."""
    source = str(Path(opik_resume.__file__).parent.parent)
    environment = {
        **{name: value for name, value in os.environ.items() if not hosts.watched({name: value})},
        "OPIK_RESUME_DB": str(folder / "store.db"),
        "IPYTHONDIR": str(folder / "ipython"),
        "PYTHONPATH": os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")])),
        **variables,
    }
    manager = KernelManager()
    manager.start_kernel(env=environment, cwd=str(folder))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=TIMEOUT)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture(autouse=True)
def clean(folder: Path) -> Iterator[None]:
    """Gates closed and no call counted, for every test; open at its end so that no task is left waiting."""
    for gate in (folder / "gates").iterdir():
        gate.unlink()
    (folder / "calls").write_text("")
    yield
    (folder / "gates" / "all").touch()


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    """The kernel's store, opened from this process."""
    yield connect(folder / "store.db")
    close_all()
