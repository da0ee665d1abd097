"""Drives a notebook in a real JupyterLab in a real browser: run cells, look at outputs, interrupt, restart, save.

JupyterLab is driven by its own commands and watched by its own state. Nothing sleeps for luck: every wait is for a
condition, with a time-out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import Browser, Page, sync_playwright

from tools import node
from tools.jupyter import TOKEN
from tools.system import version_of

# No sandbox, as in containers it cannot be set up; only pages of this machine are opened. The rest keeps it quiet.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
VIEWPORT = {"width": 1280, "height": 1000}
SECONDS = 60.0

CURRENT = "const panel = window.jupyterapp.shell.currentWidget; "
CELL = CURRENT + "const cell = panel.content.widgets[index]; "
KERNEL_STATUS = """() => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  return panel?.sessionContext?.session?.kernel?.status ?? 'none';
}"""


class KernelDied(RuntimeError):
    """The kernel ended while a cell was running."""


@contextmanager
def chromium(executable: str) -> Iterator[Browser]:
    use_a_node_that_runs()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


class Notebook:
    """One notebook, open in one page. Cells are counted from 0, Markdown cells too."""

    def __init__(self, browser: Browser, url: str, name: str) -> None:
        self.name = name
        self.url = url
        self.problems: list[str] = []  # what the page complained about on its console
        self.page: Page = browser.new_context(viewport=VIEWPORT).new_page()  # type: ignore[arg-type]
        self.page.on("console", lambda message: self.problems.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.problems.append(error.stack or str(error)))
        self.open()

    def open(self) -> None:
        """Load the page, or load it again."""
        self.page.goto(f"{self.url}/lab/tree/{self.name}?reset&token={TOKEN}")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=SECONDS * 1000)
        self.wait_idle()

    # The kernel

    def wait_idle(self, seconds: float = SECONDS) -> None:
        self.page.wait_for_function(f"() => ({KERNEL_STATUS})() === 'idle'", timeout=seconds * 1000)

    def kernel_status(self) -> str:
        status: str = self.page.evaluate(KERNEL_STATUS)
        return status

    def interrupt(self) -> None:
        """What ■ does."""
        self.command("notebook:interrupt-kernel")

    def restart(self) -> None:
        """Restart the kernel, without the question whether one is sure."""
        self.page.evaluate(f"async () => {{ {CURRENT} await panel.sessionContext.session.kernel.restart(); }}")
        self.wait_idle()

    # Cells

    def run(self, index: int, *, wait: bool = True, seconds: float = SECONDS) -> None:
        """Run one cell. Raises KernelDied, or playwright's TimeoutError; an error of the cell is in :meth:`error`."""
        self.page.evaluate(
            f"""index => {{ {CURRENT}
              panel.content.activeCellIndex = index;
              panel.content.deselectAll();
              window.oprsRan = {{...window.oprsRan, [index]: false}};
              window.jupyterapp.commands.execute('notebook:run-cell')
                .finally(() => {{ window.oprsRan[index] = true; }});
            }}""",
            index,
        )
        if wait:
            self.wait_ran(index, seconds)

    def wait_ran(self, index: int, seconds: float = SECONDS) -> None:
        """Wait until a cell that was started has ended, or its kernel has."""
        self.page.wait_for_function(
            f"index => window.oprsRan[index] || /dead|restarting/.test(({KERNEL_STATUS})())",
            arg=index, timeout=seconds * 1000,
        )  # fmt: skip
        if not self.page.evaluate("index => window.oprsRan[index]", index):
            raise KernelDied(f"The kernel died in cell {index}.")

    def running(self, index: int) -> bool:
        return not self.page.evaluate("index => window.oprsRan[index]", index)

    def sources(self) -> list[tuple[str, str]]:
        """Type and source of each cell."""
        cells = self.page.evaluate(
            f"() => {{ {CURRENT} return panel.content.widgets.map(c => [c.model.type, c.model.sharedModel.source]); }}"
        )
        return [(kind, source) for kind, source in cells]

    def set_source(self, index: int, source: str) -> None:
        self.page.evaluate(
            f"([index, source]) => {{ {CELL} cell.model.sharedModel.setSource(source); }}", [index, source]
        )

    def outputs(self, index: int) -> list[dict[str, Any]]:
        outputs: list[dict[str, Any]] = self.page.evaluate(
            f"index => {{ {CELL} return cell.model.outputs.toJSON(); }}", index
        )
        return outputs

    def text(self, index: int) -> str:
        """All the text that a cell's outputs have."""
        return "\n".join(_text(output) for output in self.outputs(index))

    def error(self, index: int) -> str | None:
        """The traceback that a cell ended with, or None."""
        errors = [output for output in self.outputs(index) if output["output_type"] == "error"]
        return "\n".join(errors[-1]["traceback"]) or errors[-1]["evalue"] if errors else None

    # JupyterLab

    def command(self, name: str, **arguments: Any) -> None:
        self.page.evaluate("([name, args]) => window.jupyterapp.commands.execute(name, args)", [name, arguments])

    def save(self) -> None:
        self.command("docmanager:save")
        self.page.wait_for_function(f"() => {{ {CURRENT} return !panel.context.model.dirty; }}")

    def theme(self, name: str) -> None:
        self.command("apputils:change-theme", theme=name)
        self.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name)
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")  # it lies over the page for a moment

    def close(self) -> None:
        """Leave the page, and end its kernel."""
        self.page.evaluate(f"async () => {{ {CURRENT} await panel?.sessionContext?.shutdown(); }}")
        self.page.context.close()


def use_a_node_that_runs() -> None:
    """Playwright brings a Node.js, which needs a library that the smallest Debian lacks: then ours drives it."""
    driver, _ = compute_driver_executable()
    ours = None if version_of(driver, "--version") else node.find()
    if ours is not None:
        os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(ours / "node")


def write_notebook(path: Path, cells: list[str]) -> None:
    """A notebook of code cells."""
    code: list[dict[str, Any]] = [
        {"id": f"c{n}", "cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}
        for n, source in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": code}
    path.write_text(json.dumps(content))


def _text(output: dict[str, Any]) -> str:
    if output["output_type"] == "error":
        return f"{output['ename']}: {output['evalue']}"
    content = output.get("text") or output.get("data", {}).get("text/plain") or ""
    return content if isinstance(content, str) else "".join(content)
