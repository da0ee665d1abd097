"""The static picture: bounded, escaped, with counts."""

from __future__ import annotations

from html.parser import HTMLParser

from opik_resume.base.records import CellState
from opik_resume.notebook.widget import picture
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


def test_an_experiment_as_blocks_with_a_legend(store: Store) -> None:
    page = picture.experiment_html(reading_of(store, evaluated(store, items=8, broken=(1, 3))), NOON)
    tags = Tags(page)
    text = " ".join(tags.text)
    assert "6 completed" in text
    assert "2 task failed" in text
    assert "2026-01-01 12:00:00 UTC" in text
    assert picture.COLOURS[CellState.task_failed] in page


def test_a_large_experiment_stays_small_and_keeps_its_failures(store: Store) -> None:
    reading = reading_of(store, unstarted(store, "large", numbers(store, 1)).id)
    reading.grid.states = reading.grid.states.repeat(100_000)
    reading.grid.states[::2] = CellState.completed
    reading.grid.states[77_777] = CellState.task_failed
    page = picture.experiment_html(reading, NOON)
    assert len(page) < 5_000
    assert page.count(picture.COLOURS[CellState.task_failed]) == 2  # one block, one in the legend


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
