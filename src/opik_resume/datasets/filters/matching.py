"""Whether one condition holds for one item, as the server decides it.

Source: the server's ``FilterQueryBuilder`` (operator → SQL) and ``DatasetItemResultMapper.getOrDefault`` (how data is kept),
read in the public repository. Text is compared without regard to case. ``data`` is one level deep there: each value is kept
as JSON text, and ``data."a.b"`` is the key ``a.b``, not ``b`` inside ``a``. So

- a string is compared as itself, anything else as compact JSON: ``5``, ``5.0``, ``true``, ``null``, ``["a",1]``;
- a key that is not there has the text ``""``: only ``!=``, ``not_contains``, and a comparison with ``""``, hold for it;
- ``tags =`` asks for a tag, whole and with regard to case; ``tags contains`` for a part of one, without.

Four accidents of that SQL are not copied, where the words of the language say otherwise: in ``contains``, ``%`` and ``_`` are
wildcards there and a string's quotes and escapes are part of its text; ``=``, ``starts_with`` and ``ends_with`` skip quotes and
know the case of ASCII letters only; and values for ``data``, ``tags`` and times are URL-decoded once more (``+`` is a space).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from opik_resume.base.records import Item
from opik_resume.base.text.jsontext import clean, to_json
from opik_resume.datasets.filters.language import Condition

_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda found, wanted: bool(found == wanted),
    "!=": lambda found, wanted: bool(found != wanted),
    ">": lambda found, wanted: bool(found > wanted),
    ">=": lambda found, wanted: bool(found >= wanted),
    "<": lambda found, wanted: bool(found < wanted),
    "<=": lambda found, wanted: bool(found <= wanted),
    "contains": lambda found, wanted: wanted in found,
    "not_contains": lambda found, wanted: wanted not in found,
    "starts_with": lambda found, wanted: found.startswith(wanted),
    "ends_with": lambda found, wanted: found.endswith(wanted),
}
_LISTED: dict[str, Callable[[Sequence[str], str], bool]] = {
    "=": lambda found, wanted: wanted in found,
    "!=": lambda found, wanted: wanted not in found,
    "contains": lambda found, wanted: any(wanted.lower() in each.lower() for each in found),
    "not_contains": lambda found, wanted: all(wanted.lower() not in each.lower() for each in found),
    "is_empty": lambda found, _: not found,
    "is_not_empty": lambda found, _: bool(found),
}


def holds(condition: Condition, item: Item) -> bool:
    """Whether the condition holds for the item."""
    if condition.type == "list":
        return _LISTED[condition.operator](getattr(item.facts, condition.field), clean(condition.value))
    compare = _COMPARED[condition.operator]
    if condition.type == "date_time":
        found: datetime | None = getattr(item.facts, condition.field)
        return found is not None and compare(found, datetime.fromisoformat(condition.value))
    return compare(_found(condition, item).lower(), clean(condition.value).lower())


def _found(condition: Condition, item: Item) -> str:
    if condition.field == "id":
        return item.id
    if condition.field == "data":
        key = clean(condition.key)  # as every text of an item is
        return _text(item.data[key]) if key in item.data else ""
    if condition.field != "full_data":
        return str(getattr(item.facts, condition.field))
    # The server's text of its whole map, with our text of the values.
    return "{" + ",".join(f"'{key}':'{_text(value)}'" for key, value in item.data.items()) + "}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else to_json(value)
