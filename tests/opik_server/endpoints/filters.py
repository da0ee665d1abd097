"""The filter elements that requests carry, evaluated: AND only, text compared without case, as the server does."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tests.opik_server.serving.wire import Row, coded, instant, unreadable

Compare = Callable[[str, str], bool]

_TEXT: dict[str, Compare] = {
    "=": operator.eq,
    "!=": operator.ne,
    "contains": lambda value, wanted: wanted in value,
    "not_contains": lambda value, wanted: wanted not in value,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}
_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
OPERATORS = {*_TEXT, *_ORDER, "is_empty", "is_not_empty", "in", "not_in"}
_NUMBERS = {"duration", "total_estimated_cost", "total_estimated_cost_avg", "span_count", "trace_count", "ttft"}
_TIMES = {"start_time", "end_time", "created_at", "last_updated_at"}
_SCORES = {"feedback_scores", "span_feedback_scores", "experiment_scores"}


def elements(given: str | list[Row] | None, fields: Iterable[str]) -> list[Row]:
    """The elements of a ``filters`` parameter, a JSON string in queries and a list in bodies."""
    try:
        found = json.loads(given) if isinstance(given, str) and given else given or []
        known = all(
            element["field"].split(".")[0] in set(fields) and element["operator"] in OPERATORS for element in found
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        known = False
    if not known:
        raise (
            coded(400, f"Invalid filters query parameter '{given}'")
            if isinstance(given, str)
            else unreadable(str(given))
        )
    return list(found)


def matches(row: Row, wanted: Sequence[Row]) -> bool:
    return all(_matches(row, element) for element in wanted)


def _matches(row: Row, element: Row) -> bool:
    name, _, rest = element["field"].partition(".")  # data.key and usage.total_tokens: the key within the field
    key, wanted = element.get("key") or rest, str(element.get("value") or "")
    op: str = element["operator"]
    value = _value(row, name, key)
    if op in {"is_empty", "is_not_empty"}:
        return (value in (None, "", [], {})) == (op == "is_empty")
    if value is None:
        return op in {"!=", "not_contains", "not_in"}
    if name in _TIMES:
        return bool(_ORDER[op](instant(value), instant(wanted)))
    if name in _NUMBERS | _SCORES | {"usage"}:
        return bool(_ORDER[op](float(value), float(wanted)))
    if op in {"in", "not_in"}:
        return (_text(value) in {part.strip().casefold() for part in wanted.split(",")}) == (op == "in")
    if op in {">", ">=", "<", "<="}:
        return _numbers(op, value, wanted)
    if isinstance(value, list) and name not in {"data", "input", "output", "metadata"}:
        found = any(wanted.casefold() in _text(part) for part in value)
        return found == (op in {"contains", "="})
    return _TEXT[op](_text(value), wanted.casefold())


def _value(row: Row, name: str, key: str) -> Any:
    value = row.get("data" if name == "full_data" else name)
    if name in _SCORES:
        return next((score["value"] for score in value or [] if score["name"] == key), None)
    if name == "experiment_id":
        return (row.get("experiment") or {}).get("id")
    for part in key.split(".") if key else []:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).casefold()


def _numbers(op: str, value: Any, wanted: str) -> bool:
    try:
        return bool(_ORDER[op](float(value), float(wanted)))
    except (TypeError, ValueError):
        return False
