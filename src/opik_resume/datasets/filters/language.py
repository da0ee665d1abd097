"""The words of the filter language: fields, operators, and a condition over one field of an item."""

from __future__ import annotations

import dataclasses

# The columns of dataset items and their types, by the names that go over the wire.
COLUMNS = {
    "id": "string",
    "data": "map",
    "full_data": "string",
    "source": "string",
    "trace_id": "string",
    "span_id": "string",
    "tags": "list",
    "created_at": "date_time",
    "last_updated_at": "date_time",
    "created_by": "string",
    "last_updated_by": "string",
}
OPERATORS = {
    "string": ("=", "!=", "contains", "not_contains", "starts_with", "ends_with", ">", "<"),
    "map": ("=", "!=", "contains", "not_contains", "starts_with", "ends_with"),
    "list": ("=", "!=", "contains", "not_contains", "is_empty", "is_not_empty"),
    "date_time": ("=", "!=", ">", ">=", "<", "<="),
}
WITHOUT_VALUE = ("is_empty", "is_not_empty")


@dataclasses.dataclass(frozen=True, slots=True)
class Condition:
    """One condition: ``data.category = "odd"``. ``position`` is where it begins in the string it was read from."""

    field: str
    key: str
    operator: str
    value: str
    position: int = dataclasses.field(default=0, compare=False)

    @property
    def type(self) -> str:
        """The type of its field."""
        return COLUMNS[self.field]

    def to_element(self) -> dict[str, str]:
        """As the server takes it."""
        return {
            "field": self.field,
            "key": self.key,
            "type": self.type,
            "operator": self.operator,
            "value": self.value,
        }

    def __str__(self) -> str:
        name = f"{self.field}.{_quoted(self.key)}" if self.key else self.field
        return f"{name} {self.operator}" + ("" if self.operator in WITHOUT_VALUE else f" {_quoted(self.value)}")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
