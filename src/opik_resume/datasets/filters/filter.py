"""What a filter is: conditions that must all hold for an item."""

from __future__ import annotations

import dataclasses

from opik_resume.base.records import Item
from opik_resume.datasets.filters.language import Condition
from opik_resume.datasets.filters.matching import holds


@dataclasses.dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that must all hold; without any, every item matches. ``text`` is the string it was read from."""

    conditions: tuple[Condition, ...] = ()
    text: str = dataclasses.field(default="", compare=False)

    def matches(self, item: Item) -> bool:
        """Whether the item satisfies every condition."""
        return all(holds(condition, item) for condition in self.conditions)

    def to_elements(self) -> list[dict[str, str]]:
        """The list that the server takes, as JSON text, for ``filters``."""
        return [condition.to_element() for condition in self.conditions]

    def __str__(self) -> str:
        return " and ".join(map(str, self.conditions))
