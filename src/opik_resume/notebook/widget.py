"""The control widget: shows experiments and answers requests. The browser decides nothing (``docs/protocol.md``)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import anywidget
import traitlets

from opik_resume.exceptions import OpikResumeError
from opik_resume.notebook import picture
from opik_resume.notebook.background import Desk, desk
from opik_resume.notebook.bundle import bundled
from opik_resume.notebook.choosing import Choice
from opik_resume.notebook.elsewhere import Lookout
from opik_resume.notebook.feed import Feed
from opik_resume.notebook.listing import Listing
from opik_resume.notebook.offers import Offers
from opik_resume.notebook.patience import PATIENCE, Task
from opik_resume.notebook.payload import cell_json, head_json, wire_safe
from opik_resume.notebook.readings import readings_of
from opik_resume.notebook.requests import Answer, RequestRefused, error_json, number, text, texts
from opik_resume.reading import Reading
from opik_resume.records import Experiment, Json, utc_now
from opik_resume.stores.protocol import Store

log = logging.getLogger(__name__)
MAX_PAGE = 200


class ResumeBrowser(anywidget.AnyWidget):
    """Lists the experiments of a store, shows the cells of one, and resumes it in the background.

    Made by :func:`browse` (``mode="browser"``) and by the magic (``mode="run"``). Requests may come in on any thread.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    feed = anywidget.WidgetTrait().tag(sync=True)
    mode = traitlets.Unicode("browser").tag(sync=True)
    store = traitlets.Unicode().tag(sync=True)
    selected = traitlets.Unicode().tag(sync=True)

    def __init__(self, store: Store, offers: Offers, *, mode: str = "browser", desk: Desk = desk) -> None:
        # Guards the traits, what the feed carries and what is wanted: choosing an experiment changes all as one.
        self._lock = threading.RLock()
        self._wanted = ""
        self._readings = readings_of(store)
        self._store = store
        self._offers = offers
        self._desk = desk
        self._listing = Listing(store, self._news)
        self._methods: dict[object, Callable[[Json], Answer]] = {
            "hello": lambda _: ({}, []),
            "list": self._list,
            "open": self._open,
            "plan": self._plan,
            "choose": self._choose,
            "cell": self._cell,
            "resume": self._resume,
            "stop": self._stop,
            "snapshot": self._snapshot,
        }
        esm, css = bundled("widget.js"), bundled("widget.css")  # before anything is opened that would have to be closed
        feed = Feed(
            blocking_view=mode == "run", desk=desk, lookout=Lookout(store, partial(self._readings.read, anew=True))
        )
        super().__init__(_esm=esm, _css=css, feed=feed, mode=mode, store=store.label)
        self.on_msg(self._on_message)

    def show(self, reading: Reading) -> None:
        """Carry this experiment from now on."""
        with self._lock:
            self.selected = reading.experiment.id  # first: other views take key frames of what is selected only
            self._wanted = reading.experiment.id
            self.feed.carry(reading)

    def close(self) -> None:
        """Let go of the views, their comms and the feed's thread. What runs goes on."""
        if isinstance(self.feed, Feed):
            self.feed.close()
        super().close()

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Nothing: the browser asks with requests and sets no trait."""

    # Requests

    def _on_message(self, _widget: object, content: Any, _buffers: object) -> None:
        """Answer one message, whatever it is."""
        id_ = content.get("id") if isinstance(content, dict) else None
        reply: Json = {"kind": "reply", "id": id_}
        try:
            result, buffers = self._answer(content)
            reply |= {"ok": True, "result": wire_safe(result)}
        except (Exception, KeyboardInterrupt) as error:
            reply |= {"ok": False, "error": wire_safe(error_json(error))}
            buffers = []
        self.send(reply, buffers=buffers)

    def _answer(self, content: Any) -> Answer:
        if not isinstance(content, dict) or content.get("kind") != "request":
            raise RequestRefused("Only requests are answered.")
        name, params = content.get("method"), content.get("params") or {}
        method = self._methods.get(name) if isinstance(name, str) else None
        if method is None or not isinstance(params, dict):
            raise RequestRefused(f"There is no request {name!r} with these parameters.")
        return method(params)

    def _list(self, params: Json) -> Answer:
        limit = min(number(params, "limit", 50), MAX_PAGE)
        page = self._listing.page(text(params, "search", ""), number(params, "offset", 0), limit)
        return {"store": self._store.label, "total": page.total, "rows": page.rows}, [page.strips]

    def _open(self, params: Json) -> Answer:
        experiment = self._experiment(params)
        with self._lock:
            self._wanted = experiment.id
        reading = self._readings.soon(experiment, partial(self._arrived, experiment.id))
        if reading is None:  # a large one: the feed pushes it when it has been read
            return {"head": None, "plan": None}, []
        offer = self._offers.offer(reading)
        self.show(reading)
        return {"head": head_json(reading), "plan": offer.to_json()}, []

    def _arrived(self, experiment_id: str) -> None:
        """What was wanted and took its time has been read."""
        try:
            reading = self._readings.read(experiment_id)
            with self._lock:
                if self._wanted == experiment_id:
                    self.show(reading)
        except Exception:  # told to whoever asks for its plan next
            log.info("an experiment could not be read", exc_info=True)
        self._news()

    def _news(self) -> None:
        if isinstance(self.feed, Feed):
            self.feed.on_news()

    def _plan(self, params: Json) -> Answer:
        reading = self._readings.soon(self._experiment(params), self._news)
        return {"plan": self._offers.offer(reading).to_json() if reading is not None else None}, []

    def _choose(self, params: Json) -> Answer:
        task = text(params, "task") if params.get("task") is not None else None
        self._offers.choose(self._experiment(params), Choice(task, texts(params, "metrics")))
        return self._plan(params)

    def _cell(self, params: Json) -> Answer:
        experiment, cell = self._experiment(params), number(params, "cell")
        reading = self._readings.soon(experiment, lambda: None)
        if reading is None:
            raise RequestRefused(f"{experiment.name} is being read: try again in a moment.")
        if cell >= len(reading.grid):
            raise RequestRefused(f"{reading.experiment.name} has no cell {cell}.")
        light = reading.grid.attempts[cell]
        attempt = self._store.attempt(light.id) if light is not None else None
        return cell_json(reading, cell, attempt, self.feed.state_of(reading.experiment.id, cell)), []

    def _resume(self, params: Json) -> Answer:
        plan = self._offers.take(text(params, "experiment"), text(params, "plan"))
        calls = self._offers.calls(self._store.get(plan.experiment_id))

        def start() -> None:
            self._desk.prepare(plan, calls, store=self._store).start()

        def late(error: BaseException | None) -> None:
            if error is not None:
                self._desk.broken(plan, str(error))

        Task(start, late).result(PATIENCE)  # it reads the experiment again, which may take seconds
        return {}, []

    def _stop(self, params: Json) -> Answer:
        if not self._desk.stop(text(params, "experiment"), "stopped by its button"):
            raise RequestRefused("Nothing of this experiment runs in this kernel.")
        return {}, []

    def _snapshot(self, _params: Json) -> Answer:
        self.feed.snapshot()
        return {}, []

    def _experiment(self, params: Json) -> Experiment:
        return self._store.get(text(params, "experiment"))

    # How it looks where it cannot run

    def __repr__(self) -> str:
        return f"<ResumeBrowser of {self._store.label}>"  # never the state: it would be computed, and be long

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[Json, Json] | None:
        bundle: tuple[Json, Json] | None = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle[0].update(self._picture())
        return bundle

    def _picture(self) -> Json:
        """Plain text and HTML for a saved notebook and for hosts without widgets."""
        moment = utc_now()
        try:
            if self.selected:
                reading = self._readings.read(self.selected)
                text, page = picture.experiment_text(reading), picture.experiment_html(reading, moment)
            else:
                rows, total = self._listing.newest(picture.MAX_ROWS)
                text = picture.list_text(self._store.label, total)
                page = picture.list_html(self._store.label, rows, total, moment)
        except OpikResumeError as error:  # no picture is no reason to show nothing
            return {"text/plain": f"{self!r}: {error}"}
        return {"text/plain": text, "text/html": page}
