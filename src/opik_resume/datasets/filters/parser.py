"""String → :class:`Filter`, with errors that point at the place. A reader moves over the string once, left to right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NoReturn

from opik_resume.datasets.filters.filter import Filter
from opik_resume.datasets.filters.language import COLUMNS, OPERATORS, WITHOUT_VALUE, Condition
from opik_resume.exceptions import FilterError

# What the server reads as a time: java.time.Instant, a day, a time with seconds, and a zone.
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")


def parse(text: Any, argument: str = "dataset_filter_string") -> Filter:
    """Read a filter string. The empty string matches everything.

    Args:
        text: the string.
        argument: the name of the user's argument, for messages.

    Raises:
        FilterError: it cannot be read; ``position`` and the message say where, and what was expected.
    """
    if not isinstance(text, str):
        raise FilterError(f"{argument} must be a string like 'data.category = \"odd\"', got {type(text).__name__}")
    reader = _Reader(text, argument)
    conditions: list[Condition] = []
    while text and (not conditions or reader.goes_on()):
        conditions.append(reader.condition())
    return Filter(tuple(conditions), text)


class _Reader:
    """A place in a string. Characters are told apart as ``opik`` does, by the methods of ``str``."""

    def __init__(self, text: str, argument: str) -> None:
        self._text = text
        self._argument = argument
        self._at = 0

    def goes_on(self) -> bool:
        """Whether another condition follows, reading over its ``and``."""
        start = self._skip_space()
        if start == len(self._text):
            return False
        word = self._take(str.isalpha)
        if word.lower() == "or":
            self._fail("'or' is not supported: conditions can only be joined by 'and'", start)
        if word.lower() != "and":
            self._fail("expected 'and' or the end", start)
        return True

    def condition(self) -> Condition:
        """One condition, checked."""
        start = self._skip_space()
        name = self._take(_of_name)
        if name not in COLUMNS:
            self._fail(_unknown_field(name), start)
        key = self._key(name)
        operator = self._operator(name)
        value_at = self._skip_space()
        value = "" if operator in WITHOUT_VALUE else self._value()
        problem = None if operator in WITHOUT_VALUE else _wrong_value(name, value)
        if problem:
            self._fail(problem, value_at)
        return Condition(name, key, operator, value, start)

    def _key(self, name: str) -> str:
        start = self._at
        if self._next() != ".":
            if name == "data":
                self._fail("expected a key after data, as in data.category", start)
            return ""
        if name != "data":
            self._fail(f"only data has keys, {name} has none", start)
        self._at += 1
        key = self._quoted("key") if self._next() in ("'", '"') else self._plain_key()
        if not key.strip():
            self._fail("expected a key after data., as in data.category", start + 1)
        return key

    def _plain_key(self) -> str:
        start = self._at
        key = self._take(_of_name)
        if key and not (self._next() + " ")[0].isspace() and self._next() not in "=<>!":
            rest = self._take(lambda char: not char.isspace() and char not in '=<>!"')
            self._fail(_unquoted_key(key + rest), start)
        return key

    def _operator(self, name: str) -> str:
        start = self._skip_space()
        if self._next() in ("=", "<", ">"):
            length = 2 if self._text[start : start + 2] in ("<=", ">=") else 1
            self._at += length
        else:
            self._take(lambda char: not char.isspace())
        operator = self._text[start : self._at]
        known = OPERATORS[COLUMNS[name]]
        if operator not in known:
            self._fail(_unknown_operator(name, operator, known), start)
        return operator

    def _value(self) -> str:
        start = self._at
        if self._next() == '"':
            return self._quoted("text")
        if self._next() != "-" and not self._next().isdigit():
            self._fail("expected a value: a number, or text in double quotes", start)
        self._at += self._next() == "-"
        whole = self._take(str.isdigit)
        if whole and self._next() == ".":
            self._at += 1
            whole = self._take(str.isdigit)
        if not whole:
            self._fail("expected a digit", self._at)
        return self._text[start : self._at]

    def _quoted(self, what: str) -> str:
        start, quote = self._at, self._next()
        end = self._text.find(quote, start + 1)
        while end >= 0 and self._text[end + 1 : end + 2] == quote:  # a doubled quote is one of the text
            end = self._text.find(quote, end + 2)
        if end < 0:
            self._fail(f"expected {quote} at the end of the {what} that begins here", start)
        self._at = end + 1
        return self._text[start + 1 : end].replace(quote * 2, quote)

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, wanted: Callable[[str], bool]) -> str:
        start = self._at
        while self._at < len(self._text) and wanted(self._text[self._at]):
            self._at += 1
        return self._text[start : self._at]

    def _skip_space(self) -> int:
        self._take(str.isspace)
        return self._at

    def _fail(self, problem: str, position: int) -> NoReturn:
        raise FilterError.at(f"{self._argument}: {problem}", self._text, position)


def _of_name(char: str) -> bool:
    return char.isalnum() or char == "_"


def _wrong_value(name: str, value: str) -> str | None:
    if COLUMNS[name] == "date_time":
        return None if _is_instant(value) else 'expected a time with its zone, as in "2026-01-31T12:00:00Z"'
    if COLUMNS[name] != "map" and not value.strip():
        return f"expected a value that is not blank: {name} is compared with it"
    return None


def _is_instant(text: str) -> bool:
    if not _INSTANT.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _unknown_field(name: str) -> str:
    fields = f"The fields are {', '.join(COLUMNS)}"
    if not name:
        return f"expected a field. {fields}; a key of the data is data.category"
    name = name[:40]
    if near := _near(name, COLUMNS):
        return f"there is no field {name!r}. Did you mean {near}?"
    return f"there is no field {name!r}. {fields}; a key of the data is data.{name}"


def _unquoted_key(key: str) -> str:
    problem = f'a key with other characters than letters, digits and _ is quoted: data."{key:.40}"'
    return f"{problem} (the key of that name: filters do not look inside a value)" if "." in key else problem


def _unknown_operator(name: str, operator: str, known: tuple[str, ...]) -> str:
    expected = f"{name} takes {', '.join(known)}"
    if not operator:
        return f"expected an operator: {expected}"
    if operator.startswith("!=") and "!=" in known:
        return "expected a space after !="
    operator = operator[:40]
    if near := _near(operator, known):
        return f"{operator!r} is no operator here. Did you mean {near}? {expected}"
    return f"{operator!r} is no operator here: {expected}"


def _near(asked: str, names: Iterable[str]) -> str:
    return " or ".join(difflib.get_close_matches(asked.lower(), list(names), n=2, cutoff=0.6))
