"""What is asked by who looks: at a cell, at why runs failed, at scores, at another experiment beside this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opik_resume.base.records import Json
from opik_resume.experiment.reading import Reading
from opik_resume.notebook.widget.known import Known
from opik_resume.notebook.widget.looking.comparison import comparable, counterpart
from opik_resume.notebook.widget.looking.inspection import Inspection
from opik_resume.notebook.widget.looking.sight import Sight, facts
from opik_resume.notebook.widget.requests import Answer, number, text

StateOf = Callable[[str, int], int | None]
Scored = Callable[[Reading, list[Json]], None]


class Looking:
    """Answers them by their names in ``methods``: see ``docs/protocol.md``.

    Args:
        known, sight, inspection: what the answers are made of.
        state_of: the state of a cell of an experiment, as the view shows it by now.
        scored: told the means of all scores when they were read.
    """

    def __init__(self, known: Known, sight: Sight, inspection: Inspection, state_of: StateOf, scored: Scored) -> None:
        self._known = known
        self._sight = sight
        self._inspection = inspection
        self._state_of = state_of
        self._scored = scored

    @property
    def methods(self) -> Mapping[str, Callable[[Json], Answer]]:
        sight, shown, turn = self._sight, self._known.shown, self._known.turn
        return {
            "cell": self._cell,
            "details": lambda params: (self._inspection.details(shown(params), number(params, "cell")), []),
            "facts": lambda params: (facts(shown(params), number(params, "cell")), []),
            "keep": lambda params: (self._inspection.keep(shown(params), number(params, "cell")), []),
            "groups": lambda params: sight.groups(*turn(params)),
            "scales": self._scales,
            "plane": lambda params: sight.plane(*turn(params), text(params, "by")),
            "order": lambda params: sight.order(*turn(params), text(params, "by")),
            "find": lambda params: sight.find(*turn(params), text(params, "text")),
            "compare": self._compare,
            "beside": self._beside,
        }

    def _cell(self, params: Json) -> Answer:
        reading, cell = self._known.shown(params), number(params, "cell")
        return self._inspection.cell(reading, cell, self._state_of(reading.experiment.id, cell)), []

    def _scales(self, params: Json) -> Answer:
        reading, turn = self._known.turn(params)
        scales, buffers = self._sight.scales(reading, turn)
        if scales is not None:
            self._scored(reading, scales["scales"])
        return scales, buffers

    def _compare(self, params: Json) -> Answer:
        other = self._other(params)
        if other is None:
            return None, []
        return self._sight.compare(*self._known.turn(params), other, self._known.turn_of(other), text(params, "by"))

    def _beside(self, params: Json) -> Answer:
        other = self._other(params)
        if other is None:
            return None, []
        cell = counterpart(self._known.shown(params).grid, number(params, "cell"), other.grid)
        run = None if cell is None else self._inspection.cell(other, cell, None)
        return (None if cell is not None and run is None else {"run": run}), []

    def _other(self, params: Json) -> Reading | None:
        """The experiment that this one is compared with, if it is known within moments."""
        other = self._known.reading(text(params, "other"))
        if other is not None:
            comparable(self._known.shown(params).experiment, other.experiment)
        return other
