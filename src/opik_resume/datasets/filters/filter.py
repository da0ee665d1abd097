"""What a filter is: conditions that must all hold for an item."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from opik_resume.base.records import Item
from opik_resume.datasets.filters.language import Condition
from opik_resume.datasets.filters.matching import KEPT, holds
from opik_resume.exceptions import FilterError


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
