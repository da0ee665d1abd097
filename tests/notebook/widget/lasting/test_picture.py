"""The static picture: bounded, escaped, with counts."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opik_resume import evaluate
from opik_resume.base.records import CellState
from opik_resume.experiment.grid import Grid
from opik_resume.metrics import BaseMetric, ScoreResult
from opik_resume.notebook.widget import bundle
from opik_resume.notebook.widget.lasting import picture
from opik_resume.notebook.widget.lasting.marks import FEWEST_ROWS, MOST_MARKS, cells_a_mark, grid_html
from opik_resume.stores.protocol import Store
from tests.builders import NOON, numbers
from tests.experiments import unstarted
from tests.notebook.helpers import evaluated, reading_of


class Tags(HTMLParser):
    """Counts the tags and checks that they are closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.names.append(tag)
        if tag != "br":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def marks(page: str) -> list[str]:
    """The lines of the grid, as they are when every style is dropped."""
    return re.sub(r"<[^>]*>", "", page.split("<pre", 1)[1].split(">", 1)[1].split("</pre>", maxsplit=1)[0]).split("\n")


def text_of(page: str) -> str:
    return " ".join("".join(Tags(page).text).split())


def test_an_experiment_as_marks_with_counts_means_and_why_runs_failed(store: Store) -> None:
    reading = reading_of(store, evaluated(store, "<b>sly</b>", items=8, broken=(1, 3), trials=2))
    page = picture.experiment_html(reading, NOON)
    text = text_of(page)
    assert "<b>sly</b> · data of <b>sly</b> v1 · 12 of 16 runs complete" in text
    assert "■ completed 12" in text
    assert "× task failed 4" in text
    assert "equals_metric 1 ± 0 (n = 12)" in text
    assert "4taskRuntimeError" in text
    assert "2026-01-01 12:00:00 UTC" in text
    lines = marks(page)
    assert lines == ["××" if state == CellState.task_failed else "■■" for state in reading.grid.states[::2].tolist()]


def test_the_colours_are_those_of_the_widget(store: Store) -> None:
    palette = json.loads(Path(bundle.__file__).with_name("colours.json").read_text())["light"]
    page = picture.experiment_html(reading_of(store, evaluated(store)), NOON)
    assert palette["kinds"]["task_failed"] in page
    assert palette["kinds"]["completed"] in page
    shown = set(re.findall("#[0-9a-f]{6}", page)) - {*palette["kinds"].values(), palette["mark"]}
    assert shown == set(), "a colour that the widget does not have"
    script = Path(bundle.__file__).parents[4] / "js/src"
    assert not [path for path in script.rglob("*.ts") if palette["kinds"]["task_failed"] in path.read_text()]


def test_items_run_down_and_on_in_the_next_block() -> None:
    grid = Grid({f"item-{n}": 3 - n % 2 for n in range(40)}, [])
    grid.states[:] = CellState.completed
    grid.states[grid.offsets[17]] = CellState.scoring_failed
    lines = marks(grid_html(grid))
    assert len(lines) == FEWEST_ROWS
    assert lines[0] == "■■■ ■■■ ■■■"
    assert lines[1] == "■■  /■  ■■"


@pytest.mark.parametrize(("items", "trials"), [(1_200, 1), (400, 3), (7, 400), (30_000, 3), (1, 5_000)])
def test_any_grid_is_small_and_keeps_its_failures(items: int, trials: int) -> None:
    grid = Grid({f"item-{n}": trials for n in range(items)}, [])
    grid.states[:] = np.resize([CellState.interrupted, CellState.never_run, CellState.queued], len(grid))
    grid.states[len(grid) // 2] = CellState.task_failed
    page = grid_html(grid)
    assert len(page.encode()) < 80_000
    assert "".join(marks(page)).count("×") == 1
    assert (cells_a_mark(grid) > 1) == (items * trials > MOST_MARKS)
    Tags(page)


def test_a_large_experiment_says_what_a_mark_is_and_is_not_read_in_a_hurry(store: Store) -> None:
    reading = reading_of(store, unstarted(store, "large", numbers(store, 1)).id)
    grid = Grid({f"item-{n}": 1 for n in range(30_000)}, [])
    grid.states[5] = CellState.task_failed  # of which nothing could be read
    page = picture.experiment_html(replace(reading, grid=grid), NOON, whole=False)
    assert "each mark the worst of 25 runs" in page
    assert len(page.encode()) < 100_000


def test_a_caption_says_newest_first_where_ids_tell_it(store: Store) -> None:
    reading = reading_of(store, evaluated(store))
    assert "newest first, one run each" in picture.experiment_html(reading, NOON)
    grid = Grid({"my-b": 2, "my-a": 2}, [])
    page = picture.experiment_html(replace(reading, grid=grid), NOON)
    assert "newest" not in page
    assert "items down, trials across" in page


@pytest.mark.parametrize(
    ("value", "said"), [(0.71234, "0.712"), (52602.08, "52,600"), (-1234.5, "-1,230"), (4.9e-6, "4.9e-06"), (None, "–")]
)
def test_figures_are_said_as_people_read_them(value: float | None, said: str) -> None:
    assert picture._figure(value) == said


def test_means_beyond_numbers_and_names_of_any_script(store: Store) -> None:
    def task(item: dict[str, Any]) -> dict[str, Any]:
        return {"output": 1.7e308}

    class Odd(BaseMetric):
        def score(self, output: float, **_: Any) -> ScoreResult:
            return ScoreResult(self.name, output)

    result = evaluate(numbers(store, 3), task, [Odd("جودة")], experiment_name="odd", verbose=0, store=store)
    page = picture.experiment_html(reading_of(store, result.experiment_id), NOON)
    assert "<bdi>جودة</bdi> <b>–</b> (n = 3)" in page, "a number after an Arabic name is not drawn before it"
    Tags(page)


def test_many_kinds_of_failures_are_counted(store: Store) -> None:
    def task(item: dict[str, Any]) -> dict[str, Any]:
        raise RuntimeError("x" * item["n"] + "<script>")

    result = evaluate(numbers(store, 12), task, experiment_name="kinds", verbose=0, store=store, breaker=None)
    page = picture.experiment_html(reading_of(store, result.experiment_id), NOON)
    assert page.count("<tr>") == picture.MOST_GROUPS + 2
    assert "and 4 more kinds" in page
    assert "script" not in Tags(page).names


def test_long_names_and_messages_are_cut(store: Store) -> None:
    page = picture.experiment_html(reading_of(store, evaluated(store, "n" * 900)), NOON)
    assert "n" * 300 not in page
    assert "n" * 299 + "…" in page


def test_the_list_is_a_table_of_bounded_length(store: Store) -> None:
    reading = reading_of(store, evaluated(store, "<i>sly</i>", items=2, broken=(1,)))
    rows = [(reading.experiment, reading), (reading.experiment, None)] * 100
    page = picture.list_html("local store", rows, 200, NOON)
    tags = Tags(page)
    assert tags.names.count("tr") == picture.MAX_ROWS + 1
    assert "i" not in tags.names
    assert "1 / 2" in tags.text
    assert "unread" in tags.text


def test_an_empty_list(store: Store) -> None:
    page = picture.list_html("local store", [], 0, NOON)
    assert Tags(page).names.count("table") == 0
    assert "0 experiments" in page
