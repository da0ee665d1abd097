"""The demo: JupyterLab on the quickstart; headless, the quickstart run to its end in a real browser.

    .venv/bin/python -m tools.demo

Nothing of the person's own is touched: the experiments and all settings are below ``out/demo``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools import browser, jupyter
from tools.lab import Notebook, chromium
from tools.system import ROOT, give_up, say
from tools.widget import Widget

OUT = ROOT / "out/demo"
QUICKSTART = ROOT / "notebooks/quickstart.ipynb"
BESIDE = ROOT / "notebooks/ifbench_words.py"
CELL_SECONDS = 300.0
FIRST_EXPERIMENT = "three tries"


def main() -> None:
    if headless():
        run_headless()
    else:
        open_for_a_person()


def headless() -> bool:
    asked = os.environ.get("HEADLESS", "") not in ("", "0")
    return asked or (sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")))


def open_for_a_person() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    say(f"Opening {QUICKSTART.relative_to(ROOT)} in JupyterLab; Ctrl-C here ends it. (HEADLESS=1 runs it by itself.)")
    variables = {"OPIK_RESUME_DB": str(OUT / "experiments.sqlite3")}
    try:
        subprocess.run(
            [*jupyter.lab_command(), str(QUICKSTART)], env=jupyter.environment(OUT / "home", variables), check=True
        )
    except KeyboardInterrupt:
        pass


def run_headless() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    home = OUT / "home"
    home.mkdir(parents=True)
    executed = Path(shutil.copy(QUICKSTART, OUT))
    shutil.copy(BESIDE, OUT)
    picture = OUT / "widget.png"
    variables = {"OPIK_RESUME_DB": str(OUT / "experiments.sqlite3")}
    with jupyter.server(OUT, home, variables) as url, chromium(browser.find_or_install()) as chrome:
        notebook = Notebook(chrome, url, executed.name)
        failed = run_cells(notebook)
        if failed is None:
            press_resume(Widget(notebook.page, mode="browser"), picture)
        notebook.save()
        notebook.close()
    say(f"Executed notebook: {executed.relative_to(ROOT)}")
    if failed is not None:
        raise give_up(f"Cell {failed[0]} of the quickstart failed:\n\n{failed[1]}")
    say(f"The widget:        {picture.relative_to(ROOT)}")


def run_cells(notebook: Notebook) -> tuple[int, str] | None:
    """Run all cells in order; stops at the first that fails, and returns its number and its traceback."""
    sources = notebook.sources()
    for index, (kind, source) in enumerate(sources):
        notebook.run(index, seconds=CELL_SECONDS)
        if kind == "code":
            first_line = source.partition("\n")[0]
            say(f"  cell {index + 1:2} of {len(sources)} done: {first_line}")
            if error := notebook.error(index):
                return index + 1, re.sub(r"\x1b\[[0-9;]*m", "", error)
    return None


def press_resume(widget: Widget, picture: Path) -> None:
    """What the notebook asks its reader to do."""
    widget.wait_ready()
    widget.choose(FIRST_EXPERIMENT)
    say(f"  clicking: {widget.resume.inner_text()}")
    widget.resume.click()
    widget.wait_outcome("finished", CELL_SECONDS)
    left = widget.count("never_run") + widget.count("task_failed")
    say(f"  resumed: {widget.count('completed')} runs kept, {widget.count('replayed')} new, {left} left")
    widget.picture(picture)


if __name__ == "__main__":
    main()
