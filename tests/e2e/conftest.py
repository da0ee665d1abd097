"""One JupyterLab and one browser for all end-to-end tests, a fresh notebook, kernel and store for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tools import browser, jupyter
from tools.lab import Notebook, chromium, write_notebook
from tools.system import ROOT

SCREENSHOTS = ROOT / "out/screenshots"
# What the browser says about things that are nobody's fault.
NOT_OURS = ("favicon", "ResizeObserver loop", "Could not restore the debugger state")


@dataclass(frozen=True)
class Lab:
    url: str
    root: Path
    browser: Browser


# Of this package, not of the session: playwright runs an event loop in this thread, which other tests need free.
@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    root, home = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("jupyter")
    store = str(home / "unused.sqlite3")
    with (
        jupyter.server(root, home, {"OPIK_RESUME_DB": store, "NO_PROXY": "127.0.0.1"}) as url,
        chromium(browser.find_or_install()) as chrome,
    ):
        yield Lab(url, root, chrome)


Open = Callable[..., Notebook]


@pytest.fixture
def open_notebook(lab: Lab, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """``open_notebook(*cells)``: a notebook of these cells on a store of its own. Cell 0 chooses the store."""
    opened: list[Notebook] = []
    name = f"{request.node.name}.ipynb"

    def open_(*cells: str) -> Notebook:
        store = f"import os; os.environ['OPIK_RESUME_DB'] = {str(tmp_path / 'store.sqlite3')!r}"
        write_notebook(lab.root / name, [store, *cells])
        notebook = Notebook(lab.browser, lab.url, name)
        opened.append(notebook)
        run(notebook, 0)
        return notebook

    yield open_
    for notebook in opened:
        if request.session.testsfailed:
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            notebook.page.screenshot(path=SCREENSHOTS / f"last-of-{request.node.name}.png")
        notebook.close()
        assert [problem for problem in notebook.problems if may_be_ours(problem)] == []


def may_be_ours(problem: str) -> bool:
    """Not what JupyterLab itself stumbles over (changing themes, say): our code is loaded from a blob, not from its files."""
    frames = [line for line in problem.splitlines() if line.lstrip().startswith("at ")]
    of_jupyterlab = bool(frames) and all("/static/lab/" in frame for frame in frames)
    return not of_jupyterlab and not any(words in problem for words in NOT_OURS)


def run(notebook: Notebook, index: int) -> None:
    """Run a cell that must not fail."""
    notebook.run(index)
    assert notebook.error(index) is None, notebook.error(index)
