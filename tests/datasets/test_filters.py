"""Opik's filter language: what can be written, what it means, and how errors point at the place."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume.base.records import NO_FACTS, Item, ItemFacts
from opik_resume.datasets.filters import Condition, Filter, parse
from opik_resume.datasets.filters.language import COLUMNS, OPERATORS, WITHOUT_VALUE
from opik_resume.exceptions import ArgumentError, FilterError
from tests.strategies import JSON

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ITEM = Item(
    "01890000-0000-7000-8000-00000000000a",
    {
        "category": "Odd",
        "n": 5,
        "ratio": 5.0,
        "flag": True,
        "nothing": None,
        "words": ["red", "Blue"],
        "nested": {"a": {"b": "deep"}},
        "a.b": "dotted",
        "quote": 'she said "hi"',
        "empty": "",
        "path": "C:\\new_file 100%",
        "name": "Zoë",
    },
)

# What opik 2.2.122 sends for these strings: field, key, type, operator, value.
SENT = {
    'data.category = "odd"': [("data", "category", "map", "=", "odd")],
    'data.category="odd"': [("data", "category", "map", "=", "odd")],
    'data.x!= "a"': [("data", "x", "map", "!=", "a")],
    '  data.x   !=\t"a"  ': [("data", "x", "map", "!=", "a")],
    'data."a.b" contains "c"': [("data", "a.b", "map", "contains", "c")],
    "data.'it''s' = 1": [("data", "it's", "map", "=", "1")],
    'data."say ""hi""" starts_with "say ""hi"""': [("data", 'say "hi"', "map", "starts_with", 'say "hi"')],
    "data.n = -5.25": [("data", "n", "map", "=", "-5.25")],
    "data.n = 007and data.m != 8": [("data", "n", "map", "=", "007"), ("data", "m", "map", "!=", "8")],
    'data.x = ""': [("data", "x", "map", "=", "")],
    'data.x = "a"AND data.y = "b" and id > "c"': [
        ("data", "x", "map", "=", "a"),
        ("data", "y", "map", "=", "b"),
        ("id", "", "string", ">", "c"),
    ],
    'tags contains "x"': [("tags", "", "list", "contains", "x")],
    "tags is_empty": [("tags", "", "list", "is_empty", "")],
    'tags is_not_empty and source = "sdk"': [
        ("tags", "", "list", "is_not_empty", ""),
        ("source", "", "string", "=", "sdk"),
    ],
    'created_at >= "2026-01-01T00:00:00Z"': [("created_at", "", "date_time", ">=", "2026-01-01T00:00:00Z")],
    'full_data not_contains "größe"': [("full_data", "", "string", "not_contains", "größe")],
    'last_updated_by ends_with "@x.org"': [("last_updated_by", "", "string", "ends_with", "@x.org")],
    "": [],
}

# Where the error is, marked by ‸ in the string, and what is said.
REFUSED = {
    '‸category = "odd"': "no field 'category'.*data.category",
    '‸dat.category = "odd"': "no field 'dat'. Did you mean data",
    'data.x = 1 and ‸tag contains "x"': "Did you mean tags",
    'data.‸a.b = "x"': 'data."a.b" .*do not look inside',
    'data.‸user-id = "x"': 'is quoted: data."user-id"\n',
    'data‸ = "x"': "expected a key after data",
    "data.‸": "expected a key after data",
    'data.‸" " = 1': "expected a key after data",
    'data.‸"x = 1': 'expected " at the end of the key',
    "id‸.x = 1": "only data has keys",
    "data.x‸": "expected an operator: data takes =, !=, contains",
    'data.x ‸!="a"': "a space after !=",
    'data.x ‸CONTAINS "a"': "Did you mean contains",
    "data.x ‸> 5": "'>' is no operator here",
    "data.x ‸is_empty": "'is_empty' is no operator here",
    'data.x ‸in ("a", "b")': "'in' is no operator here",
    'created_at ‸contains "2026"': "created_at takes =, !=, >, >=",
    "data.x =‸": "expected a value",
    "data.x = ‸odd": "text in double quotes",
    "data.x = ‸'odd'": "text in double quotes",
    'data.x = ‸"odd': 'expected " at the end of the text',
    "data.x = -‸": "expected a digit",
    "data.x = -‸.5": "expected a digit",
    "data.x = 5.‸ ": "expected a digit",
    'data.x = "a" ‸or data.y = "b"': "'or' is not supported",
    'data.x = "a" ‸"b"': "expected 'and' or the end",
    "data.x = 5‸e3": "expected 'and' or the end",
    "data.x = 1 and‸": "expected a field",
    " ‸": "expected a field",
    'id = ‸" "': "not blank",
    'created_at > ‸"yesterday"': "expected a time with its zone",
    'created_at > ‸"2026-01-01T00:00:00"': "expected a time with its zone",
    'created_at > ‸"2026-02-30T00:00:00Z"': "expected a time with its zone",
    "created_at > ‸2026": "expected a time with its zone",
}


@pytest.mark.parametrize(("text", "elements"), SENT.items())
def test_the_server_is_sent_what_opik_sends(text: str, elements: list[tuple[str, ...]]) -> None:
    names = ("field", "key", "type", "operator", "value")
    assert parse(text).to_elements() == [dict(zip(names, element, strict=True)) for element in elements]


@pytest.mark.parametrize(("marked", "message"), REFUSED.items())
def test_errors_point_at_the_place(marked: str, message: str) -> None:
    text, position = marked.replace("‸", ""), marked.index("‸")
    with pytest.raises(FilterError, match=message) as caught:
        parse(text)
    assert caught.value.position == position
    _, line, caret = str(caught.value).split("\n")
    assert (line, caret) == (f"    {text}".replace("\t", " "), f"{' ' * (4 + position)}^")


def test_in_a_long_string_the_neighbourhood_is_shown() -> None:
    text = 'data.x = "' + "y" * 1000 + '"\n and id ~ 1 and data.z = "' + "z" * 1000 + '"'
    with pytest.raises(FilterError) as caught:
        parse(text)
    _, line, caret = str(caught.value).split("\n")
    assert len(line) < 120
    assert line[len(caret) - 1] == "~"


def test_errors_name_the_argument_and_survive_pickling() -> None:
    with pytest.raises(ArgumentError, match=r"^filter_string: expected") as caught:
        parse("data", argument="filter_string")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.position) == (str(caught.value), 4)


@pytest.mark.parametrize("text", [None, 5, b"data.x = 1", ["data.x = 1"]])
def test_what_is_no_string_is_refused(text: Any) -> None:
    with pytest.raises(FilterError, match="dataset_filter_string must be a string"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        # Text, without regard to case.
        ('data.category = "odd"', True),
        ('data.category != "ODD"', False),
        ('data.category = "od"', False),
        ('data.category contains "D"', True),
        ('data.category not_contains "dd"', False),
        ('data.category starts_with "oD"', True),
        ('data.category starts_with "dd"', False),
        ('data.category ends_with "DD"', True),
        ('data.name = "zOË"', True),
        # Anything else is its JSON text.
        ("data.n = 5", True),
        ('data.n = "5"', True),
        ("data.n = 5.0", False),
        ("data.ratio = 5.0", True),
        ("data.ratio = 5", False),
        ('data.flag = "true"', True),
        ('data.nothing = "null"', True),
        ('data.nothing = ""', False),
        ('data.words contains "blue"', True),
        ('data.words = "[""red"",""Blue""]"', True),
        ('data.nested contains "deep"', True),
        # Keys are those of the data itself, and their case matters.
        ('data."a.b" = "dotted"', True),
        ('data."nested.a" contains "deep"', False),
        ('data.Category = "odd"', False),
        # A key that is not there has the text "".
        ('data.other = "x"', False),
        ('data.other contains "x"', False),
        ('data.other != "x"', True),
        ('data.other not_contains "x"', True),
        ('data.other = ""', True),
        ('data.empty = ""', True),
        # No character of a value is special.
        ('data.quote = "she said ""hi"""', True),
        ('data.quote contains "said ""hi"', True),
        ('data.path contains "W_F"', True),
        ('data.path contains "w%f"', False),
        ('data.path ends_with "100%"', True),
        ('data.path contains "\\n"', True),
        # The whole data, and the id.
        ('full_data contains "she said ""hi"""', True),
        ('full_data contains "category"', True),
        ('full_data contains "green"', False),
        ('id = "01890000-0000-7000-8000-00000000000A"', True),
        ('id > "01890000"', True),
        ('id < "01890000"', False),
        # All must hold.
        ('data.n = 5 and data.category = "odd"', True),
        ('data.n = 5 and data.category = "even"', False),
        ('data.n = 6 and data.category = "odd"', False),
    ],
)
def test_matching(text: str, expected: bool) -> None:
    assert parse(text).matches(ITEM) is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("=", (False, True, False)),
        ("!=", (True, False, True)),
        (">", (False, False, True)),
        (">=", (False, True, True)),
        ("<", (True, False, False)),
        ("<=", (True, True, False)),
    ],
)
@pytest.mark.parametrize("name", ["created_at", "last_updated_at"])
def test_times_are_compared_as_times(name: Any, operator: str, expected: tuple[bool, ...]) -> None:
    wanted = parse(f'{name} {operator} "2026-01-01T13:00:00+01:00"')
    times = [NOON + timedelta(seconds=seconds) for seconds in (-1, 0, 1)]
    facts = [replace(NO_FACTS, created_at=time, last_updated_at=NOON) for time in times]
    if name == "last_updated_at":
        facts = [replace(NO_FACTS, last_updated_at=time, created_at=NOON) for time in times]
    items = [replace(ITEM, facts=each) for each in facts]
    assert tuple(map(wanted.matches, items)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A tag is asked for whole; a part of one, without regard to case, by contains.
        ('tags = "New"', True),
        ('tags = "new"', False),
        ('tags = "Ne"', False),
        ('tags != "New"', False),
        ('tags != "new"', True),
        ('tags contains "NE"', True),
        ('tags contains "wb"', False),
        ('tags not_contains "NE"', False),
        ('tags not_contains "old"', True),
        ("tags is_empty", False),
        ("tags is_not_empty", True),
        ('source = "SDK"', True),
        ('source != "sdk"', False),
        ('trace_id starts_with "ab"', True),
        ('span_id != "x"', True),
        ('span_id contains "x"', False),
        ('created_by ends_with "@X.org"', True),
        ('last_updated_by = "ann@x.org"', False),
        ('last_updated_by != "ann@x.org"', True),
        ('tags contains "new" and data.n = 5', True),
        ('tags contains "new" and data.n = 6', False),
    ],
)
def test_what_is_known_of_an_item_besides_its_content_can_be_asked_for(text: str, expected: bool) -> None:
    facts = ItemFacts(tags=("New", "bad"), trace_id="abc", created_by="ann@x.org")
    assert parse(text).matches(replace(ITEM, facts=facts)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('tags contains "x"', False),
        ('tags = "x"', False),
        ('tags not_contains "x"', True),
        ("tags is_empty", True),
        ("tags is_not_empty", False),
        ('data.tags contains "x"', True),
        ('created_at >= "2026-01-01T00:00:00Z"', False),
        ('created_at != "2026-01-01T00:00:00Z"', False),
    ],
)
def test_a_key_of_the_data_is_no_tag_and_what_is_not_known_is_no_time(text: str, expected: bool) -> None:
    assert parse(text).matches(Item("0", {"tags": ["x"]})) is expected


NAMES = st.sampled_from(["x", "_1", "größe", "a.b", "it's", '"']) | st.text(min_size=1).filter(str.strip)
TIMES = st.datetimes(timezones=st.just(UTC), min_value=NOON.replace(year=1000, tzinfo=None)).map(
    lambda time: f"{time:%Y-%m-%dT%H:%M:%SZ}"
)


@st.composite
def conditions(draw: st.DrawFn, fields: tuple[str, ...] = tuple(COLUMNS)) -> Condition:
    field = draw(st.sampled_from(fields))
    kind = COLUMNS[field]
    operator = draw(st.sampled_from(OPERATORS[kind]))
    values = {"date_time": TIMES, "map": st.text()}.get(kind, NAMES)
    value = "" if operator in WITHOUT_VALUE else draw(values)
    return Condition(field, draw(NAMES) if kind == "map" else "", operator, value)


KEPT = st.lists(conditions(("id", "data", "full_data")), max_size=4).map(tuple)


@given(st.lists(conditions(), max_size=4).map(tuple))
def test_what_is_printed_reads_as_the_same_filter(chosen: tuple[Condition, ...]) -> None:
    assert parse(str(Filter(chosen))) == Filter(chosen)


@given(KEPT, st.dictionaries(NAMES, JSON, min_size=1))
def test_a_filter_matches_when_each_of_its_conditions_does(chosen: tuple[Condition, ...], data: Any) -> None:
    item = Item("0", {**data, **{condition.key: condition.value for condition in chosen[:1] if condition.key}})
    assert Filter(chosen).matches(item) == all(Filter((condition,)).matches(item) for condition in chosen)


@given(conditions(("id", "data", "full_data")), st.dictionaries(NAMES, JSON, min_size=1))
def test_an_operator_and_its_opposite_divide_the_items(condition: Condition, data: Any) -> None:
    opposites = {"=": "!=", "!=": "=", "contains": "not_contains", "not_contains": "contains"}
    if condition.operator in opposites:
        opposite = Condition(condition.field, condition.key, opposites[condition.operator], condition.value)
        item = Item("0", data)
        assert Filter((condition,)).matches(item) != Filter((opposite,)).matches(item)


PIECES = st.sampled_from(
    [
        "data",
        ".",
        "x",
        '"',
        "'",
        "=",
        "!=",
        ">",
        "contains",
        "tags",
        "is_empty",
        " ",
        "and",
        "or",
        "5",
        "-",
        '"a"',
        "\n",
    ]
)


@given(st.text() | st.lists(PIECES, max_size=12).map("".join))
def test_any_string_is_a_filter_or_an_error_with_its_place(text: str) -> None:
    try:
        parsed: Filter | FilterError = parse(text)
    except FilterError as error:
        parsed = error
    if isinstance(parsed, FilterError):
        assert parsed.position is not None
        assert 0 <= parsed.position <= len(text)
        assert str(parsed).count("\n") == 2
