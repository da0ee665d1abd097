"""The control widget: shows experiments and answers requests. The browser decides nothing (``docs/protocol.md``)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets
from IPython.display import display

from opik_resume.base.records import Json, utc_now
from opik_resume.base.text import redaction
from opik_resume.exceptions import OpikResumeError
from opik_resume.experiment.grid import Grid
from opik_resume.experiment.reading import Reading
from opik_resume.notebook.background.desk import Desk, desk
from opik_resume.notebook.background.elsewhere import Lookout
from opik_resume.notebook.background.patience import Soon
from opik_resume.notebook.background.readings import readings_of
from opik_resume.notebook.background.undelivered import Outbox
from opik_resume.notebook.widget.bundle import bundled
from opik_resume.notebook.widget.finishing.answering import Finishing
from opik_resume.notebook.widget.finishing.offers import Offers
from opik_resume.notebook.widget.known import Known
from opik_resume.notebook.widget.lasting import picture, saved
from opik_resume.notebook.widget.lasting.afterimage import Afterimage
from opik_resume.notebook.widget.lasting.memory import remembered
from opik_resume.notebook.widget.lasting.saved import Lasting
from opik_resume.notebook.widget.listing import Listing
from opik_resume.notebook.widget.looking.answering import Looking
from opik_resume.notebook.widget.looking.inspection import Inspection
from opik_resume.notebook.widget.looking.payload import head_json, wire_safe
from opik_resume.notebook.widget.looking.sight import Sight
from opik_resume.notebook.widget.requests import Answer, RequestRefused, error_json, flag, number, one_of, text, texts
from opik_resume.notebook.widget.selecting.rectangles import checked
from opik_resume.notebook.widget.view import View
from opik_resume.notebook.widget.wire.feed import Feed
from opik_resume.notebook.widget.wire.traits import told
from opik_resume.stores.protocol import SORTS, Store

log = redaction.logger(__name__)
MAX_PAGE = 200
FRESH_PAGE = 5.0
"""Seconds for which a server's page counts: its rows are told as they come, and each time the page is asked again."""

_NEWS = {"list": "list", "plan": "plan", "cell": "cell", "details": "cell", "groups": "groups", "view": "view"}
"""What is to be asked again when an answer has come late, by the kind of its question."""


class ResumeBrowser(View):
    """Lists the experiments of a store, shows the cells of one, and resumes it in the background.

    Made by :func:`browse` (``mode="browser"``) and by the magic (``mode="run"``). Requests may come in on any thread.
    What Python may read, set and call is said by :class:`~opik_resume.notebook.widget.view.View`.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    feed = told(anywidget.WidgetTrait())
    mode = told(traitlets.Unicode("browser"))
    store = told(traitlets.Unicode())
    remote = told(traitlets.Bool())
    selected = told(traitlets.Unicode())
    memory = told(traitlets.Dict())

    def __init__(self, store: Store, offers: Offers, *, mode: str = "browser", desk: Desk = desk) -> None:
        # Guards the traits, what the feed carries and what is wanted: choosing an experiment changes all as one.
        self._lock = threading.RLock()
        self._wanted = ""
        self._readings = readings_of(store)
        self._store = store
        self._offers = offers
        self._desk = desk
        self._listing = Listing(store, lambda: self._news("list"))
        self._soon = Soon(self._late)
        self._known = Known(self._readings, self._soon)
        self._sight = Sight(self._soon)
        inspection = Inspection(store, self._soon if self._readings.remote else None)
        self._afterimage = Afterimage(self._lasting, self._keep_saved)
        self._methods: dict[str, Callable[[Json], Answer]] = {
            "hello": lambda _: ({}, []),
            "list": self._list,
            "look": self._look,
            "open": self._open,
            "select": self._select,
            "remember": self._remember,
            "snapshot": self._snapshot,
            **Looking(self._known, self._sight, inspection, self._state_of, self._scored).methods,
            **Finishing(self._known, offers, desk, store, lambda: self._news("plan")).methods,
        }
        esm, css = bundled("widget.js"), bundled("widget.css")  # before anything is opened that would have to be closed
        feed = Feed(
            blocking_view=mode == "run",
            desk=desk,
            lookout=Lookout(store, self._readings),
            outbox=Outbox(store),
            settled=self._afterimage.old,
        )
        self._afterimage.name = f"oprs-picture-{feed.model_id}"
        remote = self._readings.remote
        for name, value in {"feed": feed, "mode": mode, "store": store.label, "remote": remote}.items():
            self.set_trait(name, value)
        super().__init__(_esm=esm, _css=css)
        self.on_msg(self._on_message)

    def show(self, reading: Reading) -> None:
        """Carry this experiment from now on."""
        with self._lock:
            if self.selected != reading.experiment.id:
                self.rectangles = []
            # First: other views take key frames of what is selected only.
            self.set_trait("selected", reading.experiment.id)
            self._wanted = reading.experiment.id
            self.feed.carry(reading)
        if self._listing.belies(reading):  # others may have begun, or ended, since it was listed
            self._news("list")
        self.experiment = self._wanted  # whoever observes it is not called with the lock held

    def want(self, experiment_id: str) -> Reading | None:
        """Carry this experiment from now on, or as soon as it has been read; None in that case."""
        with self._lock:
            self._wanted = experiment_id
        reading = self._known.reading(experiment_id)
        if reading is not None:
            self.show(reading)
        else:
            self.experiment = experiment_id
        return reading

    def close(self) -> None:
        """Let go of the views, their comms and the feed's thread. What runs goes on."""
        self._afterimage.close()
        if isinstance(self.feed, Feed):
            self.feed.close()
        super().close()

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Nothing: the browser asks with requests and sets no trait."""

    # Requests

    def _on_message(self, _widget: object, content: Any, _buffers: object) -> None:
        """Answer one message, whatever it is. A nudge has done what it is for when it has come."""
        if content == {"kind": "nudge"}:
            return
        if isinstance(self.feed, Feed):
            self.feed.attend()
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
        search, sort = text(params, "search", ""), one_of(params, "sort", SORTS)
        offset, limit = number(params, "offset", 0), min(number(params, "limit", 50), MAX_PAGE)
        key = ("list", search, sort, offset, limit, self._readings.turns())
        found = self._known.ask(key, lambda: self._store.find(search, offset, limit, sort), fresh=FRESH_PAGE)
        if found is None:
            return None, []
        page = self._listing.page(*found)
        return {"store": self._store.label, "total": page.total, "rows": page.rows}, [page.strips]

    def _look(self, params: Json) -> Answer:
        self._listing.look(texts(params, "experiments")[:MAX_PAGE])
        return {}, []

    def _open(self, params: Json) -> Answer:
        reading = self.want(text(params, "experiment"))
        if reading is None:  # the feed pushes it when it has been read
            return {"head": None, "plan": None}, []
        return {"head": head_json(reading), "plan": self._offers.offer(reading).to_json()}, []

    def _grid(self) -> Grid | None:
        return self.feed.grid if isinstance(self.feed, Feed) else None

    def _state_of(self, experiment_id: str, cell: int) -> int | None:
        return self.feed.state_of(experiment_id, cell) if isinstance(self.feed, Feed) else None

    def _select(self, params: Json) -> Answer:
        reading, turn = self._known.turn(params)
        runs = tuple(checked(params.get("runs"), reading.grid))
        if flag(params, "followed"):  # something else may be selected by now
            return self._sight.selected(reading, turn, runs)
        with self._lock:
            if reading.experiment.id != self.selected:
                raise RequestRefused("Another experiment is shown by now.")
            self.rectangles = list(runs)
        return self._sight.selected(reading, turn, runs)

    def _remember(self, params: Json) -> Answer:
        self.set_trait("memory", remembered(params))
        return {}, []

    def _snapshot(self, _params: Json) -> Answer:
        self.feed.snapshot()
        return {}, []

    # What takes its time

    def _late(self, key: tuple[Any, ...]) -> None:
        """Something has come for which no handler waited any more."""
        if key[0] == "plan":
            self._arrived(key[1])
        if key[0] in _NEWS:
            self._news(_NEWS[key[0]])

    def _arrived(self, experiment_id: str) -> None:
        """Show what was wanted. What could not be read is told to whoever asks for its plan next."""
        reading = self._readings.last(experiment_id)
        with self._lock:
            if reading is not None and self._wanted == experiment_id:
                self.show(reading)

    def _scored(self, reading: Reading, scales: list[Json]) -> None:
        """The row of a large experiment has these means from now on."""
        if self._listing.scored(reading, scales):
            self._news("list")

    def _news(self, *what: str) -> None:
        if isinstance(self.feed, Feed):
            self.feed.on_news(*what)

    # How it looks where it cannot run

    def __repr__(self) -> str:
        return f"<ResumeBrowser of {self._store.label}>"  # never the state: it would be computed, and be long

    def _ipython_display_(self) -> None:
        bundle = super()._repr_mimebundle_() if self.comm is not None else None  # closed: its picture is left
        if bundle is not None:
            display({**bundle[0], "text/plain": repr(self)}, metadata=bundle[1], raw=True)
        self._afterimage.display()

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[Json, Json] | None:
        bundle: tuple[Json, Json] | None = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle[0].update(self._lasting(hurried=True).bundle())
        return bundle

    def keep_picture(self) -> None:
        """Bring what stays of the view up to date, before the cell ends that shows it."""
        self._afterimage.refresh()

    def _lasting(self, hurried: bool) -> Lasting:  # as afterimages call it
        """What is shown, for a saved notebook and for hosts without widgets."""
        moment = utc_now()
        try:
            reading = self._lasting_reading(hurried=hurried) if self.selected else None
            if reading is not None:
                return saved.of_experiment(reading, moment, hurried=hurried)
            found = self._known.ask(("picture",), lambda: self._store.find(limit=picture.MAX_ROWS))
            if found is None:
                return Lasting(self._store.label, None, {})
            return saved.of_list(self._store.label, self._listing.newest(found[0]), found[1], moment)
        except OpikResumeError as error:  # no picture is no reason to show nothing
            return Lasting(f"{self!r}: {error}", None, {})

    def _lasting_reading(self, *, hurried: bool) -> Reading | None:
        if hurried:
            return self._known.reading(self.selected)
        return self._readings.last(self.selected) or self._readings.read(self.selected)

    def _keep_saved(self, what: Json) -> None:
        if isinstance(self.feed, Feed):
            self.feed.set_trait("saved", what)
