"""One cell looked at closely: what its attempt left behind, and what a server knows of the run."""

from __future__ import annotations

import copy

from opik_resume.base.records import Attempt, Json
from opik_resume.experiment.reading import Reading
from opik_resume.notebook.background.patience import Soon
from opik_resume.notebook.namespace.cells import put
from opik_resume.notebook.widget.looking.details import details_json
from opik_resume.notebook.widget.looking.payload import cell_json
from opik_resume.notebook.widget.requests import RequestRefused
from opik_resume.stores.protocol import Store


class Inspection:
    """Looks at cells of one store. Both answers are None when they come later: the same question has them then.

    ``soon`` is None for a store that answers at once.
    """

    def __init__(self, store: Store, soon: Soon | None) -> None:
        self._store = store
        self._soon = soon

    def cell(self, reading: Reading, cell: int, shown: int | None) -> Json | None:
        """The Cell of ``docs/protocol.md``. ``shown``: its state byte on show, if any."""
        light = _light(reading, cell)
        attempt = self._attempt(light) if light is not None else None
        return cell_json(reading, cell, attempt, shown) if attempt is not None or light is None else None

    def details(self, reading: Reading, cell: int) -> Json | None:
        """The Details, or null, as ``details``."""
        light = _light(reading, cell)
        if light is None or self._soon is None:
            return {"details": None}
        found = self._soon.ask(("details", repr(light)), lambda: (self._store.details(light.id),))
        return found and {"details": found[0] and details_json(found[0])}

    def keep(self, reading: Reading, cell: int) -> Json:
        """Put the item in the notebook as a task receives it, and say under which name."""
        _light(reading, cell)
        item_id = reading.grid.key(cell).item_id
        item = reading.items.get(item_id)
        if item is None:
            raise RequestRefused("The dataset does not have this item any more.")
        name = put(f"item_{reading.grid.item_ids.index(item_id)}", copy.deepcopy(item.content))
        if name is None:
            raise RequestRefused("There is no notebook to put it in.")
        return {"name": name}

    def _attempt(self, light: Attempt) -> Attempt | None:
        try:
            if self._soon is None:
                return self._store.attempt(light.id)
            return self._soon.ask(("cell", repr(light)), lambda: self._store.attempt(light.id))
        except KeyError as error:
            raise RequestRefused("This run is not there any more: somebody has deleted it.") from error


def _light(reading: Reading, cell: int) -> Attempt | None:
    if cell >= len(reading.grid):
        raise RequestRefused(f"{reading.experiment.name} has no cell {cell}.")
    return reading.grid.attempts[cell]
