"""The control widget: shows experiments and answers requests. The browser decides nothing (``docs/protocol.md``)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import anywidget
import traitlets

from opik_resume import checks
from opik_resume.exceptions import OpikResumeError
from opik_resume.notebook import picture
from opik_resume.notebook.background import Desk, desk
from opik_resume.notebook.bundle import bundled
from opik_resume.notebook.choosing import Choice, Given
from opik_resume.notebook.elsewhere import Lookout
from opik_resume.notebook.feed import Feed
from opik_resume.notebook.listing import Listing
from opik_resume.notebook.namespace import checked_task
from opik_resume.notebook.noticing import notice_cells
from opik_resume.notebook.offers import Offers
from opik_resume.notebook.patience import PATIENCE, Task
from opik_resume.notebook.payload import cell_json, head_json, wire_safe
from opik_resume.notebook.readings import readings_of
from opik_resume.reading import Reading
from opik_resume.records import Experiment, Json, utc_now
from opik_resume.scoring import KeyMapping
from opik_resume.stores import default_store
from opik_resume.stores.protocol import Store

log = logging.getLogger(__name__)
MAX_PAGE = 200
Answer = tuple[Json, list[bytes]]


class RequestRefused(OpikResumeError):
    """The browser asked for something that does not exist."""


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
            reply |= {"ok": False, "error": wire_safe(_error_json(error))}
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
        limit = min(_number(params, "limit", 50), MAX_PAGE)
        page = self._listing.page(_text(params, "search", ""), _number(params, "offset", 0), limit)
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
        task = _text(params, "task") if params.get("task") is not None else None
        self._offers.choose(self._experiment(params), Choice(task, _texts(params, "metrics")))
        return self._plan(params)

    def _cell(self, params: Json) -> Answer:
        experiment, cell = self._experiment(params), _number(params, "cell")
        reading = self._readings.soon(experiment, lambda: None)
        if reading is None:
            raise RequestRefused(f"{experiment.name} is being read: try again in a moment.")
        if cell >= len(reading.grid):
            raise RequestRefused(f"{reading.experiment.name} has no cell {cell}.")
        light = reading.grid.attempts[cell]
        attempt = self._store.attempt(light.id) if light is not None else None
        return cell_json(reading, cell, attempt, self.feed.state_of(reading.experiment.id, cell)), []

    def _resume(self, params: Json) -> Answer:
        plan = self._offers.take(_text(params, "experiment"), _text(params, "plan"))
        calls = self._offers.calls(self._store.get(plan.experiment_id))

        def start() -> None:
            self._desk.prepare(plan, calls, store=self._store).start()

        def late(error: BaseException | None) -> None:
            if error is not None:
                self._desk.broken(plan, str(error))

        Task(start, late).result(PATIENCE)  # it reads the experiment again, which may take seconds
        return {}, []

    def _stop(self, params: Json) -> Answer:
        if not self._desk.stop(_text(params, "experiment"), "stopped by its button"):
            raise RequestRefused("Nothing of this experiment runs in this kernel.")
        return {}, []

    def _snapshot(self, _params: Json) -> Answer:
        self.feed.snapshot()
        return {}, []

    def _experiment(self, params: Json) -> Experiment:
        return self._store.get(_text(params, "experiment"))

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


def browse(
    task: Callable[..., Any] | None = None,
    scoring_metrics: Sequence[Any] | None = None,
    *,
    scoring_key_mapping: KeyMapping | None = None,
    task_threads: int = 16,
    store: Store | None = None,
) -> ResumeBrowser:
    """Browse experiments, see which cells are missing and why, and resume them with a click.

    Args:
        task: what Resume calls, a function that takes an item and returns a dict. When the notebook has redefined a
            function of that name by the time of the click, the redefined one is called. Without it, Resume offers what
            ``evaluate`` used in this process.
        scoring_metrics: the metrics that score its outputs.
        scoring_key_mapping: argument name of a metric → key of item or output, as in ``evaluate``.
        task_threads: the number of workers.
        store: where to look; the default store when left out.

    Raises:
        ArgumentError: the task cannot be called, or something is not a metric.
        FrontEndMissing: the widget's front end is not built; the message says how to build it.
    """
    checks.positive("task_threads", task_threads)
    given = Given(
        None if task is None else checked_task(task, getattr(task, "__name__", "task")),
        None if scoring_metrics is None else checks.metrics(scoring_metrics),
        scoring_key_mapping,
        task_threads,
    )
    return browser(given, store)


def browser(given: Given, store: Store | None = None) -> ResumeBrowser:
    """A browser that shows at once what is being resumed in this process."""
    where = store or default_store()
    notice_cells()
    view = ResumeBrowser(where, Offers(given))
    _reattach(view, where)
    return view


def _reattach(view: ResumeBrowser, store: Store) -> None:
    for experiment_id in desk.running():
        try:
            view.show(readings_of(store).read(experiment_id))
        except OpikResumeError:  # it is in another store
            continue
        return


def _text(params: Json, name: str, default: str | None = None) -> str:
    value = params.get(name, default)
    if not isinstance(value, str):
        raise RequestRefused(f"{name} must be a text.")
    return value


def _texts(params: Json, name: str) -> tuple[str, ...]:
    values = params.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise RequestRefused(f"{name} must be a list of texts.")
    return tuple(dict.fromkeys(values))


def _number(params: Json, name: str, default: int | None = None) -> int:
    value = params.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise RequestRefused(f"{name} must be a whole number, 0 or more.")
    return value


def _error_json(error: BaseException) -> Json:
    """Type and message. Ours are written for users; any other is a fault, which goes to the log with its traceback."""
    if isinstance(error, OpikResumeError):
        return {"type": type(error).__name__, "message": str(error)}
    log.error("a request failed", exc_info=error)
    message = f"Unexpected {type(error).__name__}: {error}. The log of opik_resume.notebook has the traceback."
    return {"type": type(error).__name__, "message": message}
