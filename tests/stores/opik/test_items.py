"""Items as pages of a list came: the same whether one, some or all of them are looked at, in whatever order."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opik_resume.base.columns.ids import Ids
from opik_resume.base.records import Json
from opik_resume.base.text.jsontext import loads
from opik_resume.stores.opik import wire
from opik_resume.stores.opik.items import Listing, Page, read_page

# Numpy's texts end before the NULs at their end: ids do not have any there.
TEXTS = st.text(st.characters(exclude_categories=()), max_size=4).filter(lambda text: not text.endswith("\0"))
POLICIES = st.one_of(
    st.just({}), st.builds(lambda runs: {"execution_policy": {"runs_per_item": runs}}, st.integers(1, 9))
)


@st.composite
def listings(draw: st.DrawFn) -> list[list[Json]]:
    """Pages of rows, newest first or, where some were added meanwhile, with rows of the page before."""
    number = draw(st.integers(0, 60))
    ids = [f"{n:03}" for n in reversed(range(number))]
    rows = [{"id": id_, "data": {"n": n, "big": 2**70}, **draw(POLICIES)} for n, id_ in enumerate(ids)]
    size, again = draw(st.integers(1, 50)), draw(st.integers(0, 3))
    return [rows[max(0, start - again) : start + size] for start in range(0, len(rows), size)]


def page(rows: list[Json]) -> Page:
    read = read_page(json.dumps({"page": 1, "total": 70, "content": rows}).encode())
    assert (read.total, read.number) == (70, len(rows))
    return read.made


@settings(max_examples=30)
@given(listings(), st.data())
def test_items_are_those_of_their_rows(pages: list[list[Json]], data: st.DataObject) -> None:
    expected = {row["id"]: wire.item(row) for rows in pages for row in rows}
    ids = sorted(expected, reverse=True)
    listing = Listing([page(rows) for rows in pages])
    items = listing.by_id
    assert list(items) == ids
    assert items.own_runs.tolist() == [expected[id_].runs_per_item or 0 for id_ in ids]
    if data.draw(st.booleans()):
        assert listing.items == [expected[id_] for id_ in ids]
    for wanted in data.draw(st.lists(st.lists(st.sampled_from(ids), unique=True), max_size=4)) if ids else ():
        assert list(items.some(wanted).items()) == [(id_, expected[id_]) for id_ in wanted]
    assert [items[id_] for id_ in ids] == [expected[id_] for id_ in ids]
    assert listing.items == [expected[id_] for id_ in ids]


@pytest.mark.parametrize(
    "odd",
    [
        '"\\ud83d"',
        '{"\\udc00": 1}',
        "NaN",
        "[-Infinity]",
        "1e400",
        "1" * 400,
        "[" * 900 + "]" * 900,
        '"\\ud83d\\ude00"',
    ],
)
def test_ids_are_read_whatever_is_in_the_items(odd: str) -> None:
    text = f'{{"content": [{{"id": "b", "data": {{"n": {odd}}}}}, {{"data": {{}}, "id": "a"}}], "total": 2}}'
    listing = Listing([read_page(text.encode()).made])
    assert list(listing.by_id) == ["b", "a"]
    assert repr(listing.items[0].data) == repr(loads(text.encode())["content"][0]["data"])


@pytest.mark.parametrize("text", ["", "<html>", "[]", '{"content": []}', '{"content": [{"data": {}}], "total": 1}'])
def test_what_is_no_page_of_items_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_page(text.encode())


@example(["a\0b", "c"])
@given(st.lists(TEXTS))
def test_ids_are_the_texts_that_they_were(ids: list[str]) -> None:
    assert list(Ids.of(ids)) == ids
    assert list(Ids.of(iter(ids))) == ids
