"""Answers to what is asked while one looks at a grid: why runs failed, scales, orders, a hovered cell, a search."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from opik_resume.base.records import CellState, Json
from opik_resume.experiment.grid import Grid
from opik_resume.experiment.reading import Reading
from opik_resume.notebook.background.elsewhere import live_states
from opik_resume.notebook.background.patience import Soon
from opik_resume.notebook.widget.looking.comparison import compared
from opik_resume.notebook.widget.looking.fields import FIELD, fields_of, grouped
from opik_resume.notebook.widget.looking.groups import groups_answer
from opik_resume.notebook.widget.looking.planes import Planes
from opik_resume.notebook.widget.requests import Answer, RequestRefused
from opik_resume.notebook.widget.selecting.rectangles import Rectangle, cells_of

MOST_FOUND = 10_000
LONGEST_LINE = 120
_MEANT = ("input", "question", "prompt", "query", "text", "instruction")
"""Where the text of an item is usually found."""
_POSITION = re.compile(r"(?:item )?([0-9][0-9,]{0,15})(?: · .*)?")
"""An item as it is called on screen: "item 1,234 · trial 2", or its number alone."""


class Sight:
    """All but facts may take long: None then, and the same question has the answer when ``soon`` has told so.

    ``turn`` tells readings of one experiment apart.
    """

    def __init__(self, soon: Soon) -> None:
        self._soon = soon
        self._planes: Planes | None = None  # of the grid that was looked at last
        self._beside: Planes | None = None  # of the one that it was compared with last
        self._fields: tuple[Hashable, list[str]] = (None, [])  # of the items that were looked at last

    def groups(self, reading: Reading, turn: int) -> Answer:
        """See ``groups_answer``."""
        return self._ask(
            ("groups", reading.experiment.id, turn), lambda: groups_answer(reading.grid, live_states(reading))
        )

    def scales(self, reading: Reading, turn: int) -> Answer:
        """The scores that there are, what else cells can be coloured by, and the fields that group items."""

        def scales() -> Answer:
            planes = self._of(reading.grid)
            return {**planes.scales(), "measures": planes.measures(), "fields": self._fields_of(reading)}, []

        return self._ask(("view", "scales", reading.experiment.id, turn), scales)

    def selected(self, reading: Reading, turn: int, runs: tuple[Rectangle, ...]) -> Answer:
        """The scores of these runs: see ``Planes``."""

        def scales() -> Answer:
            cells = cells_of(runs, reading.grid)
            planes = self._planes
            if planes is None or planes.grid is not reading.grid:
                few = 2 * len(cells) < len(reading.grid)  # they are read sooner than all, which are then there for more
                planes = Planes.of(reading.grid, cells) if few else self._of(reading.grid)
            return planes.scales(cells), []

        return self._ask(("view", "select", reading.experiment.id, turn, runs), scales)

    def plane(self, reading: Reading, turn: int, by: str) -> Answer:
        """See ``Planes``."""
        return self._ask(("view", "plane", by, reading.experiment.id, turn), lambda: self._of(reading.grid).plane(by))

    def order(self, reading: Reading, turn: int, by: str) -> Answer:
        """See ``Planes``, and ``grouped`` of a field."""

        def order() -> Answer:
            return grouped(reading.items, by) if by.startswith(FIELD) else self._of(reading.grid).order(by)

        return self._ask(("view", "order", by, reading.experiment.id, turn), order)

    def find(self, reading: Reading, turn: int, text: str) -> Answer:
        """The items whose id or content has this text in it, by their places; before them the one that has this number."""
        return self._ask(("view", "find", text, reading.experiment.id, turn), lambda: _found(reading, text))

    def compare(self, reading: Reading, turn: int, other: Reading, other_turn: int, by: str) -> Answer:
        """See ``compared``."""
        key = ("view", "compare", by, reading.experiment.id, turn, other.experiment.id, other_turn)
        return self._ask(key, lambda: compared(self._of(reading.grid), self._of_other(other.grid), by))

    def _fields_of(self, reading: Reading) -> list[str]:
        """They are those of a version, which stays: looked at once."""
        key, fields = self._fields
        now = (reading.experiment.id, len(reading.items))
        if key != now:
            fields = fields_of(reading.items)
            self._fields = now, fields
        return fields

    def _of_other(self, grid: Grid) -> Planes:
        planes = self._beside
        if planes is None or planes.grid is not grid:
            self._beside = planes = Planes.of(grid)
        return planes

    def _of(self, grid: Grid) -> Planes:
        planes = self._planes
        if planes is None or planes.grid is not grid:
            self._planes = planes = Planes.of(grid)
        return planes

    def _ask(self, key: Hashable, call: Callable[[], Answer]) -> Answer:
        return self._soon.ask(key, call) or (None, [])


def facts(reading: Reading, cell: int) -> Json:
    """A few words on one cell, without what is large."""
    grid = reading.grid
    if cell >= len(grid):
        raise RequestRefused(f"{reading.experiment.name} has no cell {cell}.")
    key, attempt = grid.key(cell), grid.attempts[cell]
    item = reading.items.get(key.item_id)
    seconds = float(grid.columns.seconds[grid.filled[cell]]) if attempt is not None else None
    scores = attempt.scores if attempt is not None else ()
    return {
        "cell": cell,
        "state": CellState(grid.states[cell]).name,
        "item": first_line(item.data) if item is not None else "",
        "error": attempt.error.exception_type if attempt is not None and attempt.error is not None else None,
        "scores": [{"name": score.name, "value": score.value if score.finite else None} for score in scores],
        "seconds": seconds if seconds == seconds else None,  # noqa: PLR0124  # not NaN
        "cost": attempt.cost if attempt is not None else None,
        "tokens": attempt.tokens if attempt is not None else None,
    }


def first_line(data: Json) -> str:
    """The beginning of what an item asks."""
    texts = {key.lower(): value for key, value in data.items() if isinstance(value, str) and value.strip()}
    text = next((texts[key] for key in _MEANT if key in texts), next(iter(texts.values()), None))
    if text is None:
        text = json.dumps(data, ensure_ascii=False, default=str) if data else ""
    line = text.strip().partition("\n")[0]
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"


def _found(reading: Reading, text: str) -> Answer:
    wanted = text.strip().casefold()
    named = _POSITION.fullmatch(wanted)
    own = int(named[1].replace(",", "")) if named else -1
    places = [own] if 0 <= own < len(reading.items) else []
    for place, item in enumerate(reading.items.each() if wanted else ()):
        if place != own and (wanted in item.id.casefold() or _has(item.data, wanted)):
            places.append(place)
    shown = np.array(places[:MOST_FOUND], dtype="<u4")
    return {"text": text, "total": len(places)}, [shown.tobytes()]


def _has(value: Any, wanted: str) -> bool:
    """Whether a text in it, or a number as it is written, has the wanted one in it; keys do not count."""
    if isinstance(value, dict):
        return any(_has(each, wanted) for each in value.values())
    if isinstance(value, list):
        return any(_has(each, wanted) for each in value)
    return value is not None and wanted in str(value).casefold()
