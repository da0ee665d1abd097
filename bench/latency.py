"""``python -m bench.latency``: from a run that finished to its pixel, and from a click to what it shows. Milliseconds.

Through a real kernel and JupyterLab, while the kernel is idle and while a cell computes in pure Python.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.__main__ import machine
from tools import browser, jupyter
from tools.lab import Notebook, chromium, write_notebook
from tools.widget import Widget, centre

SETUP = """
import time
from opik_resume import browse, create_dataset, evaluate
pause, ended, broken = 0.0, [], True

def answer(item):
    if broken:
        raise ValueError("not yet")
    time.sleep(pause)
    ended.append(time.time())
    return {{"output": "ok"}}

dataset = create_dataset("numbers")
# All of it is left to do: an evaluation that only fails is broken off.
dataset.insert([{{"n": n}} for n in range({runs})])
evaluate(dataset, answer, [], experiment_name="timed", task_threads=1, verbose=0)
broken, pause = False, {pause}
"""
BROWSE = "browse(task=answer, task_threads=1)"
BUSY = "end = time.time() + {seconds}\nn = 0\nwhile time.time() < end: n += 1"
TOLD = "import json; print(json.dumps(ended))"

# Looks at every cell after each frame: when has it become what a resume fills cells with?
WATCH = """([centres]) => {
  const canvas = document.querySelector('.oprs-heatmap canvas');
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const ratio = devicePixelRatio;
  const waiting = new Set(centres.keys());
  window.painted = [];
  const look = () => {
    const {data, width} = context.getImageData(0, 0, canvas.width, canvas.height);
    for (const cell of waiting) {
      const [x, y] = centres[cell];
      const at = 4 * (Math.floor(y * ratio) * width + Math.floor(x * ratio));
      if (data[at] === 0 && data[at + 1] === 158 && data[at + 2] === 115) {
        waiting.delete(cell);
        painted.push(Date.now());
      }
    }
    if (waiting.size) requestAnimationFrame(() => setTimeout(look));
  };
  look();
}"""
CLICK = """async ([x, y, cell]) => {
  const canvas = document.querySelector('.oprs-heatmap canvas');
  const {left, top} = canvas.getBoundingClientRect();
  const began = performance.now();
  canvas.dispatchEvent(new MouseEvent('click', {clientX: left + x, clientY: top + y, bubbles: true}));
  const shown = () => document.querySelector(`.oprs-inspector[data-cell="${cell}"] [role=tabpanel]`);
  while (!shown()) await new Promise(requestAnimationFrame);
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - began;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--clicks", type=int, default=60)
    parser.add_argument("--pause", type=float, default=0.1, help="seconds of a run")
    options = parser.parse_args()
    print(f"{machine()}\n\n| what | kernel | p50 | p95 |\n|---|---|---:|---:|", flush=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        jupyter.server(*folders(Path(folder)), {"NO_PROXY": "127.0.0.1"}) as url,
        chromium(browser.find_or_install()) as chrome,
    ):
        for busy in (False, True):
            prepare(Path(folder), busy, options)
            notebook = Notebook(chrome, url, f"{busy}.ipynb")
            for title, times in (("click → repaint", clicks), ("run finished → pixel", runs)):
                print(line(title, busy, times(notebook, busy, options)), flush=True)
            notebook.close()


def folders(folder: Path) -> tuple[Path, Path]:
    (folder / "home").mkdir()
    return folder, folder / "home"


def prepare(folder: Path, busy: bool, options: argparse.Namespace) -> None:
    store = f"import os; os.environ['OPIK_RESUME_DB'] = {str(folder / f'{busy}.sqlite3')!r}"
    seconds = options.clicks * 0.4 + options.runs * (options.pause + 0.15) + 5
    cells = [store, SETUP.format(runs=options.runs, pause=options.pause), BROWSE, BUSY.format(seconds=seconds), TOLD]
    write_notebook(folder / f"{busy}.ipynb", cells)


def clicks(notebook: Notebook, busy: bool, options: argparse.Namespace) -> list[float]:
    """Failed cells, one after the other."""
    for index in (0, 1, 2):
        notebook.run(index)
        assert notebook.error(index) is None, notebook.error(index)
    widget = Widget(notebook.page)
    widget.wait_ready()
    widget.choose("timed")
    widget.wait_count("task_failed", "n > 0")
    if busy:
        notebook.run(3, wait=False)
    geometry = json.loads(widget.root.locator("[data-geometry]").get_attribute("data-geometry") or "{}")
    chosen = range(0, options.runs, max(1, options.runs // options.clicks))
    return [notebook.page.evaluate(CLICK, [*centre(geometry, cell), cell]) for cell in chosen]


def runs(notebook: Notebook, busy: bool, options: argparse.Namespace) -> list[float]:
    """One thread, so the runs end and are painted in the same order."""
    widget = Widget(notebook.page)
    geometry = json.loads(widget.root.locator("[data-geometry]").get_attribute("data-geometry") or "{}")
    notebook.page.evaluate(WATCH, [[centre(geometry, cell) for cell in range(options.runs)]])
    widget.resume.click()
    widget.wait_outcome("finished", 600)
    notebook.page.wait_for_function(f"() => painted.length === {options.runs}")
    if busy:
        notebook.interrupt()
        notebook.wait_ran(3)
    notebook.run(4)
    ended = [1000 * each for each in json.loads(notebook.text(4))]
    painted: list[float] = notebook.page.evaluate("() => painted")
    return [pixel - end for pixel, end in zip(sorted(painted), sorted(ended), strict=True)]


def line(title: str, busy: bool, times: Sequence[float]) -> str:
    half, most = np.percentile(times, (50, 95))
    return f"| {title}, {len(times)} | {'busy in pure Python' if busy else 'idle'} | {half:.0f} | {most:.0f} |"


if __name__ == "__main__":
    main()
