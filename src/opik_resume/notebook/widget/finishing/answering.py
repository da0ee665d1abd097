"""What is asked by who finishes an experiment: what a resume would do, with what, to begin it and to stop it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from opik_resume.base.records import Json
from opik_resume.experiment.planning import drift
from opik_resume.notebook.background.desk import Desk
from opik_resume.notebook.background.patience import PATIENCE, Task
from opik_resume.notebook.background.rounds import start
from opik_resume.notebook.namespace.choosing import Choice
from opik_resume.notebook.widget.finishing.offers import Offers
from opik_resume.notebook.widget.finishing.terms import Terms
from opik_resume.notebook.widget.known import Known
from opik_resume.notebook.widget.requests import Answer, RequestRefused, flag, one_of, text, texts
from opik_resume.stores.protocol import Store

MAX_DIFF = 100_000


class Finishing:
    """Answers them by their names in ``methods``: see ``docs/protocol.md``.

    Args:
        known, offers, desk, store: what the answers are made of, and where a resume is begun and stopped.
        news: tells that a plan is to be asked again.
    """

    def __init__(self, known: Known, offers: Offers, desk: Desk, store: Store, news: Callable[[], None]) -> None:
        self._known = known
        self._offers = offers
        self._desk = desk
        self._store = store
        self._news = news

    @property
    def methods(self) -> Mapping[str, Callable[[Json], Answer]]:
        return {
            "plan": self._plan,
            "choose": self._choose,
            "drift": self._drift,
            "resume": self._resume,
            "stop": self._stop,
        }

    def _plan(self, params: Json) -> Answer:
        reading, terms = self._known.reading(text(params, "experiment")), Terms.of(params)
        return {"plan": self._offers.offer(reading, terms).to_json() if reading is not None else None}, []

    def _choose(self, params: Json) -> Answer:
        task = text(params, "task") if params.get("task") is not None else None
        self._offers.choose(self._known.shown(params).experiment, Choice(task, texts(params, "metrics")))
        return self._plan(params)

    def _drift(self, params: Json) -> Answer:
        changes = str(self._offers.take(text(params, "experiment"), text(params, "plan")).plan.drift)
        return {"diff": changes if len(changes) <= MAX_DIFF else f"{changes[:MAX_DIFF]}\n…"}, []

    def _resume(self, params: Json) -> Answer:
        shown = self._offers.take(text(params, "experiment"), text(params, "plan"))
        on_drift = drift.checked(one_of(params, "on_drift", ("warn", "ignore")))
        calls = replace(self._offers.calls(self._known.shown(params).experiment), on_drift=on_drift)
        plan, calls, until_complete = shown.plan, shown.terms.applied(calls), flag(params, "until_complete")

        def begin() -> None:
            start(self._desk, plan, calls, store=self._store, until_complete=until_complete)

        def late(error: BaseException | None) -> None:
            if error is not None:
                self._desk.broken(plan, str(error))

        Task(begin, late).result(PATIENCE)  # it reads the experiment again, which may take seconds
        return {}, []

    def _stop(self, params: Json) -> Answer:
        experiment_id = text(params, "experiment")
        if not self._desk.stop(experiment_id, "stopped by its button"):
            holder = self._store.leases.holder(experiment_id)
            if holder is None or holder.here or not self._store.leases.ask_to_stop(experiment_id):
                raise RequestRefused("Nothing of this experiment runs that could be stopped from here.")
            self._news()
        return {}, []
