"""The recording in the README: an evaluation that has failed, why, and its resume, in a real JupyterLab.

    .venv/bin/python -m tools.recording

Writes ``docs/widget.webp`` (about 15 seconds, below 2 MB) and ``docs/widget.png``.
"""

from __future__ import annotations

import io
import shutil
import time
from pathlib import Path

from PIL import Image

from tools import browser, jupyter
from tools.lab import Notebook, chromium, write_notebook
from tools.system import ROOT, give_up, say
from tools.widget import Widget

OUT = ROOT / "out/recording"
FILM, PICTURE = ROOT / "docs/widget.webp", ROOT / "docs/widget.png"
MOST_BYTES = 2_000_000
QUALITY = 70
READ, LOOK, TICK = 2_000, 1_200, 150  # milliseconds that a picture stays
RESUME_SECONDS = 5.0
CELLS = (
    """\
import random, time
from opik_resume import browse, evaluate, get_or_create_dataset
from opik_resume.metrics import Equals

questions = get_or_create_dataset("capitals")
questions.insert([{"country": f"country {n}", "reference": f"capital {n}"} for n in range(60)])
chance, broken = random.Random(7), True

class RateLimitError(Exception): ...

def answer(item):
    time.sleep(0.02 if broken else 0.35)
    if broken and chance.random() < 0.12:
        raise RateLimitError(f"429 too many requests, {chance.randrange(10**6)} is refused")
    if broken and chance.random() < 0.06:
        return {"output": item["capital"]}
    n = item["country"].split()[1]
    return {"output": f"capital {n}" if chance.random() < 0.8 else "I do not know"}

right = Equals(name="right")""",
    "evaluate(questions, answer, [right], experiment_name='gpt-5-mini, terse', trial_count=4, adaptive=False, display=None)",
    "browse(task=answer, scoring_metrics=[right], task_threads=8)",
    "broken = False",
)


class Film:
    """Pictures of a widget, and for how many milliseconds each is shown."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self.pictures: list[Image.Image] = []
        self.milliseconds: list[int] = []

    def take(self, milliseconds: int) -> None:
        shot = Image.open(io.BytesIO(self._widget.root.screenshot())).convert("RGB")
        self.pictures.append(shot.resize(self.pictures[0].size) if self.pictures else shot)
        self.milliseconds.append(milliseconds)

    def save(self, path: Path) -> None:
        first, *rest = self.pictures
        first.save(
            path, save_all=True, append_images=rest, duration=self.milliseconds, loop=0, quality=QUALITY, method=6
        )


def main() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    (OUT / "home").mkdir(parents=True)
    write_notebook(OUT / "recording.ipynb", list(CELLS))
    variables = {"OPIK_RESUME_DB": str(OUT / "experiments.sqlite3")}
    with jupyter.server(OUT, OUT / "home", variables) as url, chromium(browser.find_or_install()) as chrome:
        film = played(Notebook(chrome, url, "recording.ipynb"))
    film.save(FILM)
    size = FILM.stat().st_size
    say(f"{FILM.relative_to(ROOT)}: {sum(film.milliseconds) / 1000:.0f} s, {size / 1e6:.2f} MB")
    if size > MOST_BYTES:
        raise give_up("That is more than a README should load: lower QUALITY or show less.")


def played(notebook: Notebook) -> Film:
    """What a person does: looks, asks why, mends the task, resumes."""
    for index in range(3):
        notebook.run(index)
    widget = Widget(notebook.page, mode="browser")
    widget.wait_ready()
    widget.root.locator("[data-geometry]").wait_for()
    widget.root.scroll_into_view_if_needed()
    film = Film(widget)
    film.take(READ)
    widget.root.locator(".oprs-group").first.click()
    film.take(READ)
    notebook.page.keyboard.press("n")
    widget.root.locator(".oprs-inspector[data-cell] [role=tab]").first.wait_for()
    widget.picture(PICTURE)
    film.take(READ)
    widget.root.locator(".oprs-group").first.click()
    notebook.run(3)
    film.take(LOOK)
    widget.resume.click()
    began = time.monotonic()
    while time.monotonic() - began < RESUME_SECONDS:
        film.take(TICK)
    widget.wait_outcome("finished")
    film.take(READ)
    return film


if __name__ == "__main__":
    main()
