"""Our filter language beside the ``opik`` package's: the same strings, the same elements."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opik_resume.datasets.filters import parse
from opik_resume.datasets.filters.language import COLUMNS, OPERATORS, WITHOUT_VALUE
from opik_resume.exceptions import FilterError
from tests.datasets.test_filters import REFUSED, SENT
from tests.opik_peer import OpikQueryLanguage

Elements = list[dict[str, str]]

OPERATOR_WORDS = sorted({name for names in OPERATORS.values() for name in names})
KEYED = ["data.x", "data.", 'data."a b"', "data.'a''b'", 'data.""']
VALUED = ["5", "-", "5.5", "5.", "²", "é", '"a"', '"a ""b"""', '""', '" "', '"2026-01-01T00:00:00Z"', '"2026"']
MARKS = ["other", ".", '"', "'", " ", "\t", "and", "AND", "or", "(", "!"]
PIECES = st.sampled_from([*COLUMNS, *OPERATOR_WORDS, *KEYED, *VALUED, *MARKS])
SPACED = st.lists(PIECES, max_size=10).map(" ".join)
JOINED = st.lists(PIECES, max_size=10).map("".join)
FIELDS = st.sampled_from(["data.x", 'data."a.b"', "data.'c d'", *COLUMNS])
WORDS = st.sampled_from(OPERATOR_WORDS)
VALUES = st.sampled_from(["1", "-1.5", '"a"', '""', '"2026-01-01T00:00:00.123456789+01:00"', '"2026-13-01T00:00:00Z"'])
LIKELY = st.lists(st.tuples(FIELDS, WORDS, VALUES).map(" ".join), min_size=1, max_size=3).map(" and ".join)


def theirs(text: str) -> Elements | None:
    """What opik makes of the string, None when it refuses it."""
    try:
        return OpikQueryLanguage.for_dataset_items(text).get_filter_expressions() or []
    except ValueError:
        return None


def ours(text: str) -> Elements | None:
    try:
        return parse(text).to_elements()
    except FilterError:
        return None


def server_takes(element: dict[str, str]) -> bool:
    """The server's own checks of an element (FiltersFactory), which the package leaves to it."""
    if element["field"] not in COLUMNS or element["operator"] in WITHOUT_VALUE:
        return element["field"] in COLUMNS
    if element["type"] == "date_time":
        return _is_instant(element["value"])
    return bool((element["key"] if element["type"] == "map" else element["value"]).strip())


def _is_instant(value: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", value, re.ASCII):
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


@pytest.mark.parametrize("text", SENT)
def test_the_table_of_what_is_sent_is_opiks(text: str) -> None:
    assert ours(text) == theirs(text)


@pytest.mark.parametrize("marked", REFUSED)
def test_what_is_refused_is_refused_by_opik_or_its_server(marked: str) -> None:
    elements = theirs(marked.replace("‸", ""))
    assert elements is None or not all(map(server_takes, elements))


@given(SPACED | JOINED | LIKELY | st.text())
@example("tags is_emptyand data.x = 1")
@example('data."x"contains "y"')
def test_the_same_strings_are_taken_and_mean_the_same(text: str) -> None:
    elements = theirs(text)
    assert ours(text) == (elements if elements is None or all(map(server_takes, elements)) else None)
