"""What a filter is: conditions that must all hold, each over one field of an item."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from opik_resume.exceptions import FilterError
from opik_resume.filters.matching import KEPT, holds
from opik_resume.records import Item

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


@dataclasses.dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that must all hold; without any, every item matches. ``text`` is the string it was read from."""

    conditions: tuple[Condition, ...] = ()
    text: str = dataclasses.field(default="", compare=False)

    def matches(
        self, item: Item, *, created_at: datetime | None = None, last_updated_at: datetime | None = None
    ) -> bool:
        """Whether the item satisfies every condition.

        Args:
            item: the item.
            created_at: when it was made, aware, if the store keeps that.
            last_updated_at: when it was last changed, aware, if the store keeps that.

        Raises:
            FilterError: a condition is over something that the store does not keep, whatever the others say.
        """
        times = {"created_at": created_at, "last_updated_at": last_updated_at}
        self._require([*KEPT, *(name for name, time in times.items() if time is not None)])
        return all(holds(condition, item, times) for condition in self.conditions)

    def to_elements(self) -> list[dict[str, str]]:
        """The list that the server takes, as JSON text, for ``filters``."""
        return [condition.to_element() for condition in self.conditions]

    def __str__(self) -> str:
        return " and ".join(map(str, self.conditions))

    def _require(self, kept: list[str]) -> None:
        for condition in self.conditions:
            if condition.field not in kept:
                raise FilterError.at(
                    f"{condition.field!r} cannot be asked for: this store does not keep it for items. "
                    f"It keeps {', '.join(kept)}.",
                    self.text or str(condition),
                    condition.position if self.text else 0,
                )


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
