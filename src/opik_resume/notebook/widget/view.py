"""The widget as Python sees it: which experiment it shows, which runs are selected, and what can be done with both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, SupportsIndex

import anywidget
import numpy as np
import traitlets

from opik_resume.base.process.doors import shielded
from opik_resume.evaluation import arguments
from opik_resume.evaluation.resume import warn_of_drift
from opik_resume.exceptions import ArgumentError
from opik_resume.experiment.planning import drift
from opik_resume.experiment.planning.choosing import Only
from opik_resume.experiment.planning.drift import OnDrift
from opik_resume.experiment.reading import find_experiment, read_experiment
from opik_resume.experiment.results.failed_runs import FailedRuns
from opik_resume.experiment.results.run_frame import run_frame
from opik_resume.lifecycle import settling
from opik_resume.lifecycle.registry import used_in_process
from opik_resume.lifecycle.wait import result_of
from opik_resume.notebook.background.rounds import start
from opik_resume.notebook.background.waiting import wait_for
from opik_resume.notebook.widget.looking.comparison import comparable, comparison_table
from opik_resume.notebook.widget.looking.planes import Planes
from opik_resume.notebook.widget.selecting import rectangles, selected
from opik_resume.notebook.widget.selecting.rectangles import Rectangle
from opik_resume.notebook.widget.selecting.selected import Selection

if TYPE_CHECKING:
    import pandas as pd

    from opik_resume.experiment.grid import Grid
    from opik_resume.experiment.planning.plan import ResumePlan
    from opik_resume.experiment.reading import Reading
    from opik_resume.experiment.results.evaluation_result import EvaluationResult
    from opik_resume.notebook.background.desk import Desk
    from opik_resume.notebook.background.readings import Readings
    from opik_resume.notebook.widget.finishing.offers import Offers
    from opik_resume.notebook.widget.known import Known
    from opik_resume.stores.protocol import Store


class View(anywidget.AnyWidget):
    """What ``browse()`` returns, without what it and the browser say to each other.

    Attributes:
        experiment: the id of the experiment on show, ``""`` as long as there is none. Set it to the name or id of another
            to show that one. It follows what is clicked: ``view.observe(handler, "experiment")``.
        selection: the runs that are selected, pairs of item id and trial (counted from 0), in the experiment's order. Set it
            to select, in pairs whose items are ids or positions in the experiment's order (from 0, as on screen); it follows
            what is selected in the widget. What ``only={"cells": …}`` takes.
        rectangles: the same, as the browser is told it.

    Both are traits: ``observe``, ``link`` and ``dlink`` work. A wrong value raises and changes nothing. Handlers are called
    on whichever thread the change came in on.
    """

    experiment = traitlets.TraitType[str, str]("")
    selection = traitlets.TraitType[Selection, Iterable[tuple[str | SupportsIndex, SupportsIndex]]](selected.NOTHING)
    rectangles = traitlets.TraitType[list[Rectangle], Iterable[Sequence[int]]]([]).tag(sync=True)

    _store: Store
    _offers: Offers
    _desk: Desk

    # Both ways

    @traitlets.validate("experiment")
    def _check_experiment(self, proposal: Any) -> str:
        value = proposal["value"]
        if value in (self.experiment, self._wanted):
            return str(value)
        if not isinstance(value, str) or not value:
            raise ArgumentError(f"experiment must be the name or id of one, got {value!r}")
        found = shielded(find_experiment)(value, self._store).id
        if found != self.experiment:
            self._known.reading(found)  # raises what there is to raise before anything changes
        return found

    @traitlets.observe("experiment")
    def _show_experiment(self, change: Any) -> None:
        if change["new"] != self._wanted:
            self.want(change["new"])

    @traitlets.validate("selection")
    def _check_selection(self, proposal: Any) -> Selection:
        return selected.checked(proposal["value"], self._grid())

    @traitlets.validate("rectangles")
    def _check_rectangles(self, proposal: Any) -> list[Rectangle]:
        return rectangles.checked(proposal["value"], self._grid())

    @traitlets.observe("selection")
    def _tell_browser(self, _change: Any) -> None:
        cells = self.selection.cells
        if not np.array_equal(self._cells_of_rectangles(), cells):
            grid = self._grid()
            self.rectangles = [] if grid is None else rectangles.rectangles_of(cells, grid)

    @traitlets.observe("rectangles")
    def _tell_python(self, _change: Any) -> None:
        cells = self._cells_of_rectangles()
        if not np.array_equal(self.selection.cells, cells):
            self.set_trait("selection", Selection(self._grid(), cells) if len(cells) else selected.NOTHING)

    def _cells_of_rectangles(self) -> Any:
        grid = self._grid()
        return rectangles.cells_of(self.rectangles, grid) if grid is not None else selected.NOTHING.cells

    # What is on show

    def selected_runs(self) -> pd.DataFrame:
        """One row for each selected run, complete or not.

        Columns: ``item_id``, ``position`` (of the item in the experiment's order), ``trial``, ``state``, ``error_type``,
        ``message``, then ``item.*``, ``output.*`` and ``score.*``.
        """
        keys = self.selection
        reading = self._read(self._experiment_on_show())
        there = [reading.grid.index(key) for key in keys if key.item_id in reading.grid.item_ids]
        return shielded(run_frame)(reading, np.array(there, dtype=np.int64))

    def failures(self) -> pd.DataFrame:
        """One row for each thing that is missing from the experiment on show, as ``EvaluationResult.failures``."""
        return shielded(FailedRuns.of)(self._read(self._experiment_on_show()).grid).to_pandas()

    @property
    def result(self) -> EvaluationResult:
        """The result of the experiment on show as it stands, read anew each time: what ``evaluate_resume`` would return."""
        experiment_id = self._experiment_on_show()

        def read() -> EvaluationResult:
            whole = result_of(self._read(experiment_id), self._store, used_in_process(experiment_id))
            return settling.expect(whole, self._store)

        return shielded(read)()

    def compare(self, other: str, *, metric: str | None = None) -> pd.DataFrame:
        """The scores of the experiment on show beside those of another of the same dataset: see ``comparison_frame``.

        One row for each of its items, what has become worst by the first score first. Columns: ``item_id``, ``position`` and, of
        each score, ``<name>``, ``<name>.other`` and ``<name>.change``, means over the item's runs.

        Args:
            other: its name or id.
            metric: compare by this score alone, which both must have.

        Raises:
            ExperimentNotFound, AmbiguousExperiment: which one is meant?
            ArgumentError: it is of another dataset, or the one on show itself; or they do not both have that score.
        """
        return shielded(self._compared)(self._experiment_on_show(), other, metric)

    def _compared(self, experiment_id: str, other: str, metric: str | None) -> pd.DataFrame:
        here, there = self._store.get(experiment_id), find_experiment(other, self._store)
        comparable(here, there)
        mine, theirs = (Planes.of(read_experiment(each, self._store).grid) for each in (here, there))
        return comparison_table(mine, theirs, metric)

    # What it can do

    def resume(
        self, only: Only | None = None, *, on_drift: OnDrift = "warn", until_complete: bool = False
    ) -> ResumePlan:
        """Start, in the background, what Resume would start, and return its plan. :meth:`wait` waits for its end.

        Nothing is started when nothing is missing.

        Args:
            only: run these alone, as in ``evaluate_resume``: ``"failed"``, a failure group, ``{"cells": view.selection}``.
            on_drift: ``warn`` or ``ignore``, as in ``evaluate_resume``.
            until_complete: go on in rounds, as in ``evaluate_resume``. The widget says what is waited for between two; :meth:`stop`
                ends that at once, and any other resume of the experiment in this kernel goes on instead.

        Raises:
            ArgumentError: there is no task, no experiment is shown, or ``only`` matches nothing.
            ExperimentBusy: it is being resumed already, here or elsewhere.
            ExperimentNotResumable: the message says why, and what to do instead.
        """
        return shielded(self._start)(
            only, drift.checked(on_drift), until_complete=arguments.flag("until_complete", until_complete)
        )

    def _start(self, only: Only | None, on_drift: OnDrift, *, until_complete: bool) -> ResumePlan:
        reading = self._readings.read(self._experiment_on_show())
        plan = self._offers.planned(reading, on_drift)
        plan = plan if only is None else plan.select(only)
        if len(plan):
            calls = replace(self._offers.calls(reading.experiment), on_drift=on_drift)
            warn_of_drift(plan)
            start(self._desk, plan, calls, store=self._store, until_complete=until_complete)
        return plan

    def stop(self) -> bool:
        """Start nothing more of the experiment on show; what has finished is kept. False when nothing of it runs here."""
        return self._desk.stop(self._experiment_on_show(), "stopped by view.stop()")

    def wait(self) -> EvaluationResult:
        """Wait until nothing of the experiment on show runs here, and return its result as it stands then.

        ■ or Ctrl-C ends the wait; the run goes on. (:meth:`stop` stops it.)

        Raises:
            ExperimentBusy: what it waits for runs on the event loop that the wait would hold up.
            StoreError: the run broke.
        """
        wait_for(self._experiment_on_show(), self._desk)
        shielded(self.keep_picture)()
        return self.result

    def _read(self, experiment_id: str) -> Reading:
        return shielded(read_experiment)(self._store.get(experiment_id), self._store, heavy=True)

    def _experiment_on_show(self) -> str:
        if not self.experiment:
            raise ArgumentError(
                "No experiment is shown: set view.experiment to the name or id of one. experiments() lists them."
            )
        return self.experiment

    # What the widget itself has

    _wanted: str
    _known: Known
    _readings: Readings

    def want(self, experiment_id: str) -> Reading | None:
        """Show this experiment from now on, or as soon as it has been read; None in that case."""
        raise NotImplementedError

    def keep_picture(self) -> None:
        """Bring what stays of the view up to date."""
        raise NotImplementedError

    def _grid(self) -> Grid | None:
        """The cells on show."""
        raise NotImplementedError
